"""The pool whose workers are processes on this machine."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Hashable
from concurrent.futures import Future

from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judge import Judge, TimeFactor
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.base import BaseJudgePool
from rlef_env.judge.pool.scheduler import Scheduler
from rlef_env.judge.pool.warm_up import warm_up_jobs
from rlef_env.sandbox.machine.cores import usable_cores

__all__ = ["JudgePool", "default_workers"]


def default_workers() -> int:
    """Return the number of cores that this process may use, by its affinity and by the quota of its container."""
    return usable_cores()


class JudgePool(BaseJudgePool):
    """Judges programs in worker processes on this machine.

    Owners take turns, and jobs of a higher priority go first. When workers are idle, the tests of one program are
    spread over them. When a worker is lost, it is replaced and its program is judged again; a program whose worker is
    lost three times gets ``NO_VERDICT``.

    Args:
        workers: number of programs that are judged at the same time; by default one for each core.
        isolation: as for ``Judge``.
        time_factor: as for ``Judge``.
        numpy: as for ``Judge``.
        max_pending: maximum number of queued jobs; ``submit`` blocks when it is reached.
        max_sleeping: maximum number of additional workers. A program that sleeps uses no core, so an additional worker
            judges another program meanwhile. By default four times ``workers``.
        checkers: as for ``Judge``. They are sent to the workers once, pickled by dill, which supports closures and
            functions from a notebook. What they change in a worker stays in that worker.

    Raises:
        UsageError: an argument has a value that is not supported.
    """

    def __init__(
        self,
        workers: int | None = None,
        isolation: str = "locked",
        time_factor: TimeFactor = 1.0,
        numpy: bool = False,
        max_pending: int = 100_000,
        max_sleeping: int | None = None,
        checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
    ) -> None:
        Judge(isolation, time_factor, numpy, checkers)  # checks the arguments and starts nothing
        self.workers = workers or default_workers()
        self.isolation = isolation
        self.judge_arguments = {
            "isolation": isolation, "time_factor": time_factor, "numpy": numpy, "checkers": checkers
        }  # fmt: skip
        max_sleeping = 4 * self.workers if max_sleeping is None else max_sleeping
        self._scheduler = Scheduler(self.workers, max_sleeping, max_pending, self.judge_arguments)
        self._finalizer = weakref.finalize(self, self._scheduler.close)

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """See ``BaseJudgePool.submit``; blocks while ``max_pending`` jobs are queued."""
        return self._scheduler.submit(job, priority, owner)

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``BaseJudgePool.cancel``."""
        self._scheduler.cancel(future)

    def close(self) -> None:
        """See ``BaseJudgePool.close``."""
        self._finalizer()

    def warm(self, languages: Collection[str] | None = None) -> dict[str, list[Future[Judgement]]]:
        """Start every worker with its interpreters and compilers, so that the first jobs do not wait for them.

        Each worker judges a small Python program, a program whose output is compared by a checker program, and one
        program in each of the languages. Call this before the first job: busy workers are not warmed, and neither are
        workers that replace lost ones. To wait until everything has started::

            for name, futures in pool.warm().items():
                print(name, [future.result().verdict for future in futures])

        Args:
            languages: in addition to Python; all installed languages if None.

        Returns:
            Futures of the judgements, one for each worker, under ``"python"``, ``"checker"`` and each language. A
            judgement other than ``ACCEPTED`` shows what does not work on this machine.

        Raises:
            UsageError: a language is unknown or not installed, or the pool is closed.
        """
        jobs = warm_up_jobs(languages)
        by_worker = self._scheduler.warm(list(jobs.values()))
        return {name: [futures[at] for futures in by_worker] for at, name in enumerate(jobs)}

    def processes(self) -> list[int]:
        """Return the process ids of the workers that run now."""
        return self._scheduler.processes()
