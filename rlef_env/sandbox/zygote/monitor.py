"""Monitors one run: samples its resource use and kills it when it exceeds a limit."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.execution import Limits, Status
from rlef_env.sandbox.machine.proc_usage import process_id, usage
from rlef_env.sandbox.machine.time_meter import TimeMeter
from rlef_env.sandbox.time_used import TimeLimits, TimeUsed, status_at_the_end, status_so_far
from rlef_env.sandbox.zygote.ipc import readable, receive_within, send
from rlef_env.sandbox.zygote.protocol import HANDLE_REQUEST, HANDLE_REQUEST_BYTES, MAX_MESSAGE_BYTES

__all__ = ["SAMPLE_SECONDS", "Monitor", "ReplyArrived"]

ANSWER_SECONDS = 120.0  # timeout for answers of our own processes, which come at once unless the process is gone
MAX_THREADS = 512  # more count as too much memory: the kernel's memory for a thread is in no other total
SAMPLE_SECONDS = 0.02  # between two samples of a running program


class ReplyArrived(Exception):
    """The run ended while the monitor asked for its pidfd.

    Attributes:
        message: the reply; None if the other end is gone.
    """

    def __init__(self, message: bytes | None) -> None:
        super().__init__()
        self.message = message


class Monitor:
    """Watches a child of the process at the other end of a socket: waits for its end, and kills it at its limits.

    Args:
        parent: socket to the child's parent, which sends a pidfd of the child.
        reply: socket on which the child's end is reported.
        limits: of the run.
        baseline_bytes: memory that is not counted.
        scratch_bytes: returns how many bytes its scratch folder holds; None if it has none.
        on_sleep: as for ``Sandbox``.
        descendants: whether processes that it starts count too.
        launcher_bytes: memory of the process that it is forked from, if it then executes a file. As much may be that
            process's memory, because the file is not executed yet: on a busy machine the child waits before that.
        spent: CPU seconds that it has used before, which do not count.

    Attributes:
        overrun: the limit that was found to be exceeded, or None.
        started: when the order to run was about to be sent, in seconds of ``time.monotonic()``.
        time_limits: the time limits in ``limits``. They may be replaced before the first sample.
    """

    def __init__(
        self,
        parent: socket.socket,
        reply: socket.socket,
        limits: Limits,
        baseline_bytes: int,
        scratch_bytes: Callable[[], int] | None = None,
        on_sleep: Callable[[bool], object] = lambda _: None,
        descendants: bool = False,
        launcher_bytes: int = 0,
        spent: float = 0.0,
    ) -> None:
        self.limits, self.time_limits, self.reply = limits, TimeLimits.of(limits), reply
        self.overrun: Status | None = None
        self._parent, self._scratch_bytes = parent, scratch_bytes
        self._on_sleep, self._notified, self._descendants = on_sleep, False, descendants
        # Killed above this: samples, unlike the final total, may be of a child that has not executed its file.
        self._max_resident_bytes = max(launcher_bytes, baseline_bytes + limits.memory_bytes)
        self.started, self._handle, self._meter = time.monotonic(), -1, TimeMeter()
        self._spent = spent

    @property
    def used(self) -> TimeUsed:
        """Time that the child has used, as of the last sample."""
        return self._meter.used

    @property
    def work_seconds(self) -> float:
        """Time that the child was on a core or waiting for one, as of the last sample."""
        return self.used.cpu + self.used.waited

    @property
    def runnable(self) -> bool:
        """Whether the child was on a core or waiting for one at the last sample."""
        return self._meter.last.runnable

    @property
    def sleeping(self) -> bool:
        """Whether the child had been off the core for a while, waiting for none, at the last sample."""
        return self._meter.sleeping

    def wait(self) -> bytes | None:
        """Wait for the child's end; return the reply, or None if the other end is gone."""
        pause = SAMPLE_SECONDS
        try:
            while True:
                if (message := receive_within(self.reply, pause)) is not None:
                    return message or None
                self.sample()
                self.notify_sleep(self.sleeping)
                pause = self.enforce()
        except ReplyArrived as arrived:
            return arrived.message
        finally:
            self.close()

    def close(self) -> None:
        """Close the pidfd and notify that the child sleeps no more. Safe to call twice."""
        self.notify_sleep(False)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def notify_sleep(self, sleeping: bool) -> None:
        """Call ``on_sleep`` if this is a change."""
        if sleeping is not self._notified:
            self._notified = sleeping
            self._on_sleep(sleeping)

    def note_end(self) -> None:
        """Note that the child has ended: the time since the last sample counts as waiting for a core."""
        self._meter.add_rest(time.monotonic() - self.started)

    def sample(self) -> None:
        """Read what the child has used.

        Raises:
            ReplyArrived: its parent has already sent the reply, or is gone.
        """
        if self._handle < 0:
            self._handle = self._request_handle()
        pid = process_id(self._handle)
        wall = time.monotonic() - self.started
        if pid > 0 and (now := usage(pid, MAX_THREADS, self._descendants)) is not None:
            self._meter.add(now.since(pid, self._spent) if self._spent else now, wall)

    def enforce(self, excused_seconds: float = 0.0, excused: bool = False) -> float:
        """Kill the child if it exceeded a limit at the last sample.

        Args:
            excused_seconds: time in which another process worked for it, which is not idle time.
            excused: whether another process works for it at this moment.

        Returns:
            Seconds until the next sample is due.
        """
        last, may_sleep = self._meter.last, excused or self._meter.last.runnable or self._meter.last.blocked
        overrun = status_so_far(self.used, self.time_limits, excused_seconds, may_sleep)
        if overrun is not None:
            self._meter.count_stolen()  # up to now
            overrun = status_so_far(self.used, self.time_limits, excused_seconds, may_sleep)
        if overrun is not None:
            self.overrun = overrun
        elif last.resident_bytes > self._max_resident_bytes or last.thread_count > MAX_THREADS:
            self.overrun = Status.MEMORY_LIMIT
        elif self._scratch_bytes and self._scratch_bytes() > self.limits.scratch_bytes:
            self.overrun = Status.OUTPUT_LIMIT
        if self.overrun:
            self.kill(self.overrun)
            return ANSWER_SECONDS
        used, limits = self.used, self.time_limits
        left = limits.cpu - used.cpu, limits.idle + excused_seconds - used.idle, limits.wall - used.wall
        return min([SAMPLE_SECONDS, *(each + 0.001 for each in left if each > 0)])

    def kill(self, overrun: Status) -> None:
        """Kill the child because it exceeded this limit.

        Raises:
            ReplyArrived: its parent has already sent the reply, or is gone.
        """
        self.overrun = overrun
        if self._handle < 0:
            self._handle = self._request_handle()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def final_status(self, cpu: float, wall: float) -> Status | None:
        """Return ``TIME_LIMIT``, ``STARVED`` or None, given the run's final CPU and wall time."""
        if self.overrun in (Status.TIME_LIMIT, Status.STARVED):
            return self.overrun
        if cpu <= self.time_limits.cpu:
            return None
        self._meter.set_totals(cpu, wall)
        status = status_at_the_end(self.used, self.time_limits)
        if status is not None:
            self._meter.count_stolen()
            status = status_at_the_end(self.used, self.time_limits)
        return status

    def _request_handle(self) -> int:
        """Ask the parent for a pidfd of the child; answers to earlier requests are dropped."""
        request = HANDLE_REQUEST + os.urandom(HANDLE_REQUEST_BYTES - 1)  # no count: a later run could find it
        try:
            send(self._parent, request, [])
            while ready := readable((self._parent, self.reply), ANSWER_SECONDS):
                if self.reply in ready and self.reply is not self._parent:
                    raise ReplyArrived(self.reply.recv(MAX_MESSAGE_BYTES) or None)
                message, fds, _, _ = socket.recv_fds(self._parent, MAX_MESSAGE_BYTES, 1)
                if message[:1] != HANDLE_REQUEST:
                    raise ReplyArrived(message or None)
                if message == request and fds:
                    return fds[0]
                for fd in fds:
                    os.close(fd)
                if message == request:
                    send(self._parent, request, [])  # the kernel accepted no descriptor; ask again
        except (OSError, SandboxFailure):
            pass
        raise ReplyArrived(None)
