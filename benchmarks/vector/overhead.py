"""Rows about the cost of environments in addition to judging: CPU time of a step, and memory of an open episode."""

from __future__ import annotations

import itertools
import pickle
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.figures import Figure, Goal, measured
from benchmarks.sandbox.memory import memory_bytes
from benchmarks.vector.settings import Settings
from benchmarks.vector.workload import RIGHT, WRONG, CannedPool, fenced, problems
from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgeJob, Judgement, JudgePool
from rlef_env.judge.pool.workers.wire import (
    frames,
    job_from_tuple,
    job_to_tuple,
    judgement_from_tuple,
    judgement_to_tuple,
)
from rlef_env.problems import Dataset, Problem, load_dataset
from rlef_env.sandbox import Program

__all__ = ["open_episodes", "overhead"]

MEGABYTE = 10**6
TESTS = 20
SHOWN = (2, TESTS)
"""Numbers of public tests, whose failures are in the feedback: a usual number, and all tests."""
ONCE_WRONG = fenced("a, b = map(int, input().split())\nprint(a + b if a > 12 else 0)  # once")
MIX = (RIGHT, ONCE_WRONG, WRONG)
"""One third of the programs is right, one fails the first test, one fails all tests."""


def overhead(settings: Settings) -> list[Figure]:
    """CPU time of a step beyond judging: bookkeeping and text alone, then with the transport to real workers."""
    return [figure for shown in SHOWN for figure in _overhead(settings, shown)]


def _overhead(settings: Settings, shown: int) -> list[Figure]:
    envs, dataset = settings.overhead_envs, problems(shown, TESTS - shown)
    prefix = f"beyond judging, CPU a step, {envs:,} envs, {TESTS} tests, {shown} of them public: "
    with_canned = CodeVectorEnv(envs, dataset=dataset, pool=CannedPool())
    rows = []
    for name, steps in (("step", _steps), ("send/recv, 32 at a time", _sends)):
        values = list(itertools.islice(_microseconds(with_canned, steps, settings.overhead_steps), settings.rounds))
        figure = f"{prefix}bookkeeping and feedback text ({name}; a pool that answers at once)"
        rows.append(measured("overhead", figure, values, "us"))
    with JudgePool() as pool:
        real = CodeVectorEnv(envs, dataset=dataset, pool=pool)
        started = JudgeJob(real.dataset[0], Program("print(-1)"), stop_early=False)
        for future in [pool.submit(started) for _ in range(2 * pool.workers)]:
            judgement = future.result()
        owner = next(_microseconds(real, _steps, settings.judged_steps))
    worker = _transport_microseconds(started, judgement)
    note = f"{owner:.0f} in the owner's process, all its threads; {worker:.0f} at the worker's end, measured alone"
    figure = f"{prefix}all of it, really judged"
    return [*rows, measured("overhead", figure, [owner + worker], "us", Goal(150, "us"), note)]


def _microseconds(env: CodeVectorEnv, steps: Any, count: int) -> Iterator[float]:
    """Yield the CPU microseconds of this process for a response, over this many steps after a first one."""
    env.reset(seed=0)
    steps(env, 1)
    while True:
        start = time.process_time()
        steps(env, count)
        yield (time.process_time() - start) / (count * env.num_envs) * 1e6


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


def _transport_microseconds(job: JudgeJob, judgement: Judgement, times: int = 2000) -> float:
    """Return the CPU time of a worker for a job in addition to judging: it reads the request and writes the answer."""
    _, request = frames("judge", 1, job_to_tuple(replace(job, program=Program("x" * 500)), 2))
    problems_by_key = {2: job.problem}
    start = time.process_time()
    for _ in range(times):
        _, _, values = pickle.loads(request)
        job_from_tuple(values, problems_by_key)
        frames("answer", 1, judgement_to_tuple(judgement), None, 0.1)
    seconds = time.process_time() - start
    assert judgement_from_tuple(judgement_to_tuple(judgement)) == judgement
    return seconds / times * 1e6


def open_episodes(settings: Settings) -> list[Figure]:
    """Memory of open episodes in their last turn, without their problems."""
    count = settings.open_episodes
    dataset = _in_memory(settings)
    pool = CannedPool()
    warm = CodeVectorEnv(2, dataset=dataset, pool=pool)
    warm.reset(seed=0)
    warm.step([WRONG, WRONG])
    before = memory_bytes("Pss_Anon")
    env = CodeVectorEnv(count, dataset=dataset, pool=pool)
    env.reset(seed=0)
    for _ in range(2):
        env.step([f"{WRONG}{env_id}" for env_id in range(count)])  # different texts, as a model writes them
    grown = (memory_bytes("Pss_Anon") - before) / MEGABYTE
    note = f"{len(dataset):,} problems of {dataset.label}; {grown / count * 1000:.1f} kB an episode after two turns"
    figure = f"memory of {count:,} open episodes over the data itself"
    return [measured("open_episodes", figure, [grown], "MB", Goal(200, "MB"), note)]


def _in_memory(settings: Settings) -> Dataset:
    """Load the whole data set into memory, so that it does not grow during the measurement."""
    dataset = load_dataset("starter" if settings.data is None else settings.data)
    kept: tuple[Problem, ...] = tuple(problem for problem in dataset if next(problem.tests(), None))
    return Dataset(dataset.name, dataset.label, kept)
