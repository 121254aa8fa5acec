"""Jobs of a pool from their submission to the result of their future, wherever the workers are."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable
from concurrent.futures import Future
from functools import partial

from rlef_env.errors import UsageError
from rlef_env.judge.job import STOPPED, JudgeJob, check_job, no_verdict
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.base import check_process
from rlef_env.judge.pool.fair_queue import FairPriorityQueue, Position
from rlef_env.judge.pool.sharded_job import Shard, ShardedJob

__all__ = ["PendingJobs"]


class PendingJobs:
    """Jobs that have no result yet. Callers hold ``lock``, except for ``check`` and ``set_results``.

    Args:
        pool: name of the pool's class, for errors.
        isolation: of the judges.
        max_pending: maximum number of queued shards.
        cancel_shards: tells the workers to skip shards.

    Attributes:
        lock: guards the state of a scheduler.
        queue: shards that wait for a worker.
        closed: whether new jobs are refused.
    """

    def __init__(
        self, pool: str, isolation: str, max_pending: int, cancel_shards: Callable[[Collection[Shard]], object]
    ) -> None:
        self.lock = threading.RLock()
        self.queue: FairPriorityQueue[Shard] = FairPriorityQueue()
        self.closed = False
        self._pool, self._isolation, self._max_pending = pool, isolation, max_pending
        self._cancel_shards = cancel_shards
        self._space = threading.Condition(self.lock)
        self._process = os.getpid()
        self._set_results: deque[Callable[[], object]] = deque()

    def check(self, *jobs: JudgeJob) -> None:
        """Check jobs and the process. Call it without ``lock``, which a fork may have copied in a locked state.

        Raises:
            UsageError: a job is invalid, or this process is a fork of the pool's.
        """
        for job in jobs:
            check_job(job)
        check_process(self._process, self._pool)

    def check_open(self) -> None:
        """Raise ``UsageError`` if the pool is closed."""
        if self.closed:
            raise UsageError("the pool is closed; create a new one")

    def submit(self, job: JudgeJob, priority: int, owner: Hashable, wait: bool) -> Future[Judgement]:
        """Queue a job; if ``wait``, first wait until the queue has space.

        Raises:
            UsageError: the pool is closed.
        """
        while wait and not self.closed and len(self.queue) >= self._max_pending:
            self._space.wait()
        self.check_open()
        sharded = ShardedJob(job)
        self.queue.put(sharded.shards[0], priority, owner)
        return sharded.future

    def take(self) -> tuple[Position, Shard]:
        """Remove the next shard from the queue; return it with its position."""
        self._space.notify()
        return self.queue.pop()

    def collect(self, shard: Shard, judgement: Judgement) -> None:
        """Store the judgement of a shard, and finish its job if that is decided."""
        job = shard.parent
        if job.judgements[shard.index] is not None:
            return
        self.drop(job.put(shard, judgement))
        if (whole := job.judgement()) is not None:
            self.finish(job, whole)
        else:
            for held in job.release():
                self.queue.put_first(held)

    def drop(self, shards: Collection[Shard]) -> None:
        """Remove shards from the queue, and tell the workers to skip them."""
        if not shards:
            return  # as for nearly every job: to search a long queue takes time
        self.queue.remove(shards)
        self._space.notify(len(shards))
        self._cancel_shards(shards)

    def finish(self, job: ShardedJob, judgement: Judgement) -> None:
        """Have ``set_results`` set the judgement of a job, unless it was cancelled or is finished."""
        if job.start():
            self._end(job, partial(job.future.set_result, judgement))

    def finish_without_verdict(self, job: ShardedJob, reason: str = STOPPED) -> None:
        """Finish a job that could not be judged."""
        self.finish(job, no_verdict(job.job, self._isolation, reason))

    def fail(self, job: ShardedJob, error: BaseException) -> None:
        """Have ``set_results`` set the error of a job, unless it was cancelled or is finished."""
        if job.start():
            self._end(job, partial(job.future.set_exception, error))

    def _end(self, job: ShardedJob, set_result: Callable[[], object]) -> None:
        job.finished = True
        self.drop(job.skip(job.shards))
        self._set_results.append(set_result)

    def end_all(self, shards: Iterable[Shard], reason: str) -> None:
        """End the jobs of these shards: those that have started get ``NO_VERDICT``, the others are cancelled."""
        for job in dict.fromkeys(shard.parent for shard in shards):
            if job.started:
                self.finish_without_verdict(job, reason)
            elif not job.finished:
                job.finished = True
                self._set_results.append(job.future.cancel)
        self._space.notify_all()

    def set_results(self) -> None:
        """Set the results of finished jobs. Call it without ``lock``: callbacks of futures may do anything."""
        while self._set_results:
            try:
                set_result = self._set_results.popleft()
            except IndexError:  # another thread was faster
                return
            set_result()
