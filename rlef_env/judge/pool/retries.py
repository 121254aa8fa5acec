"""Lost workers: what they had is judged again by others, a limited number of times."""

from __future__ import annotations

from typing import Final

from rlef_env.judge.judge import ATTEMPTS
from rlef_env.judge.pool.pending_jobs import PendingJobs
from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.warm_up import WarmUp
from rlef_env.judge.pool.workers.worker_handle import WorkerHandle
from rlef_env.judge.pool.workers.worker_set import WorkerSet

__all__ = ["LostWorkers", "retry"]

MAX_EARLY_LOSSES: Final = 20


def retry(jobs: PendingJobs, shard: Shard, reason: str) -> None:
    """Judge a shard again, before all others; its job gets ``NO_VERDICT`` after ``ATTEMPTS`` attempts."""
    if shard.parent.finished:
        return
    shard.attempts += 1
    if shard.attempts < ATTEMPTS:
        jobs.queue.put_first(shard)
    else:
        jobs.finish_without_verdict(shard.parent, f"{reason} {ATTEMPTS} times")


class LostWorkers:
    """Removes lost workers and has their shards judged again.

    A loss counts as an attempt of the shard that the worker judged, not of those that it had ahead. It does not count
    if the worker had not sent anything yet, because then it was lost before it judged anything. This could go on for
    ever where workers cannot start, so it does count after ``MAX_EARLY_LOSSES`` such losses in a row.

    Attributes:
        early_losses: number of workers that were lost before their first message, since a worker last sent one.
    """

    def __init__(self, jobs: PendingJobs, workers: WorkerSet, warm_up: WarmUp) -> None:
        self._jobs, self._workers, self._warm_up = jobs, workers, warm_up
        self.early_losses = 0

    def handle(self, worker: WorkerHandle) -> None:
        """Remove a lost worker, and queue its shards again."""
        self._workers.remove(worker)
        self._warm_up.worker_lost(worker)
        self.early_losses += not worker.began
        count_loss = worker.began or self.early_losses > MAX_EARLY_LOSSES
        for shard in worker.shards():
            if count_loss and shard is worker.running():
                retry(self._jobs, shard, "the worker that judged it was lost")
            else:
                self._jobs.queue.put_first(shard)
