"""The local pool's scheduler: answers callers, and runs the thread that assigns shards and receives answers.

What the thread does is in the files of its parts: ``PendingJobs`` (jobs without a result), ``Assigner`` (which worker
judges what next), ``Receiver`` (answers), ``LostWorkers`` (retries) and ``WarmUp``.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from rlef_env.judge.job import STOPPED, JudgeJob
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.assigner import AHEAD_SECONDS, Assigner
from rlef_env.judge.pool.pending_jobs import PendingJobs
from rlef_env.judge.pool.receiver import Receiver
from rlef_env.judge.pool.retries import LostWorkers
from rlef_env.judge.pool.sharded_job import ShardedJob
from rlef_env.judge.pool.warm_up import WarmUp
from rlef_env.judge.pool.workers.judge_arguments import pickle_arguments
from rlef_env.judge.pool.workers.worker_set import WorkerSet

__all__ = ["Scheduler"]

SCHEDULERS: weakref.WeakSet[Scheduler] = weakref.WeakSet()


class Scheduler:
    """Judges jobs in worker processes. Its thread holds no reference to the ``JudgePool``, which may be collected.

    Args:
        workers: number of programs that run at the same time, sleeping ones not counted.
        max_sleeping: maximum number of additional workers.
        max_pending: maximum number of queued jobs.
        judge_arguments: of each worker's ``Judge``.
    """

    def __init__(self, workers: int, max_sleeping: int, max_pending: int, judge_arguments: Mapping[str, Any]) -> None:
        self._workers = WorkerSet(workers, max_sleeping, pickle_arguments(judge_arguments))
        self._jobs = PendingJobs("JudgePool", judge_arguments["isolation"], max_pending, self._workers.cancel)
        self._warm_up = WarmUp(self._workers, self._jobs.queue)
        self._assigner = Assigner(self._jobs, self._workers, self._warm_up)
        self._receiver = Receiver(self._jobs, LostWorkers(self._jobs, self._workers, self._warm_up))
        self._released = False  # whether the workers are stopped, or about to be
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="judge-pool", daemon=True)
        self._thread.start()
        SCHEDULERS.add(self)

    # --- what callers ask ---------------------------------------------------------------------------------------------

    def submit(self, job: JudgeJob, priority: int, owner: Hashable) -> Future[Judgement]:
        """See ``JudgePool.submit``."""
        self._jobs.check(job)
        with self._jobs.lock:
            # The thread must not wait for space in the queue, because only the thread makes space.
            wait = threading.current_thread() is not self._thread
            future = self._jobs.submit(job, priority, owner, wait)
            if len(self._jobs.queue) == 1:  # nothing else waits, so a worker may be idle
                self._assigner.assign()
        self._jobs.set_results()
        return future

    def warm(self, jobs: Sequence[JudgeJob]) -> list[list[Future[Judgement]]]:
        """Have each worker judge all these jobs; see ``JudgePool.warm``.

        Returns:
            For each worker the futures of the jobs, in order.
        """
        self._jobs.check(*jobs)
        by_worker = [[ShardedJob(job) for job in jobs] for _ in range(self._workers.num_workers)]
        with self._jobs.lock:
            self._jobs.check_open()
            for sharded in by_worker:
                self._warm_up.add([job.shards[0] for job in sharded])
            self._assigner.assign()
        self._jobs.set_results()
        return [[job.future for job in sharded] for sharded in by_worker]

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``JudgePool.cancel``."""
        future.cancel()
        with self._jobs.lock:
            assigned = [shard for worker in self._workers for shard in worker.shards() if shard.parent.future is future]
            for shard in assigned:
                self._jobs.finish_without_verdict(shard.parent)
            self._jobs.drop(assigned)  # finishing does not drop them if the future was cancelled
        self._jobs.set_results()

    def close(self) -> None:
        """See ``JudgePool.close``."""
        if self._process != os.getpid():
            return
        with self._jobs.lock:
            already, self._released = self._released, True
            self._end_all(STOPPED)
        if not already:
            self._workers.notify()
            if threading.current_thread() is not self._thread:
                self._thread.join()
            self._workers.close()
        self._jobs.set_results()

    def processes(self) -> list[int]:
        """See ``JudgePool.processes``."""
        with self._jobs.lock:
            return [worker.pid for worker in self._workers if worker.pid]

    def close_in_child(self) -> None:
        """Close the copies of the sockets that a forked child has."""
        self._workers.close_in_child()

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._jobs.closed:  # a callback that set_results called may have closed the pool
            self._workers.wait(self._timeout())
            with self._jobs.lock:
                try:
                    self._step()
                except Exception as error:  # noqa: BLE001 - a bug of ours must not leave callers waiting for ever
                    self._end_all(f"the pool failed ({type(error).__name__}: {error})")
            self._jobs.set_results()

    def _step(self) -> None:
        if self._jobs.closed:  # while this thread waited
            return
        while workers := self._workers.readable():
            for worker in workers:
                self._receiver.receive(worker)
        self._workers.retire_idle()
        self._assigner.take_back()
        self._assigner.assign()
        self._assigner.assign_ahead(self._receiver.mean_seconds)

    def _timeout(self) -> float | None:
        """Return how many seconds to wait for workers; None for ever."""
        with self._jobs.lock:
            if any(worker.load for worker in self._workers):
                return AHEAD_SECONDS
            return self._workers.idle_timeout()

    def _end_all(self, reason: str) -> None:
        """Refuse new jobs, cancel those that wait, and give those that run ``NO_VERDICT``."""
        self._jobs.closed = True
        for worker in self._workers:
            if (shard := worker.running()) is not None:
                shard.parent.start()
        assigned = [shard for worker in self._workers for shard in worker.shards()]
        self._jobs.end_all([*assigned, *self._jobs.queue.clear(), *self._warm_up.clear()], reason)


def close_all_in_child() -> None:
    """Close what a forked child has copied of its parent's pools."""
    for scheduler in list(SCHEDULERS):
        scheduler.close_in_child()


os.register_at_fork(after_in_child=close_all_in_child)
