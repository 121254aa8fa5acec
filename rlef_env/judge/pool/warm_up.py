"""Warming up: small jobs that start what judging needs in every worker.

They start interpreters, compilers, launchers and the sandbox of checker programs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Final

from rlef_env.errors import UsageError
from rlef_env.judge.job import JudgeJob
from rlef_env.judge.pool.fair_queue import FairPriorityQueue
from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.workers.worker_handle import WorkerHandle
from rlef_env.judge.pool.workers.worker_set import WorkerSet
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import PRINTS_ONE, Program, installed_languages

__all__ = ["WarmUp", "warm_up_jobs"]

SECONDS: Final = 60.0
CHECKER: Final = "import sys\nsys.exit(42)\n"  # accepts every output, by the Kattis protocol
PRINT_ONE: Final = Problem("warm-up", "Print 1.", (Test("", "1\n"),), time_limit=SECONDS)
CHECKED: Final = Problem(
    "warm-up with a checker program",
    "Print 1.",
    (Test("", "1\n"),),
    time_limit=SECONDS,
    checker=CheckerSpec("kattis_program", source=CHECKER, language="python"),
)


def warm_up_jobs(languages: Collection[str] | None = None) -> dict[str, JudgeJob]:
    """Return the jobs that warm a worker up, under ``"python"``, ``"checker"`` and each of the languages.

    Args:
        languages: in addition to Python; all installed languages if None.

    Raises:
        UsageError: a language is unknown or not installed.
    """
    installed = installed_languages()
    wanted = list(installed) if languages is None else list(languages)
    if missing := [name for name in wanted if name not in installed]:
        raise UsageError(f"languages: expected some of the installed {list(installed)}, got {missing}")
    jobs = {"python": JudgeJob(PRINT_ONE, Program(PRINTS_ONE["python"]))}
    jobs["checker"] = JudgeJob(CHECKED, Program(PRINTS_ONE["python"]))
    return jobs | {name: JudgeJob(PRINT_ONE, Program(PRINTS_ONE[name], name)) for name in wanted}


class WarmUp:
    """Assigns a list of shards to each of several workers, one shard at a time, because some take long.

    Args:
        workers: of the pool.
        queue: takes shards for which there is no worker, so that others judge them.
    """

    def __init__(self, workers: WorkerSet, queue: FairPriorityQueue[Shard]) -> None:
        self._workers, self._queue = workers, queue
        self._by_worker: dict[WorkerHandle, deque[Shard]] = {}

    def add(self, shards: Collection[Shard]) -> None:
        """Reserve an idle or a new worker for these shards."""
        try:
            worker = self._workers.idle_or_new(self._by_worker)
        except OSError:  # not enough descriptors or memory for a new one
            worker = None
        if worker is None:
            self._requeue(shards)
        else:
            self._by_worker[worker] = deque(shards)

    def next_shards(self) -> Iterator[tuple[WorkerHandle, Shard]]:
        """Yield each idle worker that has a shard left, with the shard. The caller assigns it at once."""
        for worker, shards in list(self._by_worker.items()):
            while shards and not worker.load:
                if (shard := shards.popleft()).parent.start():
                    yield worker, shard
            if not shards:
                self._by_worker.pop(worker, None)

    def worker_lost(self, worker: WorkerHandle) -> None:
        """Have the shards of a lost worker judged by others."""
        self._requeue(self._by_worker.pop(worker, ()))

    def clear(self) -> list[Shard]:
        """Remove and return all shards that are not assigned."""
        shards = [shard for each in self._by_worker.values() for shard in each]
        self._by_worker.clear()
        return shards

    def _requeue(self, shards: Collection[Shard]) -> None:
        for shard in shards:
            self._queue.put_first(shard)
