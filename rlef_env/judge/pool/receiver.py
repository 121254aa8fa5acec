"""Receives what workers send, and stores the judgements."""

from __future__ import annotations

from typing import Final

from rlef_env.judge.pool.pending_jobs import PendingJobs
from rlef_env.judge.pool.retries import LostWorkers
from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.workers.wire import judgement_from_tuple
from rlef_env.judge.pool.workers.worker_handle import Answer, WorkerHandle

__all__ = ["Receiver"]

MIN_SECONDS: Final = 1e-3
SMOOTHING: Final = 1 / 8  # weight of the latest shard in the mean


class Receiver:
    """Receives the answers of workers.

    Attributes:
        mean_seconds: moving average of the time that a worker takes for a shard.
    """

    def __init__(self, jobs: PendingJobs, lost_workers: LostWorkers) -> None:
        self._jobs, self._lost_workers = jobs, lost_workers
        self.mean_seconds = 1.0

    def receive(self, worker: WorkerHandle) -> None:
        """Handle everything that a worker has sent, and its end."""
        answers = worker.receive()
        while True:
            try:
                answer = next(answers, None)
            except Exception:  # noqa: BLE001 - it is lost, or sent something that cannot be unpickled
                self._lost_workers.handle(worker)
                return
            self._lost_workers.early_losses = 0
            if answer is None:
                return
            if answer.shard is not None and not answer.shard.parent.finished:
                self._store(answer.shard, answer)

    def _store(self, shard: Shard, answer: Answer) -> None:
        self.mean_seconds += SMOOTHING * (max(answer.seconds, MIN_SECONDS) - self.mean_seconds)
        if answer.judgement is None:
            assert answer.error is not None
            self._jobs.fail(shard.parent, answer.error)
        else:
            self._jobs.collect(shard, judgement_from_tuple(answer.judgement))
