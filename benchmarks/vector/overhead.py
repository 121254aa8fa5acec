"""Rows about what an environment adds to its judgements: CPU time a step, and memory an open episode."""

from __future__ import annotations

import itertools
import pickle
import time
from collections.abc import Iterator
from typing import Any, cast

from benchmarks.figures import Figure, Goal, measured
from benchmarks.sandbox.memory import memory_bytes
from benchmarks.vector.settings import Settings
from benchmarks.vector.workload import RIGHT, WRONG, CannedPool, fenced, problems
from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgeJob, JudgePool
from rlef_env.judge.pool.packing import pack, unpack
from rlef_env.judge.pool.workers.wire import words
from rlef_env.problems import Dataset, Problem, load_dataset
from rlef_env.sandbox import Program

__all__ = ["open_episodes", "overhead"]

MEGABYTE = 10**6
TESTS = 20
SHOWN = (2, TESTS)
"""How many of the tests are public, and reported where they fail: as most problems have it, and all of them."""
ONCE_WRONG = fenced("a, b = map(int, input().split())\nprint(a + b if a > 12 else 0)  # once")
MIX = (RIGHT, ONCE_WRONG, WRONG)
"""A third is right, a third fails the first test, a third fails all of them."""


def overhead(settings: Settings) -> list[Figure]:
    """CPU time a step beyond judging: bookkeeping and text alone, then with the transport to real workers."""
    return [figure for shown in SHOWN for figure in _overhead(settings, shown)]


def _overhead(settings: Settings, shown: int) -> list[Figure]:
    envs, dataset = settings.overhead_envs, problems(shown, TESTS - shown)
    words = f"beyond judging, CPU a step, {envs:,} envs, {TESTS} tests, {shown} of them public: "
    with_canned = CodeVectorEnv(envs, dataset=dataset, pool=cast(JudgePool, CannedPool()))
    rows = []
    for name, steps in (("step", _steps), ("send/recv, 32 at a time", _sends)):
        values = list(itertools.islice(_microseconds(with_canned, steps, settings.overhead_steps), settings.rounds))
        figure = f"{words}bookkeeping and feedback text ({name}; a pool that answers at once)"
        rows.append(measured("overhead", figure, values, "us"))
    with JudgePool() as pool:
        real = CodeVectorEnv(envs, dataset=dataset, pool=pool)
        started = JudgeJob(real.dataset[0], Program("print(-1)"), stop_early=False)
        for future in [pool.submit(started) for _ in range(2 * pool.workers)]:
            judgement = future.result()
        owner = next(_microseconds(real, _steps, settings.judged_steps))
    theirs = _transport_microseconds(judgement)
    note = f"{owner:.0f} in the owner's process, all its threads; {theirs:.0f} at the worker's end, measured alone"
    figure = f"{words}all of it, really judged"
    return [*rows, measured("overhead", figure, [owner + theirs], "us", Goal(150, "us"), note)]


def _microseconds(env: CodeVectorEnv, steps: Any, count: int) -> Iterator[float]:
    """CPU microseconds of this process for each response in so many steps, after a first step that nobody counts."""
    env.reset(seed=0)
    steps(env, 1)
    while True:
        began = time.process_time()
        steps(env, count)
        yield (time.process_time() - began) / (count * env.num_envs) * 1e6


def _steps(env: CodeVectorEnv, count: int) -> None:
    responses = [MIX[env_id % len(MIX)] for env_id in range(env.num_envs)]
    for _ in range(count):
        env.step(responses)


def _sends(env: CodeVectorEnv, count: int) -> None:
    for _ in range(count):
        for first in range(0, env.num_envs, 32):
            ids = range(first, min(first + 32, env.num_envs))
            env.send(ids, [MIX[env_id % len(MIX)] for env_id in ids])
            env.recv()


def _transport_microseconds(judgement: Any, times: int = 2000) -> float:
    """What a worker does for a job but to judge it: read the words, write the answer."""
    _, job = words("judge", 1, 2, "x" * 500, "python", ("public",), False, None, 0)
    began = time.process_time()
    for _ in range(times):
        pickle.loads(job)
        words("answer", 1, pack(judgement), None, 0.1)
    seconds = time.process_time() - began
    assert unpack(pack(judgement)) == judgement
    return seconds / times * 1e6


def open_episodes(settings: Settings) -> list[Figure]:
    """What open episodes hold beside their problems, in their last turn."""
    count = settings.open_episodes
    dataset = _in_memory(settings)
    pool = cast(JudgePool, CannedPool())
    warm = CodeVectorEnv(2, dataset=dataset, pool=pool)
    warm.reset(seed=0)
    warm.step([WRONG, WRONG])
    before = memory_bytes("Pss_Anon")
    env = CodeVectorEnv(count, dataset=dataset, pool=pool)
    env.reset(seed=0)
    for _ in range(2):
        env.step([f"{WRONG}{env_id}" for env_id in range(count)])  # a text of its own for each, as a model's are
    grown = (memory_bytes("Pss_Anon") - before) / MEGABYTE
    note = f"{len(dataset):,} problems of {dataset.label}; {grown / count * 1000:.1f} kB an episode after two turns"
    figure = f"memory of {count:,} open episodes over the data itself"
    return [measured("open_episodes", figure, [grown], "MB", Goal(200, "MB"), note)]


def _in_memory(settings: Settings) -> Dataset:
    """The data set, all of it in memory, so that what grows is not the data."""
    dataset = load_dataset("starter" if settings.data is None else settings.data)
    kept: tuple[Problem, ...] = tuple(problem for problem in dataset if next(problem.tests(), None))
    return Dataset(dataset.name, dataset.label, kept)
