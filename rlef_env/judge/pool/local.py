"""Many programs judged at once: worker processes, each with a judge of its own, and who gets what next."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any, overload

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.job import JudgeJob, as_job
from rlef_env.judge.judge import Judge, TimeFactor
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.scheduler import Scheduler
from rlef_env.judge.pool.verdict_cache import VerdictCache
from rlef_env.judge.pool.warm_up import warm_jobs
from rlef_env.problems import Problem
from rlef_env.sandbox import Program, usable_cores

__all__ = ["JudgePool", "default_workers"]


def default_workers() -> int:
    """How many cores this process may use, by its affinity and by the quota of its container."""
    return usable_cores()


class JudgePool:
    """Judges of the same kind, in processes of their own, working side by side.

    It serves all threads of the process that made it. Where several programs wait, each owner's turn comes round,
    and a higher priority goes first. The tests of one program are spread over workers that have nothing else to do. A
    worker that is lost is replaced and its program judged again; one that is lost three times over has no verdict.

    Args:
        workers: how many programs are judged at once; the number of cores by default. A program that sleeps holds no
            core, so that a further worker takes its place meanwhile.
        isolation: as for ``Judge``.
        time_factor: as for ``Judge``.
        numpy: as for ``Judge``.
        max_pending: how many jobs may wait; ``submit`` blocks beyond.
        cache: remembers verdicts by content, but for those of ``checkers``; None judges everything anew. It is not
            closed with the pool.
        max_sleeping: workers that may be there beyond ``workers``, for programs that sleep; 4 times as many by
            default.
        checkers: as for ``Judge``. They go to the workers once, by dill: closures and what was written in a notebook,
            too. What they change at their end stays there.

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
        cache: VerdictCache | None = None,
        checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
    ) -> None:
        arguments = {"isolation": isolation, "time_factor": time_factor, "numpy": numpy, "checkers": checkers}
        Judge(**arguments)  # type: ignore[arg-type]  # refuses what is wrong, and starts nothing
        self.workers = workers or default_workers()
        self.isolation = isolation
        spare = 4 * self.workers if max_sleeping is None else max_sleeping
        self._scheduler = Scheduler(self.workers, spare, max_pending, arguments, cache)
        self._finalizer = weakref.finalize(self, self._scheduler.close)

    def __enter__(self) -> JudgePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> JudgePool:
        """Itself: Gymnasium copies the arguments of ``make``, and a pool is shared, not copied."""
        return self

    def __reduce__(self) -> Any:
        raise UsageError("a JudgePool serves the process that made it: expected not to be sent; make one over there")

    def close(self) -> None:
        """Drop what waits, end what runs (with ``NO_VERDICT``), and end the workers. Safe to call twice."""
        self._finalizer()

    def warm(self, languages: Collection[str] | None = None) -> dict[str, list[Future[Judgement]]]:
        """Start every worker and what it needs, so that the first jobs do not wait for it.

        Each worker judges a small program in Python, one whose output a checker program compares, and one in each of
        the languages, which starts their compilers. Call it before the first job: workers that are busy are left out.
        A worker that replaces a lost one is not warmed. To wait until all is started::

            for name, futures in pool.warm().items():
                print(name, [future.result().verdict for future in futures])

        Args:
            languages: beyond Python; every one that is installed where None.

        Returns:
            What is under way: ``"python"``, ``"checker"``, and each language -> a future for each worker. A judgement
            that is not ``ACCEPTED`` says what does not work here.

        Raises:
            UsageError: a language is unknown or not installed, or the pool is closed.
        """
        jobs = warm_jobs(languages)
        by_worker = self._scheduler.warm(list(jobs.values()))
        return {name: [futures[place] for futures in by_worker] for place, name in enumerate(jobs)}

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """Queue a job; blocks while ``max_pending`` others wait.

        Args:
            job: what to judge.
            priority: higher goes first.
            owner: whose job it is: where many jobs wait, owners take turns.

        Raises:
            UsageError: the pool is closed, or was made by another process.
        """
        return self._scheduler.submit(job, priority, owner)

    def cancel(self, future: Future[Judgement]) -> None:
        """Nobody needs what ``submit`` returned any more.

        A job that waits is cancelled. One that runs has ``NO_VERDICT``, and its worker leaves the rest of its tests.
        """
        self._scheduler.cancel(future)

    @overload
    def judge(self, job: JudgeJob, /) -> Judgement: ...

    @overload
    def judge(self, problem: Problem, program: Program, **options: Any) -> Judgement: ...

    def judge(self, problem: JudgeJob | Problem, program: Program | None = None, **options: Any) -> Judgement:
        """Judge a program and wait for the judgement; as ``Judge.judge``, and from any thread."""
        return self.submit(as_job(problem, program, options)).result()

    def judge_all(self, jobs: Iterable[JudgeJob]) -> Iterator[Judgement]:
        """Judge all jobs and yield their judgements in the jobs' order; at most a few are taken ahead of time."""
        waiting: deque[Future[Judgement]] = deque()
        for job in jobs:
            waiting.append(self.submit(job))
            if len(waiting) >= 4 * self.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def processes(self) -> list[int]:
        """The process ids of the workers that are there now."""
        return self._scheduler.processes()
