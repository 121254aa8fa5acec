"""Decides which worker judges which shard next.

While few shards wait, a worker has one at a time, and its answer is received at once. Such a wake-up costs the pool's
process more than everything else that it does with an answer. So while many shards wait, a worker gets several ahead:
as many as it judges in ``AHEAD_SECONDS``, and at most a small part of those that wait. It notifies the pool when it is
about to run out of shards, and its answers are received together. Shards ahead are taken back when the worker's program
sleeps or takes long.
"""

from __future__ import annotations

import itertools
from typing import Final

from rlef_env.judge.pool.fair_queue import Position
from rlef_env.judge.pool.pending_jobs import PendingJobs
from rlef_env.judge.pool.problem_table import ProblemTable
from rlef_env.judge.pool.retries import retry
from rlef_env.judge.pool.sharded_job import Shard, ShardedJob
from rlef_env.judge.pool.warm_up import WarmUp
from rlef_env.judge.pool.workers.worker_handle import Request, WorkerHandle
from rlef_env.judge.pool.workers.worker_set import WorkerSet

__all__ = ["AHEAD_SECONDS", "Assigner"]

AHEAD_SECONDS: Final = 1.0
"""Maximum time between an answer and its receipt while the worker has more shards."""
MAX_AHEAD: Final = 32  # shards
AHEAD_SHARE: Final = 8  # a worker gets ahead at most this fraction, 1 / 8, of its share of the queue


class Assigner:
    """Assigns the shards of the queue to workers. Callers hold the lock of ``jobs``."""

    def __init__(self, jobs: PendingJobs, workers: WorkerSet, warm_up: WarmUp) -> None:
        self._jobs, self._workers, self._warm_up = jobs, workers, warm_up
        self._tickets = itertools.count()
        keys = itertools.count()
        self._keys = ProblemTable(lambda _: next(keys))  # workers keep problems by key
        self._unflushed: set[WorkerHandle] = set()

    def assign(self) -> None:
        """Assign shards to idle workers, and start workers if more may run."""
        for worker, shard in self._warm_up.next_shards():
            self._assign(worker, shard)
        jobs = self._jobs
        while jobs.queue and not jobs.closed:
            try:
                worker_or_none = self._workers.available(fresh=jobs.queue.first().attempts > 0)
            except OSError as error:  # not enough descriptors or memory for a worker: continue with the existing ones
                if len(self._workers):
                    break
                retry(jobs, jobs.take()[1], f"no worker could be started ({error})")
                continue
            if worker_or_none is None:
                break
            position, shard = jobs.take()
            alone = not shard.parent.started and not jobs.queue
            if not shard.parent.start():
                continue
            if alone and not self._split(shard.parent, position):
                continue
            self._assign(worker_or_none, shard)
        self._flush()

    def assign_ahead(self, mean_seconds: float) -> None:
        """Assign further shards to busy workers, if many wait.

        Args:
            mean_seconds: that a worker takes for a shard.
        """
        share = len(self._jobs.queue) // (AHEAD_SHARE * self._workers.num_workers)
        ahead = min(MAX_AHEAD, share, int(AHEAD_SECONDS / mean_seconds))
        for worker in self._workers:
            if is_progressing(worker):
                while 0 < worker.load <= ahead and self._jobs.queue and self._assign_next(worker):
                    pass
        self._flush()

    def take_back(self) -> None:
        """Have the shards ahead of workers that sleep or take long judged by others."""
        for worker in self._workers:
            if worker.load > 1 and not is_progressing(worker):
                ahead = worker.shards()[worker.running() is not None :]
                worker.cancel(ahead)
                for shard in ahead:
                    self._jobs.queue.put_first(shard)

    def _split(self, job: ShardedJob, position: Position) -> bool:
        """Split a job for the workers that are idle; return False if the problem is invalid, so that the job failed."""
        try:
            shards = job.split(self._workers.num_workers - self._workers.num_running())
        except Exception as error:  # noqa: BLE001 - the problem may be anything
            self._jobs.fail(job, error)
            return False
        for shard in shards:
            self._jobs.queue.put_at(position, shard)
        return True

    def _assign(self, worker: WorkerHandle, shard: Shard) -> None:
        """Assign a shard that is not in the queue any more."""
        if (request := self._request(worker, shard)) is not None:
            worker.assign(request)
            self._unflushed.add(worker)

    def _assign_next(self, worker: WorkerHandle) -> bool:
        """Assign the first shard of the queue ahead; return False if it must wait."""
        shard = self._jobs.queue.first()
        if shard.attempts:  # needs a new worker
            return False
        if (request := self._request(worker, shard)) is None:
            return True
        if not worker.has_space(request):
            return False
        self._jobs.take()
        if shard.parent.future.cancelled():
            shard.parent.start()  # notifies those who wait for the future
        else:
            worker.assign(request)
            self._unflushed.add(worker)
        return True

    def _request(self, worker: WorkerHandle, shard: Shard) -> Request | None:
        """Return the request to judge a shard; None if it cannot be pickled, so that its job failed."""
        try:
            return worker.request(next(self._tickets), shard, self._keys[shard.job.problem])
        except Exception as error:  # noqa: BLE001 - the problem may hold anything
            self._jobs.fail(shard.parent, error)
            self._jobs.drop([shard])  # fail() does not drop it if its future was cancelled
            return None

    def _flush(self) -> None:
        """Send what was assigned."""
        while self._unflushed:
            self._unflushed.pop().flush()


def is_progressing(worker: WorkerHandle) -> bool:
    """Return whether the worker is expected to reach its shards ahead soon."""
    return not worker.sleeping and not worker.quiet_for(AHEAD_SECONDS)
