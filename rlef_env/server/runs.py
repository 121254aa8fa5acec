"""Programs that are only run, not judged: threads with a sandbox each."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rlef_env.errors import SandboxFailure
from rlef_env.judge import ATTEMPTS, PRINTS_ONE
from rlef_env.sandbox import Execution, Limits, Program, Sandbox, Status, installed_languages

__all__ = ["RunPool", "RunRequest", "RunResult"]

WARM_LIMITS = Limits(cpu_seconds=60.0)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A program to run on one input."""

    program: Program
    stdin: bytes
    limits: Limits


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of it.

    Attributes:
        execution: the facts; ``FAILED`` where the sandbox failed again and again.
        compiled: whether the program compiled.
        compile_seconds: how long that took, or loading it.
    """

    execution: Execution
    compiled: bool
    compile_seconds: float


class RunPool:
    """Runs programs side by side, each in the sandbox of one of its threads.

    Args:
        workers: how many at once.
        isolation: as for ``Sandbox``.
        numpy: as for ``Sandbox``.
    """

    def __init__(self, workers: int, isolation: str = "locked", numpy: bool = False) -> None:
        self._isolation, self._numpy = isolation, numpy
        # A sandbox ends with the thread that started it, so that threads are kept.
        self._threads = ThreadPoolExecutor(workers, "run")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._sandboxes: dict[int, Sandbox] = {}
        self._queued: set[Future[RunResult]] = set()
        self._running: dict[Future[RunResult], int] = {}
        self._unwanted: set[Future[RunResult]] = set()
        self._workers = workers
        self._everywhere = threading.Barrier(1)

    def __enter__(self) -> RunPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm(self, languages: Collection[str] | None = None) -> dict[str, list[Future[RunResult]]]:
        """Start every thread's sandbox and what programs in these languages need; see ``JudgePool.warm``.

        Returns:
            What is under way: ``"python"`` and each language -> a future for each thread.

        Raises:
            UsageError: a language is not installed.
        """
        names = dict.fromkeys(("python", *(installed_languages() if languages is None else languages)))
        runs = [RunRequest(Program(PRINTS_ONE[name], name), b"", WARM_LIMITS) for name in names]
        # A thread that is done waits for the others, so that each of them takes one share.
        self._everywhere = everywhere = threading.Barrier(self._workers)
        shares: list[list[Future[RunResult]]] = [[Future() for _ in runs] for _ in range(self._workers)]
        with self._lock:
            self._queued.update(future for share in shares for future in share)
        for share in shares:
            self._threads.submit(self._warm_thread, everywhere, list(zip(runs, share, strict=True)))
        return {name: [share[place] for share in shares] for place, name in enumerate(names)}

    def submit(self, run: RunRequest) -> Future[RunResult]:
        """Queue a run."""
        future: Future[RunResult] = Future()
        with self._lock:
            self._queued.add(future)
        self._threads.submit(self._work, run, future)
        return future

    def cancel(self, future: Future[RunResult]) -> None:
        """End a run that nobody waits for any more, at once, whether it has begun or not."""
        if future.cancel():
            return
        with self._lock:
            if future in self._running:
                self._unwanted.add(future)
                if (sandbox := self._sandboxes.get(self._running[future])) is not None:
                    sandbox.kill()

    def close(self) -> None:
        """End everything: what runs has failed, what is queued is cancelled. Safe to call twice."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            futures = [*self._queued, *self._running]
            self._queued.clear()
        self._everywhere.abort()
        for future in futures:
            self.cancel(future)
        self._threads.shutdown()
        for sandbox in self._sandboxes.values():
            sandbox.close()
        self._sandboxes.clear()

    def _warm_thread(
        self, everywhere: threading.Barrier, share: Sequence[tuple[RunRequest, Future[RunResult]]]
    ) -> None:
        for run, future in share:
            self._work(run, future)
        with contextlib.suppress(threading.BrokenBarrierError):
            everywhere.wait()

    def _work(self, run: RunRequest, future: Future[RunResult]) -> None:
        with self._lock:
            self._queued.discard(future)
            if not future.set_running_or_notify_cancel():
                return
            self._running[future] = threading.get_ident()
        try:
            ran = self._ran(run, future)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller raises it
            future.set_exception(error)
        else:
            future.set_result(ran)

    def _ran(self, run: RunRequest, future: Future[RunResult]) -> RunResult:
        ran = RunResult(Execution(Status.FAILED, message="it was not wanted any more"), False, 0.0)
        try:
            for _ in range(ATTEMPTS):
                if future in self._unwanted:
                    break
                ran = self._attempt(run, future)
                if ran.execution.status is not Status.FAILED:
                    break
                self._close_own()
            return ran
        finally:
            with self._lock:
                del self._running[future]
                unwanted = future in self._unwanted
                self._unwanted.discard(future)
            if unwanted:
                self._close_own()  # it was killed, perhaps after the run had ended

    def _attempt(self, run: RunRequest, future: Future[RunResult]) -> RunResult:
        began = time.monotonic()
        try:
            sandbox = self._sandbox()
            if future in self._unwanted:  # since there was no sandbox to kill
                raise SandboxFailure("it was not wanted any more")
            with sandbox.load(run.program, run.limits) as loaded:
                seconds = time.monotonic() - began
                return RunResult(loaded.run(run.stdin), loaded.compile_failure is None, seconds)
        except (OSError, SandboxFailure) as error:
            return RunResult(Execution(Status.FAILED, message=str(error)), False, time.monotonic() - began)

    def _sandbox(self) -> Sandbox:
        """This thread's own."""
        me = threading.get_ident()
        if me not in self._sandboxes:
            sandbox = Sandbox(self._isolation, numpy=self._numpy)
            with self._lock:
                self._sandboxes[me] = sandbox
        return self._sandboxes[me]

    def _close_own(self) -> None:
        with self._lock:
            sandbox = self._sandboxes.pop(threading.get_ident(), None)
        if sandbox is not None:
            sandbox.close()
