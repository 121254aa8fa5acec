"""Many programs judged at once: worker processes, each with a judge of its own, and who gets what next."""

from __future__ import annotations

import heapq
import itertools
import os
import pickle
import selectors
import threading
import time
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Final

from rlef_env.errors import UsageError
from rlef_env.judge.cache import VerdictCache, content_key, content_of
from rlef_env.judge.groups import judgement_of
from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judge import ATTEMPTS, UNDECIDED, Judge, TimeFactor, kind_of
from rlef_env.judge.packing import unpack
from rlef_env.judge.verdict import Judgement, TestResult, Verdict
from rlef_env.judge.worker_process import Server, WorkerProcess
from rlef_env.problems import ROLES, Problem, Role
from rlef_env.sandbox import Program

__all__ = ["JudgePool", "default_workers"]

LEAST_SHARE: Final = 8  # tests of one program that are worth another worker's time to compile it
CANCELLED: Final = "stopped"
SPARE_SECONDS: Final = 30.0  # after so long without work, a worker that is there because others slept is let go


def default_workers() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class JudgePool:
    """Judges of the same kind, in processes of their own, working side by side.

    It serves all threads of the process that made it. Where several programs wait, each owner's turn comes round,
    and a higher priority goes first. The tests of one program are spread over workers that have nothing else to do. A
    worker that is lost is replaced and its program judged again; one that is lost three times over has no verdict.

    Args:
        workers: how many programs are judged at once; the number of cores by default. A program that sleeps holds no
            core, so that a further worker takes its place meanwhile.
        isolation: as for ``Judge``.
        time_factor: as for ``Judge``.
        numpy: as for ``Judge``.
        most_waiting: how many jobs may wait; ``submit`` blocks beyond.
        cache: remembers verdicts by content; None judges everything anew. It is not closed with the pool.
        most_sleeping: workers that may be there beyond ``workers``, for programs that sleep; 4 times as many by
            default.

    Raises:
        UsageError: an argument has a value that is not supported.
    """

    def __init__(
        self,
        workers: int | None = None,
        isolation: str = "locked",
        time_factor: TimeFactor = 1.0,
        numpy: bool = False,
        most_waiting: int = 100_000,
        most_sleeping: int | None = None,
        cache: VerdictCache | None = None,
    ) -> None:
        arguments = {"isolation": isolation, "time_factor": time_factor, "numpy": numpy}
        Judge(**arguments)  # type: ignore[arg-type]  # refuses what is wrong, and starts nothing
        self.workers = workers or default_workers()
        self.isolation = isolation
        spare = 4 * self.workers if most_sleeping is None else most_sleeping
        self._dispatcher = Dispatcher(self.workers, spare, most_waiting, arguments, cache)
        self._finalizer = weakref.finalize(self, self._dispatcher.close)

    def __enter__(self) -> JudgePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> JudgePool:
        """Itself: Gymnasium copies the arguments of ``make``, and a pool is shared, not copied."""
        return self

    def __reduce__(self) -> Any:
        raise UsageError("a JudgePool serves the process that made it: expected not to be sent; make one over there")

    def close(self) -> None:
        """Drop what waits, end what runs (with ``NO_VERDICT``), and end the workers. Safe to call twice."""
        self._finalizer()

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """Queue a job; blocks while ``most_waiting`` others wait.

        Args:
            job: what to judge.
            priority: higher goes first.
            owner: whose job it is: where many jobs wait, owners take turns.

        Raises:
            UsageError: the pool is closed, or was made by another process.
        """
        return self._dispatcher.submit(job, priority, owner)

    def judge(
        self,
        problem: Problem,
        program: Program,
        roles: Sequence[Role] = ROLES,
        stop_early: bool = True,
        limit: int | None = None,
        first: int = 0,
    ) -> Judgement:
        """Judge a program and wait for the judgement; as ``Judge.judge``, and from any thread."""
        return self.submit(JudgeJob(problem, program, tuple(roles), stop_early, limit, first)).result()

    def judge_all(self, jobs: Iterable[JudgeJob]) -> Iterator[Judgement]:
        """Judge all jobs and yield their judgements in the jobs' order; at most a few are taken ahead of time."""
        waiting: deque[Future[Judgement]] = deque()
        for job in jobs:
            waiting.append(self.submit(job))
            if len(waiting) >= 4 * self.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def processes(self) -> list[int]:
        """The process ids of the workers that are there now."""
        return self._dispatcher.processes()


@dataclass
class Work:
    """A job, split into parts or whole, and what has come of them.

    Attributes:
        job: what was submitted.
        future: what was returned for it.
        parts: the judgement of each part, in order; None where it is due.
        tasks: the parts that wait or run.
        finished: whether the future has, or is about to have, its result.
        key: in the cache of verdicts; empty without one.
    """

    job: JudgeJob
    future: Future[Judgement]
    parts: list[Judgement | None] = field(default_factory=lambda: [None])
    tasks: list[Task] = field(default_factory=list)
    finished: bool = False
    key: bytes = b""

    def judgement(self) -> Judgement | None:
        """The judgement, if the parts that are there decide it."""
        if len(self.parts) == 1:
            return self.parts[0]
        results: list[TestResult] = []
        isolation = "locked"
        for part in self.parts:
            if part is None:
                return None
            results += part.results
            isolation = part.isolation
            if part.verdict is Verdict.NO_VERDICT and not part.results:
                return part
            if self.job.stop_early and part.verdict not in UNDECIDED:
                break
        return judgement_of(self.job.problem, results, len(self.job.tests()), isolation)


@dataclass(eq=False)
class Task:
    """A part of a job for one worker: ``job`` says which tests."""

    work: Work
    part: int
    job: JudgeJob
    attempts: int = 0


class Dispatcher:
    """Gives tasks to workers and collects what they say; its thread holds no reference to the pool itself.

    Args:
        workers: tasks that run at once, sleeping ones not counted.
        spare: workers beyond.
        most_waiting: jobs that may wait.
        arguments: of each worker's ``Judge``.
        cache: verdicts that are known already.
    """

    def __init__(
        self, workers: int, spare: int, most_waiting: int, arguments: Mapping[str, Any], cache: VerdictCache | None
    ) -> None:
        self._cache = cache
        self._workers, self._spare, self._most_waiting = workers, spare, most_waiting
        self._arguments = arguments
        self._lock = threading.RLock()
        self._room = threading.Condition(self._lock)
        self._queue: list[tuple[int, int, int, Task]] = []
        self._numbers = itertools.count()
        self._round = 0
        self._rounds: dict[Hashable, int] = {}
        self._server: Server | None = None
        self._crew: list[WorkerProcess] = []
        self._keys: OrderedDict[int, tuple[int, Problem]] = OrderedDict()
        self._contents: dict[int, tuple[bytes, Problem]] = {}
        self._done: deque[Callable[[], object]] = deque()
        self._closed = False
        self._process = os.getpid()
        self._wake_reader, self._wake_writer = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake_reader, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="judge-pool", daemon=True)
        self._thread.start()
        LIVE.add(self)

    # --- what callers ask ---------------------------------------------------------------------------------------------

    def submit(self, job: JudgeJob, priority: int, owner: Hashable) -> Future[Judgement]:
        """See ``JudgePool.submit``."""
        if not isinstance(job, JudgeJob):
            raise UsageError(f"job: expected a JudgeJob, got {type(job).__name__}")
        if self._process != os.getpid():  # before the lock, which may have been held when this process was forked
            raise UsageError("a JudgePool serves the process that made it; make one in this process")
        work = Work(job, Future())
        if self._cache is not None:
            work.key = content_key(job, self._content(job), self._arguments)
            if (known := self._cache.get(work.key)) is not None:
                work.future.set_result(known)
                return work.future
        with self._room:
            if threading.current_thread() is not self._thread:  # which alone makes room
                self._room.wait_for(lambda: self._closed or len(self._queue) < self._most_waiting)
            if self._closed:
                raise UsageError("the pool is closed; make a new one")
            self._round = self._queue[0][1] if self._queue else self._round
            turn = max(self._round, self._rounds.get(owner, 0) + 1)
            self._rounds[owner] = turn
            self._enqueue(Task(work, 0, job), priority, turn)
            self._dispatch()
        self._settle()
        return work.future

    def close(self) -> None:
        """See ``JudgePool.close``."""
        if self._process != os.getpid():
            return
        with self._room:
            already, self._closed = self._closed, True
            works = {id(task.work): task.work for *_, task in self._queue}
            running = {id(task.work): task.work for worker in self._crew if (task := worker.task) is not None}
            self._queue.clear()
            for key, work in works.items():
                if key not in running and not work.finished:
                    work.finished = True
                    self._done.append(work.future.cancel)
            for work in running.values():
                self._finish(work, no_verdict(work.job, CANCELLED, self._arguments["isolation"]))
            self._room.notify_all()
        if not already:
            os.write(self._wake_writer, b"x")
            if threading.current_thread() is not self._thread:
                self._thread.join()
            for worker in self._crew:
                worker.close()
            self._crew.clear()
            if self._server is not None:
                self._server.close()
            self._selector.close()
            os.close(self._wake_reader)
            os.close(self._wake_writer)
        self._settle()

    def processes(self) -> list[int]:
        """See ``JudgePool.processes``."""
        with self._lock:
            return [worker.pid for worker in self._crew if worker.pid]

    def forget(self) -> None:
        """In a forked child: let go of what is the parent's, without a word to anybody."""
        for worker in self._crew:
            worker.close()
        if self._server is not None:
            self._server.forget()

    # --- who gets what ------------------------------------------------------------------------------------------------

    def _enqueue(self, task: Task, priority: int, turn: int) -> None:
        task.work.tasks.append(task)
        heapq.heappush(self._queue, (-priority, turn, next(self._numbers), task))

    def _dispatch(self) -> None:
        """Give what waits to workers that are free."""
        while self._queue and not self._closed:
            try:
                worker = self._free_worker()
            except OSError as error:  # no descriptors or memory left for a worker: go on with those there are
                if not self._crew:
                    self._again(heapq.heappop(self._queue)[3], f"no worker could be started ({error})")
                    continue
                return
            if worker is None:
                return
            priority, turn, _, task = heapq.heappop(self._queue)
            self._room.notify()
            work = task.work
            if not work.future.running() and not work.finished:
                if not work.future.set_running_or_notify_cancel():
                    work.finished = True
                    continue
                if not self._queue:
                    task = self._split(task, -priority, turn)
            if work.finished:
                continue
            try:
                worker.give(next(self._numbers), task, *self._known(task.job.problem))
            except OSError:
                self._lost(worker)

    def _free_worker(self) -> WorkerProcess | None:
        awake = sum(worker.task is not None and not worker.sleeping for worker in self._crew)
        if awake >= self._workers:
            return None
        free = next((worker for worker in self._crew if worker.task is None), None)
        if free is None and len(self._crew) < self._workers + self._spare:
            free = self._hire()
        return free

    def _hire(self) -> WorkerProcess:
        if self._server is None or not self._server.alive():
            self._server = Server(self._arguments)
        worker = self._server.worker()
        self._crew.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)
        return worker

    def _split(self, task: Task, priority: int, turn: int) -> Task:
        """Spread a program's tests over workers that have nothing else to do; return the first part."""
        job = task.job
        if kind_of(job.problem) != "stdio":
            return task
        idle = self._workers - sum(worker.task is not None and not worker.sleeping for worker in self._crew)
        tests = len(job.tests())
        parts = min(idle, tests // LEAST_SHARE)
        if parts < 2:
            return task
        bounds = [job.first + tests * part // parts for part in range(parts + 1)]
        jobs = [replace(job, first=low, limit=high - low) for low, high in itertools.pairwise(bounds)]
        task.work.parts = [None] * parts
        task.job = jobs[0]
        for part, share in enumerate(jobs[1:], start=1):
            self._enqueue(Task(task.work, part, share), priority, turn)
        return task

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
        """The thread: wait for word from workers until the pool is closed."""
        while True:
            ready = self._selector.select(SPARE_SECONDS if len(self._crew) > self._workers else None)
            with self._lock:
                if self._closed:
                    return
                self._let_go()
                for key, _ in ready:
                    if key.data is not None:
                        self._hear(key.data)
                self._dispatch()
            self._settle()

    def _hear(self, worker: WorkerProcess) -> None:
        try:
            kind, *content = pickle.loads(worker.connection.recv_bytes())
        except (EOFError, OSError):
            self._lost(worker)
            return
        if kind == "ready":
            worker.pid = content[0]
            return
        task = worker.task
        if task is None or content[0] != worker.ticket:
            return
        if kind in ("waiting", "resumed"):
            worker.sleeping = kind == "waiting"
            return
        worker.task, worker.sleeping, worker.idle_since = None, False, time.monotonic()
        if kind == "raised":
            self._fail(task.work, content[1])
        else:
            self._collect(task, unpack(content[1]))

    def _collect(self, task: Task, judgement: Judgement) -> None:
        work = task.work
        if work.finished or work.parts[task.part] is not None:
            return
        work.parts[task.part] = judgement
        if work.job.stop_early and judgement.verdict not in UNDECIDED:
            self._drop([other for other in work.tasks if other.part > task.part])
        if (whole := work.judgement()) is not None:
            self._finish(work, whole)

    def _let_go(self) -> None:
        """End workers beyond the usual number that have had nothing to do for a while."""
        long_ago = time.monotonic() - SPARE_SECONDS
        for worker in reversed(self._crew[:]):  # work is given to the first, so the last are idle
            if len(self._crew) > self._workers and worker.task is None and worker.idle_since < long_ago:
                self._part(worker)

    def _part(self, worker: WorkerProcess) -> None:
        self._crew.remove(worker)
        self._selector.unregister(worker.connection)
        worker.close()

    def _lost(self, worker: WorkerProcess) -> None:
        """A worker is gone: judge again what it had, elsewhere."""
        if worker not in self._crew:
            return
        self._part(worker)
        task, worker.task = worker.task, None
        if task is not None:
            self._again(task, "the worker that judged it was lost")

    def _again(self, task: Task, reason: str) -> None:
        """Judge a task again, before all others, or say that it has no verdict."""
        if task.work.finished:
            return
        task.attempts += 1
        if task.attempts < ATTEMPTS:
            heapq.heappush(self._queue, (-(10**9), 0, next(self._numbers), task))
        else:
            reason = f"{reason} {ATTEMPTS} times"
            self._finish(task.work, no_verdict(task.work.job, reason, self._arguments["isolation"]))

    def _drop(self, tasks: list[Task]) -> None:
        """Nobody needs these any more: end those that run, and leave those that wait."""
        if not tasks:
            return  # as for nearly every job: the queue may be long
        for task in tasks:
            if task.work.parts[task.part] is None:
                task.work.parts[task.part] = Judgement(Verdict.ACCEPTED)
        self._queue = [entry for entry in self._queue if entry[3] not in tasks]
        heapq.heapify(self._queue)
        for worker in self._crew:
            if worker.task in tasks:
                worker.cancel()

    def _finish(self, work: Work, judgement: Judgement) -> None:
        if not work.finished:
            work.finished = True
            self._drop([task for task in work.tasks if work.parts[task.part] is None])
            if self._cache is not None:
                self._cache.put(work.key, work.job, judgement, self._time_factor(work.job))
            self._done.append(lambda: work.future.set_result(judgement))

    def _time_factor(self, job: JudgeJob) -> float:
        factor: TimeFactor = self._arguments["time_factor"]
        return factor.get(job.program.language, 1.0) if isinstance(factor, Mapping) else factor

    def _content(self, job: JudgeJob) -> bytes:
        """The digest of a job's problem, remembered for those used last."""
        known = self._contents.get(id(job.problem))
        if known is None or known[1] is not job.problem:
            known = self._contents[id(job.problem)] = (content_of(job), job.problem)
            if len(self._contents) > MOST_KEYS:
                self._contents.pop(next(iter(self._contents)), None)
        return known[0]

    def _fail(self, work: Work, error: BaseException) -> None:
        if not work.finished:
            work.finished = True
            self._drop(work.tasks)
            self._done.append(lambda: work.future.set_exception(error))

    def _settle(self) -> None:
        """Tell callers, without the lock: what they do then may be anything."""
        while self._done:
            try:
                tell = self._done.popleft()
            except IndexError:
                return
            tell()


MOST_KEYS: Final = 256
LIVE: weakref.WeakSet[Dispatcher] = weakref.WeakSet()


def forget_all() -> None:
    """In a forked child: the pools are the parent's."""
    for dispatcher in list(LIVE):
        dispatcher.forget()


os.register_at_fork(after_in_child=forget_all)


def no_verdict(job: JudgeJob, reason: str, isolation: str) -> Judgement:
    """The judgement of a job that could not be judged."""
    total = len(job.tests())
    return Judgement(Verdict.NO_VERDICT, total=total, category=reason, isolation=isolation)
