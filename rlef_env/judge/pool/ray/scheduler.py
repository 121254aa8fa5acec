"""Assigns jobs to the actors of a Ray cluster, and receives their answers."""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import queue
import threading
from collections import deque
from collections.abc import Callable, Collection, Hashable
from concurrent.futures import Future
from functools import partial
from typing import Any

from rlef_env.judge.job import STOPPED, JudgeJob, needed_to_judge
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.pending_jobs import PendingJobs
from rlef_env.judge.pool.problem_table import ProblemTable
from rlef_env.judge.pool.ray.worker import RayWorker
from rlef_env.judge.pool.ray.worker_handle import RayWorkerHandle, StoredProblem
from rlef_env.judge.pool.retries import retry
from rlef_env.judge.pool.sharded_job import Shard
from rlef_env.judge.pool.workers.wire import job_to_tuple

__all__ = ["RayScheduler"]


class RayScheduler:
    """Judges jobs in actors. Its thread holds no reference to the ``RayJudgePool``, which may be collected.

    Args:
        workers: maximum number of actors.
        cores: number of cores that Ray reserves for each.
        max_pending: maximum number of queued jobs.
        isolation: of the judges.
        pickled_arguments: of each actor's ``Judge``; see ``pickle_arguments``.
        joined_here: whether to leave the cluster on ``close``.
    """

    def __init__(
        self, workers: int, cores: float, max_pending: int, isolation: str, pickled_arguments: bytes, joined_here: bool
    ) -> None:
        import ray

        self._ray = ray
        self._actor = ray.remote(num_cpus=cores, max_restarts=0, max_task_retries=0)(RayWorker)
        self._max_workers, self._pickled_arguments, self._joined_here = workers, pickled_arguments, joined_here
        self._workers: list[RayWorkerHandle] = []
        # With 10,000 actors, a search for an idle one takes as long as all else. Some here may not be idle any more.
        self._idle: deque[RayWorkerHandle] = deque()
        # Ray calls back in its own thread, which must neither block nor call Ray: it only adds events for our thread.
        self._events: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._jobs = PendingJobs("RayJudgePool", isolation, max_pending, self._cancel_later)
        keys = itertools.count()
        self._problems = ProblemTable(lambda each: StoredProblem(next(keys), pickle.dumps(needed_to_judge(each))))
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="ray-judge-pool", daemon=True)
        self._thread.start()

    # --- what callers ask ---------------------------------------------------------------------------------------------

    def submit(self, job: JudgeJob, priority: int, owner: Hashable) -> Future[Judgement]:
        """See ``RayJudgePool.submit``."""
        self._jobs.check(job)
        with self._jobs.lock:
            # The thread must not wait for space in the queue, because only the thread makes space.
            wait = threading.current_thread() is not self._thread
            future = self._jobs.submit(job, priority, owner, wait)
        self._events.put(lambda: None)  # the thread assigns what waits after every event
        return future

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``RayJudgePool.cancel``."""
        future.cancel()
        with self._jobs.lock:
            for shard in self._assigned():
                if shard.parent.future is future:
                    self._jobs.finish_without_verdict(shard.parent)
        self._jobs.set_results()

    def close(self) -> None:
        """See ``RayJudgePool.close``."""
        if self._process != os.getpid():
            return
        with self._jobs.lock:
            already, self._jobs.closed = self._jobs.closed, True
            self._jobs.end_all(self._jobs.queue.clear(), STOPPED)
        if not already:
            self._events.put(None)
            if threading.current_thread() is not self._thread:
                self._thread.join()
            with self._jobs.lock:
                self._jobs.end_all([*self._assigned(), *self._jobs.queue.clear()], STOPPED)
            self._leave()
        self._jobs.set_results()

    def processes(self) -> list[int]:
        """See ``RayJudgePool.processes``."""
        with self._jobs.lock:
            return [worker.pid for worker in self._workers if worker.pid]

    def _leave(self) -> None:
        """Stop the actors, and leave the cluster if this pool joined it."""
        if self._ray.is_initialized():  # else the process has left the cluster, and a call of Ray would join one again
            for worker in self._workers:
                self._ray.kill(worker.actor)
            if self._joined_here:
                self._ray.shutdown()
        self._workers.clear()
        self._problems.clear()

    def _assigned(self) -> list[Shard]:
        return [worker.shard for worker in self._workers if worker.shard is not None]

    # --- the thread: assigning jobs -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                if self._ray.is_initialized():
                    event()
                    self._assign()
                else:
                    self._end_all("this process has left its Ray cluster")
            except Exception as error:  # noqa: BLE001 - Ray may raise anything when the cluster is lost
                self._end_all(f"Ray failed ({first_line(error)})")
            self._jobs.set_results()

    def _assign(self) -> None:
        """Assign queued jobs to idle actors; start actors while there are fewer than jobs."""
        while True:
            with self._jobs.lock:
                if self._jobs.closed or not self._jobs.queue:
                    return
                worker = self._idle_worker()
                if worker is None:
                    if len(self._workers) >= self._max_workers:
                        return
                    starting = sum(not each.pid for each in self._workers)
                    if starting >= len(self._jobs.queue):
                        return
                    worker = RayWorkerHandle(self._actor.remote(self._pickled_arguments))
                    self._workers.append(worker)
                    self._call_back(worker.actor.process.remote(), partial(self._started, worker))
                    continue
                _, shard = self._jobs.take()
                if not shard.parent.start():
                    self._idle.appendleft(worker)
                    continue
                worker.shard = shard
            self._send(worker, shard)

    def _idle_worker(self) -> RayWorkerHandle | None:
        while self._idle:
            worker = self._idle.popleft()
            if worker.pid and worker.shard is None and not worker.lost:
                return worker
        return None

    def _set_idle(self, worker: RayWorkerHandle) -> None:
        worker.shard = None
        self._idle.append(worker)

    def _send(self, worker: RayWorkerHandle, shard: Shard) -> None:
        try:
            shard.job.tests()
            stored = self._problems[shard.job.problem]
        except Exception as error:  # noqa: BLE001 - the problem may be invalid, or hold what cannot be pickled
            with self._jobs.lock:
                self._set_idle(worker)
                self._jobs.fail(shard.parent, error)
            return
        if stored.reference is None:
            stored.reference, stored.pickled = self._ray.put(stored.pickled), b""
        worker.answer = worker.actor.judge.remote(job_to_tuple(shard.job, stored.key), [stored.reference])
        self._call_back(worker.answer, partial(self._answered, worker, shard))

    def _call_back(self, reference: Any, handle: Callable[[Future[Any]], None]) -> None:
        """Have the thread call ``handle`` with the future of a reference when that is done."""
        reference.future().add_done_callback(lambda future: self._events.put(lambda: handle(future)))

    def _cancel_later(self, shards: Collection[Shard]) -> None:
        """Have the thread cancel shards: Ray must not be called while the lock is held by a caller's thread."""
        self._events.put(lambda: self._cancel(shards))

    def _cancel(self, shards: Collection[Shard]) -> None:
        for worker in self._workers:
            if worker.shard in shards:
                with contextlib.suppress(Exception):  # the job then runs to its end, and harms no other
                    self._ray.cancel(worker.answer)

    # --- the thread: answers and lost actors --------------------------------------------------------------------------

    def _started(self, worker: RayWorkerHandle, future: Future[Any]) -> None:
        if (error := future.exception()) is None:
            worker.pid = future.result()
            self._set_idle(worker)
            return
        self._lost(worker)
        with self._jobs.lock:
            if self._jobs.queue and not self._workers:
                _, shard = self._jobs.take()
                if shard.parent.start():
                    retry(self._jobs, shard, f"no worker could be started ({first_line(error)})")

    def _still_runs(self, worker: RayWorkerHandle, future: Future[Any]) -> None:
        if future.exception() is None:
            worker.pid = future.result()
            self._set_idle(worker)
        else:
            self._lost(worker)

    def _answered(self, worker: RayWorkerHandle, shard: Shard, future: Future[Any]) -> None:
        if worker.shard is not shard:
            return
        error = future.exception()
        if error is None:
            self._set_idle(worker)
            self._store(shard, *future.result())
        elif isinstance(error, self._ray.exceptions.TaskCancelledError):  # the actor itself still runs
            self._set_idle(worker)
            with self._jobs.lock:
                retry(self._jobs, shard, "it was cancelled")
        else:
            self._lost(worker)
            self._problems.drop(shard.job.problem)  # the problem in the object store may be what was lost
            with self._jobs.lock:
                retry(self._jobs, shard, "the worker that judged it was lost")

    def _store(self, shard: Shard, kind: str, content: bytes) -> None:
        try:
            value = pickle.loads(content)
        except Exception as unknown:  # noqa: BLE001 - the class of the error may not exist in this process
            kind, value = "raised", unknown
        with self._jobs.lock:
            if kind == "raised":
                self._jobs.fail(shard.parent, value)
            else:
                self._jobs.collect(shard, value)

    def _lost(self, worker: RayWorkerHandle) -> None:
        """Remove a lost actor. Its machine may be lost with others, so ask the idle ones whether they still run."""
        with self._jobs.lock:
            if worker in self._workers:
                self._workers.remove(worker)
            idle = [other for other in self._workers if other.pid and other.shard is None]
            for other in idle:
                other.pid = 0
        worker.shard, worker.lost = None, True
        self._ray.kill(worker.actor)  # it may only be out of reach
        for other in idle:
            self._call_back(other.actor.process.remote(), partial(self._still_runs, other))

    def _end_all(self, reason: str) -> None:
        """Give all jobs ``NO_VERDICT``. The pool stays open: this process may join a cluster again."""
        with self._jobs.lock:
            shards = [*self._assigned(), *self._jobs.queue.clear()]
            for worker in self._workers:
                worker.lost = True
            self._workers.clear()
            for shard in shards:
                shard.parent.start()
            self._jobs.end_all(shards, reason)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message; those of Ray have a page."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
