"""A pool that remembers verdicts, in front of another pool of any kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from concurrent.futures import Future

from rlef_env.judge.job import JudgeJob, check_job
from rlef_env.judge.judge import time_factor_for
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.base import BaseJudgePool, check_process
from rlef_env.judge.pool.problem_table import ProblemTable
from rlef_env.judge.pool.verdict_cache import VerdictCache, job_key, problem_digest

__all__ = ["CachedPool"]


class CachedPool(BaseJudgePool):
    """Answers a job whose verdict is in the cache at once, and passes all others on to a pool.

    Jobs whose problem has a custom checker are always passed on: its name does not identify the function.

    Args:
        pool: judges; closed with this pool.
        cache: of verdicts; not closed with this pool.
    """

    def __init__(self, pool: BaseJudgePool, cache: VerdictCache) -> None:
        self.pool, self.cache = pool, cache
        self.workers, self.isolation, self.judge_arguments = pool.workers, pool.isolation, pool.judge_arguments
        self._digests = ProblemTable(problem_digest)
        self._process = os.getpid()

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """See ``BaseJudgePool.submit``."""
        check_job(job)
        check_process(self._process, type(self).__name__)
        if job.problem.checker.name in self.judge_arguments["checkers"]:
            return self.pool.submit(job, priority, owner)
        try:
            key = job_key(job, self._digests[job.problem], self.judge_arguments)
        except Exception:  # noqa: BLE001 - the problem is invalid; the pool sets the error
            return self.pool.submit(job, priority, owner)
        if (known := self.cache.get(key)) is not None:
            future: Future[Judgement] = Future()
            future.set_result(known)
            return future

        def store(judgement: Judgement) -> None:
            self.cache.put(key, job, judgement, time_factor_for(self.judge_arguments["time_factor"], job.program))

        return _StoredFuture(self.pool.submit(job, priority, owner), store)

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``BaseJudgePool.cancel``."""
        self.pool.cancel(future.inner if isinstance(future, _StoredFuture) else future)

    def close(self) -> None:
        """Close the pool behind the cache."""
        self.pool.close()


class _StoredFuture(Future[Judgement]):
    """Follows the future of the pool behind the cache, and has its result only when that is stored.

    So a caller that waits for the result and then submits the same job again finds it in the cache. Storing in a
    callback of the inner future is not enough: callbacks run after waiting callers have been woken.

    Args:
        inner: the future that the pool returned.
        store: stores a judgement.
    """

    def __init__(self, inner: Future[Judgement], store: Callable[[Judgement], object]) -> None:
        super().__init__()
        self.inner, self._store = inner, store
        inner.add_done_callback(self._inner_done)

    def cancel(self) -> bool:
        """Cancel the inner future, and with it this one."""
        return self.inner.cancel()

    def running(self) -> bool:
        """Return whether the inner future runs."""
        return self.inner.running()

    def _inner_done(self, inner: Future[Judgement]) -> None:
        if inner.cancelled():
            super().cancel()
            self.set_running_or_notify_cancel()
        elif (error := inner.exception()) is not None:
            self.set_exception(error)
        else:
            try:
                self._store(inner.result())
            finally:
                self.set_result(inner.result())
