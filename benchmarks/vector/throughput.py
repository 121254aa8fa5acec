"""Rows about throughput: whole steps against bare executions, and Ray against the local pool."""

from __future__ import annotations

import importlib.util
import itertools
import time
from typing import Any

from multiprocess import Pipe, Process

from benchmarks.figures import Figure, Goal, measured, missing
from benchmarks.sandbox.workload import A_PLUS_B, trivial_programs
from benchmarks.vector.settings import Settings, rounds
from benchmarks.vector.workload import accepted_per_second, problems, right_responses
from rlef_env.envs import CodeVectorEnv
from rlef_env.judge import JudgePool
from rlef_env.sandbox import Program, Sandbox

__all__ = ["ray", "throughput"]

WORKERS = 2
TESTS = len(A_PLUS_B)


class Executions:
    """Bare executions in several processes, each with a sandbox: no output is compared, none is sent."""

    def __init__(self, processes: int) -> None:
        self._ends = []
        for _ in range(processes):
            ours, theirs = Pipe()
            Process(target=_execute, args=(theirs,), daemon=True).start()
            self._ends.append(ours)

    def per_second(self, programs: int) -> float:
        """Return the executions a second of all processes together, each with this many programs of 20 tests."""
        start = time.monotonic()
        for end in self._ends:
            end.send(programs)
        for end in self._ends:
            end.recv()
        return programs * TESTS * len(self._ends) / (time.monotonic() - start)

    def close(self) -> None:
        """Stop the processes."""
        for end in self._ends:
            end.send(0)


def _execute(end: Any) -> None:
    sources = itertools.cycle(trivial_programs())
    with Sandbox() as sandbox:
        while count := end.recv():
            for _ in range(count):
                with sandbox.load(Program(next(sources))) as loaded:
                    for a, b in A_PLUS_B:
                        loaded.run(b"%d %d\n" % (a, b))
            end.send(count)


def throughput(settings: Settings) -> list[Figure]:
    """Compare steps of many environments with trivial programs and bare executions of the same programs."""
    envs = settings.envs
    ratios, rates = [], []
    responses = right_responses()
    bare = Executions(WORKERS)
    with JudgePool(WORKERS) as pool:
        env = CodeVectorEnv(envs, dataset=problems(TESTS, 0), pool=pool, max_turns=1)
        env.reset(seed=0)
        bare.per_second(2)
        for _ in rounds(settings):
            start = time.monotonic()
            _, rewards, *_ = env.step(list(itertools.islice(responses, envs)))
            rate = envs * TESTS / (time.monotonic() - start)
            if rewards.min() < 1:
                raise RuntimeError("A+B was not accepted")
            executed = bare.per_second(envs // WORKERS // 4)
            ratios.append(rate / executed)
            rates.append(rate)
    bare.close()
    note = f"{rates[-1]:.0f} tests a second in steps of {envs} envs, {rates[-1] / ratios[-1]:.0f} bare"
    figure = f"whole steps, {envs} envs, trivial programs, {TESTS} tests, {WORKERS} workers, against bare executions"
    return [measured("throughput", figure, ratios, "x", Goal(0.8, "x", at_least=True), note)]


def ray(settings: Settings) -> list[Figure]:
    """Compare Ray's actors on this machine and the local pool, on the same programs."""
    figure, goal = f"Ray on this machine against the local pool, A+B, {WORKERS} workers", Goal(0.8, "x", at_least=True)
    if importlib.util.find_spec("ray") is None:
        return [missing("ray", figure, "skipped: no ray here (pip install 'rlef-env[ray]')", goal)]
    from rlef_env.judge.pool.ray import RayJudgePool

    with JudgePool(WORKERS) as local, RayJudgePool(workers=WORKERS) as cluster:
        accepted_per_second(local, 4)
        accepted_per_second(cluster, 4)
        count = settings.envs // 4
        ratios = [accepted_per_second(cluster, count) / accepted_per_second(local, count) for _ in rounds(settings)]
    return [measured("ray", figure, ratios, "x", goal)]
