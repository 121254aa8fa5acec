"""Many programs judged at once: one thread and one sandbox for each worker. The work is done in the sandboxes."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from rlef_env.judge.judge import Judge, TimeFactor
from rlef_env.judge.verdict import Judgement
from rlef_env.problems import ROLES, Problem, Role
from rlef_env.sandbox import Program

Item = TypeVar("Item")
Result = TypeVar("Result")

__all__ = ["JudgeJob", "JudgePool", "default_workers"]


def default_workers() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class JudgeJob:
    """A program to judge on a problem; the fields are those of ``Judge.judge``."""

    problem: Problem
    program: Program
    roles: tuple[Role, ...] = ROLES
    stop_early: bool = True
    limit: int | None = None


class JudgePool:
    """Judges of the same kind, working side by side.

    Args:
        workers: how many programs are judged at once; the number of cores by default.
        isolation: as for ``Judge``.
        time_factor: as for ``Judge``.
        numpy: as for ``Judge``.
    """

    def __init__(
        self, workers: int | None = None, isolation: str = "locked", time_factor: TimeFactor = 1.0, numpy: bool = False
    ) -> None:
        self.workers = workers or default_workers()
        self._judges: queue.SimpleQueue[Judge] = queue.SimpleQueue()
        self._all = [Judge(isolation, time_factor, numpy) for _ in range(self.workers)]
        for judge in self._all:
            self._judges.put(judge)
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="judge")

    def __enter__(self) -> JudgePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop what is queued, end what runs (with ``NO_VERDICT``), and end the sandboxes. Safe to call twice."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for judge in self._all:
            judge.stop()
        self._threads.shutdown(wait=True)
        for judge in self._all:
            judge.close()

    def submit(self, job: JudgeJob) -> Future[Judgement]:
        """Queue a job."""
        return self.call(judge_job, job)

    def judge_all(self, jobs: Iterable[JudgeJob]) -> Iterator[Judgement]:
        """Judge all jobs and yield their judgements in the jobs' order; at most a few are taken ahead of time."""
        return self.map(judge_job, jobs)

    def call(self, function: Callable[[Judge, Item], Result], item: Item) -> Future[Result]:
        """Queue a call of ``function(judge, item)``, which has a judge for itself."""
        return self._threads.submit(self._call, function, item)

    def map(self, function: Callable[[Judge, Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Call ``function(judge, item)`` for all items, and yield the results in their order, as ``judge_all`` does."""
        waiting: deque[Future[Result]] = deque()
        for item in items:
            waiting.append(self.call(function, item))
            if len(waiting) >= 4 * self.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _call(self, function: Callable[[Judge, Item], Result], item: Item) -> Result:
        judge = self._judges.get()
        try:
            return function(judge, item)
        finally:
            self._judges.put(judge)


def judge_job(judge: Judge, job: JudgeJob) -> Judgement:
    """Judge a job."""
    return judge.judge(job.problem, job.program, job.roles, job.stop_early, job.limit)
