"""Who judges what: the thread of a pool that gives tasks to worker processes and collects what they say.

Where few jobs wait, a worker has one at a time, and its answer is taken at once. To wake for each of a thousand costs
this process more than all it does with the answer. So where many wait, a worker is given some ahead, as many as it does
in ``HOLD_SECONDS`` and never more than a small share of what waits; it rings when it is about to run out of work, and
its answers are taken together. What a worker has ahead is taken back when its program sleeps or takes long.
"""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

from rlef_env.errors import UsageError
from rlef_env.judge.job import STOPPED, JudgeJob, check_job, no_verdict
from rlef_env.judge.judge import ATTEMPTS, factor_of
from rlef_env.judge.judgement import Judgement
from rlef_env.judge.pool.fair_queue import FairPriorityQueue, Place
from rlef_env.judge.pool.packing import unpack
from rlef_env.judge.pool.sharded_job import Shard, ShardedJob
from rlef_env.judge.pool.verdict_cache import VerdictCache, content_key, content_of
from rlef_env.judge.pool.workers.worker_handle import Answer, WorkerHandle, pickle_arguments
from rlef_env.judge.pool.workers.worker_set import WorkerSet
from rlef_env.problems import Problem

__all__ = ["Scheduler"]

HOLD_SECONDS: Final = 1.0  # how long an answer may lie while its worker has more to do
LEAST_SECONDS: Final = 1e-3
MOST_AHEAD: Final = 32  # tasks
AHEAD_OF: Final = 8  # a worker has ahead at most one in so many of its share of what waits
MOST_KEYS: Final = 256
MOST_STILLBORN: Final = 20  # workers lost in a row before they said anything, at which no program is to blame
LIVE: weakref.WeakSet[Scheduler] = weakref.WeakSet()


class Scheduler:
    """Gives tasks to workers and collects what they say; its thread holds no reference to the pool itself.

    Args:
        workers: tasks that run at once, sleeping ones not counted.
        spare: workers beyond.
        max_pending: jobs that may wait.
        arguments: of each worker's ``Judge``.
        cache: verdicts that are known already.
    """

    def __init__(
        self, workers: int, spare: int, max_pending: int, arguments: Mapping[str, Any], cache: VerdictCache | None
    ) -> None:
        self._cache = cache
        self._workers, self._max_pending, self._arguments = workers, max_pending, arguments
        self._worker_set = WorkerSet(workers, spare, pickle_arguments(arguments))
        self._lock = threading.RLock()
        self._room = threading.Condition(self._lock)
        self._queue: FairPriorityQueue[Shard] = FairPriorityQueue()
        self._numbers = itertools.count()
        self._told: set[WorkerHandle] = set()  # those of the crew that have something to be sent
        self._cold: deque[deque[Shard]] = deque()  # jobs that warm a worker, which is not chosen yet
        self._warming: dict[WorkerHandle, deque[Shard]] = {}  # what is left of them for a worker
        self._seconds = HOLD_SECONDS  # that a task takes, lately
        self._stillborn = 0  # workers lost before they said a word, since one last said something
        self._keys: OrderedDict[int, tuple[int, Problem]] = OrderedDict()
        self._contents: dict[int, tuple[bytes, Problem]] = {}
        self._done: deque[Callable[[], object]] = deque()
        self._closed = self._released = False
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="judge-pool", daemon=True)
        self._thread.start()
        LIVE.add(self)

    # --- what callers ask ---------------------------------------------------------------------------------------------

    def submit(self, job: JudgeJob, priority: int, owner: Hashable) -> Future[Judgement]:
        """See ``JudgePool.submit``."""
        check_job(job)
        if self._process != os.getpid():  # before the lock, which may have been held when this process was forked
            raise UsageError("a JudgePool serves the process that made it; make one in this process")
        work = ShardedJob(job)
        if self._cache is not None and job.problem.checker.name not in self._arguments["checkers"]:
            work.key = content_key(job, self._content(job), self._arguments)
            if (known := self._cache.get(work.key)) is not None:
                work.future.set_result(known)
                return work.future
        with self._lock:
            if threading.current_thread() is not self._thread:  # which alone makes room
                while not self._closed and len(self._queue) >= self._max_pending:
                    self._room.wait()
            if self._closed:
                raise UsageError("the pool is closed; make a new one")
            others_wait = len(self._queue) > 0  # so there is no free worker
            self._queue.put(work.tasks[0], priority, owner)
            if not others_wait:
                self._dispatch()
        self._settle()
        return work.future

    def warm(self, jobs: Sequence[JudgeJob]) -> list[list[Future[Judgement]]]:
        """Have each of as many workers as there usually are judge all these jobs; see ``JudgePool.warm``.

        Returns:
            For each of the workers the futures of the jobs, in order.
        """
        if self._process != os.getpid():
            raise UsageError("a JudgePool serves the process that made it; make one in this process")
        works = [[ShardedJob(job) for job in jobs] for _ in range(self._workers)]
        with self._lock:
            if self._closed:
                raise UsageError("the pool is closed; make a new one")
            self._cold.extend(deque(work.tasks[0] for work in those) for those in works)
            self._dispatch()
        self._settle()
        return [[work.future for work in those] for those in works]

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``JudgePool.cancel``."""
        future.cancel()
        with self._lock:
            for task in [task for worker in self._worker_set for task in worker.tasks() if task.work.future is future]:
                self._finish(task.work, no_verdict(task.work.job, self._arguments["isolation"]))
                self._drop([task])  # it may have been cancelled while a worker had it ahead
        self._settle()

    def close(self) -> None:
        """See ``JudgePool.close``."""
        if self._process != os.getpid():
            return
        with self._lock:
            already, self._released = self._released, True
            self._closed = True
            self._leave_all(STOPPED)
        if not already:
            self._worker_set.ring()
            if threading.current_thread() is not self._thread:
                self._thread.join()
            self._worker_set.close()
        self._settle()

    def processes(self) -> list[int]:
        """See ``JudgePool.processes``."""
        with self._lock:
            return [worker.pid for worker in self._worker_set if worker.pid]

    def forget(self) -> None:
        """In a forked child: let go of what is the parent's, without a word to anybody."""
        self._worker_set.forget()

    # --- who gets what ------------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Give what waits to workers that are free."""
        self._warm_workers()
        while self._queue and not self._closed:
            try:
                worker = self._worker_set.free(fresh=self._queue.first().attempts > 0)
            except OSError as error:  # no descriptors or memory left for a worker: go on with those there are
                if self._worker_set:
                    break
                self._again(self._queue.pop()[1], f"no worker could be started ({error})")
                continue
            if worker is None:
                break
            place, task = self._queue.pop()
            self._room.notify()
            work = task.work
            alone = not work.started and not self._queue
            if not work.start():
                continue
            if alone and not self._split(work, place):
                continue
            self._give(worker, task, ahead=False)
        self._flush()

    def _warm_workers(self) -> None:
        """Give workers that have nothing to do the next of the jobs that warm them, one at a time: many take long."""
        while self._cold:
            try:
                worker = self._worker_set.idle_or_new(self._warming)
            except OSError:  # no descriptors or memory left: whoever is there judges them
                worker = None
            tasks = self._cold.popleft()
            if worker is None:
                for task in tasks:
                    self._queue.put_first(task)
            else:
                self._warming[worker] = tasks
        for worker, tasks in list(self._warming.items()):
            while tasks and not worker.load:
                if (task := tasks.popleft()).work.start():
                    self._give(worker, task, ahead=False)
            if not tasks:
                self._warming.pop(worker, None)
        self._flush()

    def _split(self, work: ShardedJob, place: Place) -> bool:
        """Spread a job over the workers that are idle; False where it makes no sense, and has failed."""
        try:
            parts = work.split(self._workers - self._worker_set.awake())
        except Exception as error:  # noqa: BLE001 - the problem may be anything
            self._fail(work, error)
            return False
        for part in parts:
            self._queue.put_at(place, part)
        return True

    def _dispatch_ahead(self) -> None:
        """Where many wait, give workers what they will do next."""
        most = min(MOST_AHEAD, len(self._queue) // (AHEAD_OF * self._workers), int(HOLD_SECONDS / self._seconds))
        for worker in self._worker_set:
            if worker.goes_on(HOLD_SECONDS):
                while 0 < worker.load <= most and self._queue and self._give_ahead(worker):
                    pass
        self._flush()

    def _give_ahead(self, worker: WorkerHandle) -> bool:
        """Give a worker what is next; False where it has no room, or that has lost a worker before."""
        task = self._queue.first()
        return not task.attempts and self._give(worker, task, ahead=True)

    def _give(self, worker: WorkerHandle, task: Shard, ahead: bool) -> bool:
        """Give a worker a task, ``ahead`` of its time the one that is next in the queue; False where it has no room."""
        ticket, (key, problem) = next(self._numbers), self._known(task.job.problem)
        try:
            told = worker.order(ticket, task.job, key, problem)
        except Exception as error:  # noqa: BLE001 - a job that cannot be sent
            self._fail(task.work, error)
            self._drop([task])  # also where it was cancelled
            return True
        if ahead:
            if not worker.has_room(told):
                return False
            self._queue.pop()
            self._room.notify()
            if task.work.future.cancelled():
                task.work.start()
                return True
        worker.give(ticket, task, key, told)
        self._told.add(worker)
        return True

    def _flush(self) -> None:
        """Send what workers were given."""
        while self._told:
            worker = self._told.pop()
            try:
                worker.channel.flush()
            except OSError:
                while worker in self._worker_set and worker.channel.waits():  # what it said before it was gone counts
                    self._hear(worker)
                self._lost(worker)

    def _take_back(self, worker: WorkerHandle) -> None:
        """What a worker has not begun is judged elsewhere."""
        ahead = worker.tasks()[1:] if worker.runs() is not None else worker.tasks()
        worker.cancel(ahead)
        for task in ahead:
            self._queue.put_first(task)

    def _known(self, problem: Problem) -> tuple[int, Problem]:
        """A key for a problem, as long as it is among those used last: workers keep what they were sent by key."""
        entry = self._keys.pop(id(problem), None)
        if entry is None:
            entry = (next(self._numbers), problem)
        self._keys[id(problem)] = entry
        if len(self._keys) > MOST_KEYS:
            self._keys.popitem(last=False)
        return entry

    # --- what workers say ---------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """The thread: wait for workers to ring until the pool is closed."""
        while self._is_open():  # somebody who was told something by _settle may have closed it
            self._worker_set.wait(self._patience())
            with self._lock:
                if self._closed:
                    return
                try:
                    self._go_on()
                except Exception as error:  # noqa: BLE001 - nobody is to wait for ever, whatever we did wrong
                    self._closed = True
                    self._leave_all(f"the pool failed ({type(error).__name__}: {error})")
            self._settle()

    def _go_on(self) -> None:
        while heard := self._worker_set.heard():
            for worker in heard:
                self._hear(worker)
        self._worker_set.let_go()
        for worker in self._worker_set:
            if worker.load > 1 and not worker.goes_on(HOLD_SECONDS):
                self._take_back(worker)
        self._dispatch()
        self._dispatch_ahead()

    def _is_open(self) -> bool:
        return not self._closed

    def _patience(self) -> float | None:
        with self._lock:
            if any(worker.load for worker in self._worker_set):
                return HOLD_SECONDS
            return self._worker_set.patience()

    def _hear(self, worker: WorkerHandle) -> None:
        answers = worker.hear()
        while True:
            try:
                answer = next(answers, None)
            except Exception:  # noqa: BLE001 - it is gone, or makes no sense
                self._lost(worker)
                return
            self._stillborn = 0
            if answer is None:
                return
            if answer.task is not None and not answer.task.work.finished:
                self._answered(answer.task, answer)

    def _answered(self, task: Shard, answer: Answer) -> None:
        self._seconds += (max(answer.seconds, LEAST_SECONDS) - self._seconds) / 8
        if answer.judgement is None:
            assert answer.error is not None
            self._fail(task.work, answer.error)
        else:
            self._collect(task, unpack(answer.judgement))

    def _collect(self, task: Shard, judgement: Judgement) -> None:
        work = task.work
        if work.parts[task.part] is not None:
            return
        self._drop(work.put(task.part, judgement))
        if (whole := work.judgement()) is not None:
            self._finish(work, whole)
        else:
            for held in work.release():
                self._queue.put_first(held)

    def _lost(self, worker: WorkerHandle) -> None:
        """A worker is gone: judge again what it had, elsewhere."""
        if worker not in self._worker_set:
            return
        self._worker_set.part(worker)
        self._told.discard(worker)
        for task in self._warming.pop(worker, ()):
            self._queue.put_first(task)
        self._worker_set.ring()  # somebody else is to be found, also where the thread has looked already
        self._stillborn += not worker.began
        ran = worker.runs() if worker.began or self._stillborn > MOST_STILLBORN else None
        for task in worker.tasks():
            if task is ran:
                self._again(task, "the worker that judged it was lost")
            else:
                self._queue.put_first(task)

    def _again(self, task: Shard, reason: str) -> None:
        """Judge a task again, before all others, or say that it has no verdict."""
        if task.work.finished:
            return
        task.attempts += 1
        if task.attempts < ATTEMPTS:
            self._queue.put_first(task)
        else:
            reason = f"{reason} {ATTEMPTS} times"
            self._finish(task.work, no_verdict(task.work.job, self._arguments["isolation"], reason))

    def _drop(self, tasks: list[Shard]) -> None:
        """Nobody needs these any more: end those that run, and leave those that wait."""
        if not tasks:
            return  # as for nearly every job: the queue may be long
        self._queue.remove(tasks)
        self._room.notify(len(tasks))
        for worker in self._worker_set:
            worker.cancel(tasks)

    def _finish(self, work: ShardedJob, judgement: Judgement) -> None:
        if work.start():
            work.finished = True
            self._drop(work.leave(work.tasks))
            if self._cache is not None and work.key:
                factor = factor_of(self._arguments["time_factor"], work.job.program)
                self._cache.put(work.key, work.job, judgement, factor)
            self._done.append(lambda: work.future.set_result(judgement))

    def _fail(self, work: ShardedJob, error: BaseException) -> None:
        if work.start():
            work.finished = True
            self._drop(work.leave(work.tasks))
            self._done.append(lambda: work.future.set_exception(error))

    def _leave_all(self, reason: str) -> None:
        """Cancel what waits, and say that what runs has no verdict."""
        tasks = [task for worker in self._worker_set for task in worker.tasks()] + self._queue.clear()
        tasks += [task for those in (*self._cold, *self._warming.values()) for task in those]
        self._cold.clear()
        self._warming.clear()
        for worker in self._worker_set:
            if (task := worker.runs()) is not None:
                task.work.start()
        for work in dict.fromkeys(task.work for task in tasks):
            if work.started:
                self._finish(work, no_verdict(work.job, self._arguments["isolation"], reason))
            elif not work.finished:
                work.finished = True
                self._done.append(work.future.cancel)
        self._room.notify_all()

    def _settle(self) -> None:
        """Tell callers, without the lock: what they do then may be anything."""
        while self._done:
            try:
                tell = self._done.popleft()
            except IndexError:
                return
            tell()

    # --- the cache ----------------------------------------------------------------------------------------------------

    def _content(self, job: JudgeJob) -> bytes:
        """The digest of a job's problem, remembered for those used last."""
        known = self._contents.get(id(job.problem))
        if known is None or known[1] is not job.problem:
            known = self._contents[id(job.problem)] = (content_of(job), job.problem)
            if len(self._contents) > MOST_KEYS:
                self._contents.pop(next(iter(self._contents)), None)
        return known[0]


def forget_all() -> None:
    """In a forked child: the pools are the parent's."""
    for dispatcher in list(LIVE):
        dispatcher.forget()


os.register_at_fork(after_in_child=forget_all)
