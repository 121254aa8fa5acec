"""Who judges what on a Ray cluster: gives jobs to actors, and collects what they say."""

from __future__ import annotations

import contextlib
import itertools
import os
import pickle
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from functools import partial
from typing import Any

from rlef_env.errors import UsageError
from rlef_env.judge import ATTEMPTS, FairPriorityQueue, JudgeJob, Judgement, check_job, needed_to_judge, no_verdict
from rlef_env.judge.pool.packing import pack_job
from rlef_env.judge.pool.ray.worker import MOST_PROBLEMS, RayWorker
from rlef_env.problems import Problem

__all__ = ["RayScheduler"]


class Shard(Future[Judgement]):
    """A job: what is returned for it, and how often it was lost."""

    def __init__(self, job: JudgeJob) -> None:
        super().__init__()
        self.job, self.attempts = job, 0

    def start(self) -> bool:
        """Whether it is still to be judged; it can be cancelled no more."""
        if self.running() or (self.done() and not self.cancelled()):  # it was lost, and perhaps given up since
            return self.running()
        return self.set_running_or_notify_cancel()

    def end(self, judgement: Judgement) -> None:
        """Say what came of it, unless it was given up."""
        with contextlib.suppress(InvalidStateError):
            self.set_result(judgement)

    def fail(self, error: BaseException) -> None:
        """Say what went wrong, unless it was given up."""
        with contextlib.suppress(InvalidStateError):
            self.set_exception(error)


@dataclass(eq=False)
class Worker:
    """An actor as its owner sees it: its process id once it works, what it was given, and where Ray will say more."""

    actor: Any
    pid: int = 0
    task: Shard | None = None
    said: Any = None


class RayScheduler:
    """Gives jobs to actors and collects what they say, in a thread that holds no reference to the ``RayJudgePool``.

    Args:
        workers: how many actors at most.
        cores: what Ray sets aside for each.
        max_pending: jobs that may wait.
        arguments: of each actor's ``Judge``.
        joined_here: leave the cluster at the end.
    """

    def __init__(
        self, workers: int, cores: float, max_pending: int, arguments: Mapping[str, Any], joined_here: bool
    ) -> None:
        import ray

        self._ray = ray
        self._actor = ray.remote(num_cpus=cores, max_restarts=0, max_task_retries=0)(RayWorker)
        self._workers, self._max_pending, self._arguments = workers, max_pending, dict(arguments)
        self._joined_here = joined_here
        self._lock = threading.RLock()
        self._room = threading.Condition(self._lock)
        self._queue: FairPriorityQueue[Shard] = FairPriorityQueue()
        self._numbers = itertools.count()
        self._worker_set: list[Worker] = []
        self._stored: OrderedDict[int, tuple[int, Any, Problem]] = OrderedDict()
        self._closed = False
        self._process = os.getpid()
        # Ray calls back in a thread of its own, which must not wait for us; and so may Ray not be called from it.
        self._heard: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ray-judge", daemon=True)
        self._thread.start()

    # --- what callers ask ---------------------------------------------------------------------------------------------

    def submit(self, job: JudgeJob, priority: int, owner: Hashable) -> Future[Judgement]:
        """See ``JudgePool.submit``."""
        check_job(job)
        if self._process != os.getpid():  # before the lock, which may have been held when this process was forked
            raise UsageError("a RayJudgePool serves the process that made it; make one in this process")
        task = Shard(job)
        with self._room:
            if threading.current_thread() is not self._thread:  # which alone makes room
                self._room.wait_for(lambda: self._closed or len(self._queue) < self._max_pending)
            if self._closed:
                raise UsageError("the pool is closed; make a new one")
            self._queue.put(task, priority, owner)
        self._heard.put(lambda: None)  # the thread hands out what waits
        return task

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``JudgePool.cancel``."""
        if isinstance(future, Shard) and not future.cancel() and not future.done():
            self._answer(future)
            self._heard.put(lambda: self._leave(future))

    def close(self) -> None:
        """See ``JudgePool.close``."""
        if self._process != os.getpid():
            return
        with self._room:
            already, self._closed = self._closed, True
            waiting = self._queue.clear()
            self._room.notify_all()
        if already:
            return
        self._heard.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        with self._lock:
            waiting += self._queue.clear()  # what was lost meanwhile
        for task in waiting:
            if not task.cancel():  # it was lost, and about to be judged again
                self._answer(task)
        joined = self._ray.is_initialized()  # or its owner was quicker to leave; to ask anything would join anew
        for worker in self._worker_set:
            if joined:
                self._ray.kill(worker.actor)
            if worker.task is not None:
                self._answer(worker.task)
        self._worker_set.clear()
        self._stored.clear()
        if joined and self._joined_here:
            self._ray.shutdown()

    def processes(self) -> list[int]:
        """See ``JudgePool.processes``."""
        with self._lock:
            return [worker.pid for worker in self._worker_set if worker.pid]

    # --- the thread ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (heard := self._heard.get()) is not None:
            self._hear(heard)

    def _hear(self, heard: Callable[[], object]) -> None:
        try:
            if not self._ray.is_initialized():
                self._leave_all("this process has left its Ray cluster")
                return
            heard()
            self._dispatch()
        except Exception as error:  # noqa: BLE001 - whatever Ray raises where its cluster is gone
            self._leave_all(f"Ray failed ({first_line(error)})")

    def _dispatch(self) -> None:
        """Give what waits to workers that have nothing to do, and ask Ray for more workers while there are too few."""
        while True:
            with self._lock:
                free = next((worker for worker in self._worker_set if worker.pid and worker.task is None), None)
                if self._closed or not self._queue:
                    return
                if free is None:
                    starting = sum(not worker.pid for worker in self._worker_set)
                    if starting < len(self._queue) and len(self._worker_set) < self._workers:
                        self._hire()
                        continue
                    return
                _, task = self._queue.pop()
                self._room.notify()
            if task.start():
                self._give(free, task)

    def _hire(self) -> None:
        worker = Worker(self._actor.remote(self._arguments))
        self._worker_set.append(worker)
        self._listen(worker.actor.process.remote(), partial(self._started, worker))

    def _give(self, worker: Worker, task: Shard) -> None:
        job = task.job
        try:
            job.tests()
            content = b"" if id(job.problem) in self._stored else pickle.dumps(needed_to_judge(job.problem))
        except Exception as error:  # noqa: BLE001 - a job that makes no sense, or cannot be sent
            task.fail(error)
            return
        worker.task = task
        key, stored = self._store(job.problem, content)
        worker.said = worker.actor.judge.remote(pack_job(job, key), [stored])
        self._listen(worker.said, partial(self._judged, worker, task))

    def _leave(self, task: Shard) -> None:
        """Tell who judges it that nobody needs it."""
        for worker in self._worker_set:
            if worker.task is task:
                with contextlib.suppress(Exception):  # then it runs to its end, and nobody else is to suffer
                    self._ray.cancel(worker.said)

    def _store(self, problem: Problem, content: bytes) -> tuple[int, Any]:
        """The key of a problem and the reference of its bytes, which go into the object store once."""
        entry = self._stored.pop(id(problem), None)
        if entry is None:
            entry = (next(self._numbers), self._ray.put(content), problem)
        self._stored[id(problem)] = entry
        if len(self._stored) > MOST_PROBLEMS:
            self._stored.popitem(last=False)
        return entry[:2]

    def _listen(self, reference: Any, then: Callable[[Future[Any]], None]) -> None:
        reference.future().add_done_callback(lambda said: self._heard.put(lambda: then(said)))

    # --- what actors say ----------------------------------------------------------------------------------------------

    def _started(self, worker: Worker, said: Future[Any]) -> None:
        if (error := said.exception()) is None:
            worker.pid = said.result()
            return
        self._lost(worker)
        with self._lock:
            waiting = self._queue.pop()[1] if self._queue and not self._worker_set else None
        if waiting is not None and waiting.start():
            self._again(waiting, f"no worker could be started ({first_line(error)})")

    def _asked(self, worker: Worker, said: Future[Any]) -> None:
        if said.exception() is None:
            worker.pid = said.result()
        else:
            self._lost(worker)

    def _judged(self, worker: Worker, task: Shard, said: Future[Any]) -> None:
        if worker.task is not task:
            return
        error = said.exception()
        if isinstance(error, self._ray.exceptions.TaskCancelledError):  # the actor itself is well
            worker.task = None
            if not task.done():
                self._again(task, "it was cancelled")
            return
        if error is not None:
            self._lost(worker)
            self._stored.pop(id(task.job.problem), None)  # it may be that which was lost
            self._again(task, "the worker that judged it was lost")
            return
        worker.task = None
        kind, content = said.result()
        try:
            found = pickle.loads(content)
        except Exception as unknown:  # noqa: BLE001 - an error of a kind that is not known here
            kind, found = "raised", unknown
        if kind == "raised":
            task.fail(found)
        else:
            task.end(found)

    def _lost(self, worker: Worker) -> None:
        """Do without a worker. Others may have gone with its machine: the idle ones are to say that they are there."""
        with self._lock:
            if worker in self._worker_set:
                self._worker_set.remove(worker)
            idle = [other for other in self._worker_set if other.pid and other.task is None]
            for other in idle:
                other.pid = 0
        worker.task = None
        self._ray.kill(worker.actor)  # it may only be out of reach
        for other in idle:
            self._listen(other.actor.process.remote(), partial(self._asked, other))

    def _again(self, task: Shard, reason: str) -> None:
        """Judge a task again, before all others, or say that it has no verdict."""
        task.attempts += 1
        if task.attempts == ATTEMPTS:
            self._answer(task, f"{reason} {ATTEMPTS} times")
            return
        with self._lock:
            self._queue.put_first(task)

    def _leave_all(self, reason: str) -> None:
        """Leave no job without an answer."""
        with self._lock:
            tasks = self._queue.clear() + [worker.task for worker in self._worker_set if worker.task]
            self._worker_set.clear()
            self._room.notify_all()
        for task in tasks:
            if task.start():
                self._answer(task, reason)

    def _answer(self, task: Shard, *reason: str) -> None:
        """Say that a job has no verdict."""
        task.end(no_verdict(task.job, self._arguments["isolation"], *reason))


def first_line(error: BaseException) -> str:
    """What an error says first; Ray's go on for a page."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
