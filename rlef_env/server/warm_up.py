"""Warm-up: starts everything that requests need before the first request is accepted."""

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
POLL_SECONDS: Final = 0.05  # polled, because concurrent.futures.wait does not notice a cancelled future


class WarmUp:
    """Lets every worker of both pools judge or run one program of each kind, in a thread of its own.

    The server is ready when this is done. Python is retried until it runs in every worker. Another language that does
    not compile here, or has no verdict in three rounds, is noted in ``failed`` and left out: the server is useful
    without it.

    Args:
        pool: judges programs.
        runs: runs programs.
        languages: languages beside Python; all installed ones if None.

    Attributes:
        ready: set when everything has started.
        finished: set when the thread has ended, ready or not.
        failed: language that was left out -> reason.
    """

    def __init__(self, pool: JudgePool, runs: RunPool, languages: Collection[str] | None) -> None:
        self._pool, self._runs = pool, runs
        self.ready, self.finished = threading.Event(), threading.Event()
        self.failed: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._futures: dict[str, list[Future[Any]]] = {}
        self._start(languages)  # not in the thread, so that a language that is not installed raises here
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """End the thread. The programs that it waits for go on until the pools are closed."""
        self._stopped.set()
        self.finished.wait()

    def waiting(self) -> dict[str, int]:
        """Return what is still starting -> number of workers; empty when ready."""
        if self.ready.is_set():
            return {}
        with self._lock:
            left = {name: sum(not future.done() for future in futures) for name, futures in self._futures.items()}
        return {name: count for name, count in left.items() if count} or dict.fromkeys(self.failed, 1)

    def _start(self, languages: Collection[str] | None) -> None:
        found: dict[str, list[Future[Any]]] = defaultdict(list)
        for started in (self._pool.warm(languages), self._runs.warm(languages)):
            for name, futures in started.items():
                found[name] += futures
        with self._lock:
            self._futures = dict(found)

    def _run(self) -> None:
        try:
            for number in range(1, 10**9):
                while not all(future.done() for futures in self._futures.values() for future in futures):
                    if self._stopped.wait(POLL_SECONDS):
                        return
                reasons = {name: first_failure(futures) for name, futures in self._futures.items()}
                self.failed = {name: reason for name, reason in reasons.items() if reason}
                if not self.failed or (number >= ROUNDS and "python" not in self.failed):
                    self.ready.set()
                    return
                if self._stopped.wait(PAUSE_SECONDS):
                    return
                self._start([name for name in self.failed if name not in ("python", "checker")])
        finally:
            self.finished.set()


def first_failure(futures: Collection[Future[Judgement] | Future[RunResult]]) -> str:
    """Return in one line why the first failed program failed; empty if none did."""
    for future in futures:
        if future.cancelled():
            return "cancelled"
        if (error := future.exception()) is not None:
            return str(error)
        result = future.result()
        if isinstance(result, RunResult):
            if result.execution.status is not Status.EXITED or result.execution.stdout != b"1\n":
                reason = result.execution.message or result.execution.stderr.decode("utf-8", "replace")
                return f"{result.execution.status.value} {reason[:300]}".strip()
        elif result.verdict is not Verdict.ACCEPTED:
            reason = result.category or "".join(test.stderr for test in result.results)
            return f"{result.verdict.value} {reason[:300]}".strip()
    return ""
