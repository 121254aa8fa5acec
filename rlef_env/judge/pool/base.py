"""The interface of all judge pools: where the workers run is each pool's own matter."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, NoReturn, TypeVar, overload

from rlef_env.errors import UsageError
from rlef_env.judge.job import JudgeJob, as_job
from rlef_env.judge.judgement import Judgement
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = ["BaseJudgePool", "check_process"]

Pool = TypeVar("Pool", bound="BaseJudgePool")


class BaseJudgePool(ABC):
    """Judges many programs at once. Safe to use from all threads of the process that created it.

    ``rlef_env.judge.pool.conformance.check_judge_pool`` tests a pool of your own against this interface.

    Attributes:
        workers: number of programs that are judged at the same time.
        isolation: as for ``Judge``.
        judge_arguments: arguments of each worker's ``Judge`` (``isolation``, ``time_factor``, ``numpy``, ``checkers``).
            Verdicts depend on them, so ``CachedPool`` needs them.
    """

    workers: int
    isolation: str
    judge_arguments: Mapping[str, Any]

    @abstractmethod
    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """Queue a job. May block while the queue is full.

        Args:
            job: program and problem.
            priority: jobs with a higher priority go first.
            owner: on whose behalf the job is judged. Owners with jobs of the same priority take turns.

        Returns:
            A future of the judgement. It raises what the judge raised, such as ``UsageError`` for an unknown language.

        Raises:
            UsageError: this is not a valid job, the pool is closed, or another process created the pool.
        """

    @abstractmethod
    def cancel(self, future: Future[Judgement]) -> None:
        """Drop a job whose result is no longer needed.

        A queued job is cancelled. A running job gets ``NO_VERDICT``, and its worker skips the remaining tests. A job
        that has its judgement keeps it.

        Args:
            future: what ``submit`` returned.
        """

    @abstractmethod
    def close(self) -> None:
        """Cancel queued jobs, stop running jobs (with ``NO_VERDICT``) and stop the workers. Safe to call twice."""

    @overload
    def judge(self, job: JudgeJob, /) -> Judgement: ...

    @overload
    def judge(self, problem: Problem, program: Program, **options: Any) -> Judgement: ...

    def judge(self, problem: JudgeJob | Problem, program: Program | None = None, **options: Any) -> Judgement:
        """Judge a program and wait for the judgement. The arguments are those of ``Judge.judge``."""
        return self.submit(as_job(problem, program, options)).result()

    def judge_all(self, jobs: Iterable[JudgeJob]) -> Iterator[Judgement]:
        """Judge all jobs and yield their judgements in the order of the jobs.

        At most four jobs a worker are taken from the iterable ahead of the judgement that is yielded next.
        """
        pending: deque[Future[Judgement]] = deque()
        for job in jobs:
            pending.append(self.submit(job))
            if len(pending) >= 4 * self.workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def __enter__(self: Pool) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self: Pool, _: dict[int, object]) -> Pool:
        """Return the pool itself: Gymnasium copies the arguments of ``make``, and a pool is shared, not copied."""
        return self

    def __reduce__(self) -> NoReturn:
        raise UsageError(
            f"{type(self).__name__} cannot be pickled: it belongs to the process that created it; create one in the "
            "other process"
        )


def check_process(creator: int, pool: str) -> None:
    """Refuse a pool in a process that was forked from the one that created it.

    Args:
        creator: id of the process that created the pool.
        pool: name of the pool's class.

    Raises:
        UsageError: this is another process.
    """
    if creator != os.getpid():
        raise UsageError(
            f"{pool}: expected the process that created it, got a forked one; create a pool in this process"
        )
