"""Runs programs without judging them: a pool of threads, each with its own sandbox."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from rlef_env.errors import SandboxFailure
from rlef_env.judge.judge import ATTEMPTS
from rlef_env.sandbox import PRINTS_ONE, Execution, Limits, Program, Sandbox, Status, installed_languages

__all__ = ["RunPool", "RunRequest", "RunResult"]

WARM_UP_LIMITS = Limits(cpu_seconds=60.0)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A program to run on one input."""

    program: Program
    stdin: bytes
    limits: Limits


@dataclass(frozen=True, slots=True)
class RunResult:
    """Result of a run.

    Attributes:
        execution: how the program ended; ``FAILED`` if the sandbox failed in every attempt.
        compiled: whether the program compiled.
        compile_seconds: wall time of compiling the program, or of loading it.
    """

    execution: Execution
    compiled: bool
    compile_seconds: float


class RunPool:
    """Runs programs in parallel, each in the sandbox of one of its threads.

    Args:
        workers: number of threads.
        isolation: as for ``Sandbox``.
        numpy: as for ``Sandbox``.
    """

    def __init__(self, workers: int, isolation: str = "locked", numpy: bool = False) -> None:
        self._isolation, self._numpy = isolation, numpy
        # A sandbox ends with the thread that started it, so the threads are kept.
        self._threads = ThreadPoolExecutor(workers, "run")
        self._lock = threading.Lock()
        self._sandboxes: dict[int, Sandbox] = {}
        self._queued: set[Future[RunResult]] = set()
        self._running: dict[Future[RunResult], int] = {}
        self._cancelled: set[Future[RunResult]] = set()
        self._workers = workers
        self._barrier = threading.Barrier(1)

    def __enter__(self) -> RunPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm(self, languages: Collection[str] | None = None) -> dict[str, list[Future[RunResult]]]:
        """Start every thread's sandbox and what programs in these languages need; see ``JudgePool.warm``.

        Returns:
            ``"python"`` and each language -> one future per thread.

        Raises:
            UsageError: a language is not installed.
        """
        names = dict.fromkeys(("python", *(installed_languages() if languages is None else languages)))
        runs = [RunRequest(Program(PRINTS_ONE[name], name), b"", WARM_UP_LIMITS) for name in names]
        # A thread that is done waits for the others at the barrier, so that each thread takes one share.
        self._barrier = barrier = threading.Barrier(self._workers)
        shares: list[list[Future[RunResult]]] = [[Future() for _ in runs] for _ in range(self._workers)]
        with self._lock:
            self._queued.update(future for share in shares for future in share)
        for share in shares:
            self._threads.submit(self._warm_thread, barrier, list(zip(runs, share, strict=True)))
        return {name: [share[index] for share in shares] for index, name in enumerate(names)}

    def submit(self, run: RunRequest) -> Future[RunResult]:
        """Queue a run."""
        future: Future[RunResult] = Future()
        with self._lock:
            self._queued.add(future)
        self._threads.submit(self._work, run, future)
        return future

    def cancel(self, future: Future[RunResult]) -> None:
        """Cancel a run: a queued one never starts, a running one is killed."""
        if future.cancel():
            return
        with self._lock:
            if future in self._running:
                self._cancelled.add(future)
                if (sandbox := self._sandboxes.get(self._running[future])) is not None:
                    sandbox.kill()

    def close(self) -> None:
        """Kill running programs, whose runs fail, and cancel queued runs. Safe to call twice."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            futures = [*self._queued, *self._running]
            self._queued.clear()
        self._barrier.abort()
        for future in futures:
            self.cancel(future)
        self._threads.shutdown()
        for sandbox in self._sandboxes.values():
            sandbox.close()
        self._sandboxes.clear()

    def _warm_thread(self, barrier: threading.Barrier, share: Sequence[tuple[RunRequest, Future[RunResult]]]) -> None:
        for run, future in share:
            self._work(run, future)
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait()

    def _work(self, run: RunRequest, future: Future[RunResult]) -> None:
        with self._lock:
            self._queued.discard(future)
            if not future.set_running_or_notify_cancel():
                return
            self._running[future] = threading.get_ident()
        try:
            result = self._run(run, future)
        except BaseException as error:  # noqa: BLE001 - the caller raises it, whatever it is
            future.set_exception(error)
        else:
            future.set_result(result)

    def _run(self, run: RunRequest, future: Future[RunResult]) -> RunResult:
        result = RunResult(Execution(Status.FAILED, message="the run was cancelled"), False, 0.0)
        try:
            for _ in range(ATTEMPTS):
                if future in self._cancelled:
                    break
                result = self._attempt(run, future)
                if result.execution.status is not Status.FAILED:
                    break
                self._close_sandbox()
            return result
        finally:
            with self._lock:
                del self._running[future]
                cancelled = future in self._cancelled
                self._cancelled.discard(future)
            if cancelled:
                self._close_sandbox()  # it was killed, perhaps after the run had ended

    def _attempt(self, run: RunRequest, future: Future[RunResult]) -> RunResult:
        start = time.monotonic()
        try:
            sandbox = self._sandbox()
            if future in self._cancelled:  # before there was a sandbox to kill
                raise SandboxFailure("the run was cancelled")
            with sandbox.load(run.program, run.limits) as loaded:
                seconds = time.monotonic() - start
                return RunResult(loaded.run(run.stdin, in_place=True), loaded.compile_failure is None, seconds)
        except (OSError, SandboxFailure) as error:
            return RunResult(Execution(Status.FAILED, message=str(error)), False, time.monotonic() - start)

    def _sandbox(self) -> Sandbox:
        """Return this thread's sandbox; start one if there is none."""
        thread = threading.get_ident()
        if thread not in self._sandboxes:
            sandbox = Sandbox(self._isolation, numpy=self._numpy)
            with self._lock:
                self._sandboxes[thread] = sandbox
        return self._sandboxes[thread]

    def _close_sandbox(self) -> None:
        """Close this thread's sandbox; the next run starts a new one."""
        with self._lock:
            sandbox = self._sandboxes.pop(threading.get_ident(), None)
        if sandbox is not None:
            sandbox.close()
