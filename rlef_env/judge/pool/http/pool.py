"""The pool whose workers are those of a server: a thread for each request that is under way, a queue before them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field

from rlef_env.errors import DataError, UsageError
from rlef_env.judge.job import STOPPED, JudgeJob, check_job, needed_to_judge
from rlef_env.judge.judgement import Judgement, Verdict
from rlef_env.judge.pool.base import BaseJudgePool, check_process
from rlef_env.judge.pool.fair_queue import FairPriorityQueue
from rlef_env.judge.pool.http.client import Call, JudgeClient
from rlef_env.judge.pool.problem_table import ProblemTable
from rlef_env.problems import Problem
from rlef_env.problems.writing import problem_to_row

__all__ = ["HttpJudgePool"]


@dataclass(eq=False, slots=True)
class Entry:
    """A job, its future, and the request that it has once it runs."""

    job: JudgeJob
    priority: int
    future: Future[Judgement] = field(default_factory=Future)
    call: Call = field(default_factory=Call)


class HttpJudgePool(BaseJudgePool):
    """Judges programs on the workers of a server, ``rlef serve``, which may be on another machine.

    Each request carries the problem with its tests, so the server needs no data set. While the server is away, busy or
    starting, a request is repeated, with longer and longer pauses. After ``seconds``, or after three answers that are
    no judgement, the job gets ``NO_VERDICT``. Custom checkers (functions of this process) cannot be sent.

    Args:
        url: address of the server, such as ``"http://127.0.0.1:8080"``.
        token: the server's token; by default the password in the URL, else the environment variable ``RLEF_TOKEN``.
        workers: number of requests under way at the same time; by default twice the server's workers, so that none of
            them waits for the next program.
        seconds: how long to wait for one judgement, from when it is first asked for.

    Raises:
        UsageError: there is no ``rlef serve`` of this version at the address, or an argument is not supported.
    """

    def __init__(self, url: str, token: str | None = None, workers: int | None = None, seconds: float = 600.0) -> None:
        if workers is not None and workers <= 0:
            raise UsageError(f"workers: expected a number above 0, got {workers!r}")
        self._client = JudgeClient(url, token, seconds)
        facts = self._client.facts()
        self.url, self.workers, self.isolation = self._client.url, workers or 2 * facts.workers, facts.isolation
        self.judge_arguments = {
            "isolation": facts.isolation, "time_factor": 1.0, "numpy": facts.numpy, "checkers": {}
        }  # fmt: skip
        self._problems = ProblemTable(_problem_as_json)
        self._queue: FairPriorityQueue[Entry] = FairPriorityQueue()
        self._entries: dict[Future[Judgement], Entry] = {}  # queued or running
        self._num_threads = 0
        self._closed = False
        self._lock = threading.RLock()  # a callback of a cancelled future may call the pool
        self._process = os.getpid()

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """See ``BaseJudgePool.submit``."""
        check_job(job)
        check_process(self._process, type(self).__name__)
        entry = Entry(job, priority)
        with self._lock:
            if self._closed:
                raise UsageError("submit: expected an open pool, got a closed one; create another")
            self._entries[entry.future] = entry
            self._queue.put(entry, priority, owner)
            if self._num_threads < self.workers:
                self._num_threads += 1
                threading.Thread(target=self._work, name="http-judge", daemon=True).start()
        return entry.future

    def cancel(self, future: Future[Judgement]) -> None:
        """See ``BaseJudgePool.cancel``. The server drops a running job after its current test."""
        with self._lock:
            entry = self._entries.get(future)
            if entry is None or self._cancelled(entry):
                return
        self._stop(entry)

    def close(self) -> None:
        """See ``BaseJudgePool.close``. The server goes on."""
        with self._lock:
            self._closed = True
            running = [entry for entry in list(self._entries.values()) if not self._cancelled(entry)]
        for entry in running:
            self._stop(entry)
        self._client.close()

    def _cancelled(self, entry: Entry) -> bool:
        """Cancel a job if it is still queued; return whether it was."""
        if not entry.future.cancel():
            return False
        self._queue.remove([entry])
        del self._entries[entry.future]
        entry.future.set_running_or_notify_cancel()
        return True

    def _stop(self, entry: Entry) -> None:
        entry.call.stop()
        self._finish(entry, Judgement(Verdict.NO_VERDICT, category=STOPPED, isolation=self.isolation))

    def _work(self) -> None:
        """Judge what is queued, until nothing is."""
        while True:
            with self._lock:
                if not len(self._queue):
                    self._num_threads -= 1
                    return
                entry = self._queue.pop()[1]
                if not entry.future.set_running_or_notify_cancel():  # its own method cancelled it
                    del self._entries[entry.future]
                    continue
            try:
                outcome: Judgement | Exception = self._judgement(entry)
            except Exception as error:  # noqa: BLE001 - the future raises it
                outcome = error
            self._finish(entry, outcome)

    def _finish(self, entry: Entry, outcome: Judgement | Exception) -> None:
        with self._lock:
            if self._entries.pop(entry.future, None) is None:  # another thread was first
                return
        if isinstance(outcome, Exception):
            entry.future.set_exception(outcome)
        else:
            entry.future.set_result(outcome)

    def _judgement(self, entry: Entry) -> Judgement:
        job = entry.job
        problem = self._problem(job.problem)
        fields = {
            "program": job.program.source, "language": job.program.language, "roles": job.roles,
            "stop_early": job.stop_early, "limit": job.limit, "first": job.offset, "gate": job.gate,
            "priority": entry.priority, "layout": "code_contests",
        }  # fmt: skip
        places = [(role, index) for role, index, _ in job.tests()]

        def request(seconds: float) -> bytes:
            rest = json.dumps({**fields, "timeout": seconds}).encode()
            return b'{"problem":' + problem + b"," + rest[1:]

        def check(judgement: Judgement) -> None:
            judged = [(result.role, result.index) for result in judgement.results]
            if judgement.total != len(places) or judged != places[: len(judged)]:
                raise DataError(f"expected results of {len(places)} tests of {job.problem.id!r}, got those of others")
            if judgement.isolation != self.isolation:
                raise DataError(f"expected the isolation {self.isolation!r}, got {judgement.isolation!r}")

        judgement = self._client.judge(request, entry.call, check)
        if judgement.verdict is Verdict.NO_VERDICT and not judgement.results:
            return Judgement(Verdict.NO_VERDICT, (), len(places), judgement.category, self.isolation)
        return judgement

    def _problem(self, problem: Problem) -> bytes:
        with self._lock:
            return self._problems[problem]


def _problem_as_json(problem: Problem) -> bytes:
    return json.dumps(problem_to_row(needed_to_judge(problem))).encode()
