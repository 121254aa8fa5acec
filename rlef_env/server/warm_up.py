"""Starts all that requests need before the first one is accepted, and knows what is still to be started."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection
from concurrent.futures import Future
from typing import Any, Final

from rlef_env.judge import Judgement, JudgePool, Verdict
from rlef_env.sandbox import Status
from rlef_env.server.runs import RunPool, RunResult

__all__ = ["WarmUp"]

ROUNDS: Final = 3
PAUSE_SECONDS: Final = 1.0  # between two rounds
LOOK_SECONDS: Final = 0.05  # a future that was cancelled wakes nobody who waits for several


class WarmUp:
    """Has every worker of both pools judge or run one program of each kind, in a thread of its own.

    The server is ready when that is done. Python is tried until it runs in every worker. Another language that does not
    compile here, or has no verdict three times, is left out and noted in ``failed``: the server is of use without it.

    Args:
        pool: judges.
        runs: runs.
        languages: beyond Python; every one that is installed where None.

    Attributes:
        ready: set when all is started.
        over: set when the thread has ended, ready or not.
        failed: what was left out -> why.
    """

    def __init__(self, pool: JudgePool, runs: RunPool, languages: Collection[str] | None) -> None:
        self._pool, self._runs = pool, runs
        self.ready, self.over = threading.Event(), threading.Event()
        self.failed: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._futures: dict[str, list[Future[Any]]] = {}
        self._begin(languages)  # here: what is asked for may not be installed
        threading.Thread(target=self._run, name="warming", daemon=True).start()

    def stop(self) -> None:
        """End the thread. What it waits for goes on until the pools are closed."""
        self._stopped.set()
        self.over.wait()

    def waiting(self) -> dict[str, int]:
        """What is still to be started -> in how many workers; empty when ready."""
        if self.ready.is_set():
            return {}
        with self._lock:
            left = {name: sum(not each.done() for each in those) for name, those in self._futures.items()}
        return {name: count for name, count in left.items() if count} or dict.fromkeys(self.failed, 1)

    def _begin(self, languages: Collection[str] | None) -> None:
        found: dict[str, list[Future[Any]]] = defaultdict(list)
        for part in (self._pool.warm(languages), self._runs.warm(languages)):
            for name, futures in part.items():
                found[name] += futures
        with self._lock:
            self._futures = dict(found)

    def _run(self) -> None:
        try:
            for number in range(1, 10**9):
                while not all(future.done() for those in self._futures.values() for future in those):
                    if self._stopped.wait(LOOK_SECONDS):
                        return
                self.failed = {name: why for name, those in self._futures.items() if (why := first_failure(those))}
                if not self.failed or (number >= ROUNDS and "python" not in self.failed):
                    self.ready.set()
                    return
                if self._stopped.wait(PAUSE_SECONDS):
                    return
                self._begin([name for name in self.failed if name not in ("python", "checker")])
        finally:
            self.over.set()


def first_failure(futures: Collection[Future[Judgement] | Future[RunResult]]) -> str:
    """Why one of these did not do as it should, in a line; empty where all did."""
    for future in futures:
        if future.cancelled():
            return "cancelled"
        if (error := future.exception()) is not None:
            return str(error)
        result = future.result()
        if isinstance(result, RunResult):
            if result.execution.status is not Status.EXITED or result.execution.stdout != b"1\n":
                words = result.execution.message or result.execution.stderr.decode("utf-8", "replace")
                return f"{result.execution.status.value} {words[:300]}".strip()
        elif result.verdict is not Verdict.ACCEPTED:
            words = result.category or "".join(each.stderr for each in result.results)
            return f"{result.verdict.value} {words[:300]}".strip()
    return ""
