"""A process under its limits: waits for word of it, looks at what it has used, and ends it where that is too much."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import time
from collections.abc import Callable

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.execution import Limits, Status
from rlef_env.sandbox.messages import readable, receive_within, send
from rlef_env.sandbox.watch import Usage, process_id, usage, waited

__all__ = ["SAMPLE_SECONDS", "ReplyArrived", "Watched"]

ANSWER_SECONDS = 30.0  # for a process of ours to answer; it does so at once unless it is gone
MOST_THREADS = 512  # more count as too much memory: what the kernel keeps for each is in no other account
SAMPLE_SECONDS = 0.02  # between two looks at a running program
ASLEEP_SECONDS = 0.05  # off the core, and waiting for none, for longer: it sleeps
ASLEEP_SHARE = 0.1  # of a core: what works less than this between two looks is off it
ENQUIRIES = itertools.count()


class Watched:
    """A child of the process at the other end of a socket: waits for word of it, and kills it at its limits."""

    def __init__(
        self,
        parent: socket.socket,
        reply: socket.socket,
        limits: Limits,
        baseline_bytes: int,
        written: Callable[[], int] | None = None,
        tell_asleep: Callable[[bool], object] = lambda _: None,
    ) -> None:
        self.limits, self.baseline_bytes, self.reply, self._written = limits, baseline_bytes, reply, written
        self.overrun: Status | None = None
        """The limit that was measured to be exceeded, where one was."""
        self.max_idle = limits.cpu_seconds if limits.idle_seconds is None else limits.idle_seconds
        self.max_wall = 10 * limits.cpu_seconds + 10 if limits.wall_seconds is None else limits.wall_seconds
        self._tell_asleep, self._told_asleep, self._awake_at = tell_asleep, False, 0.0
        self._parent = parent
        self._started = time.monotonic()
        self._last = Usage(0.0, 0.0, {}, 0, 0, True)
        self._last_wall, self._queued, self._off_core, self._handle = 0.0, 0.0, 0.0, -1

    def wait(self) -> bytes | None:
        """Return the reply, or None where the other side is gone."""
        pause = SAMPLE_SECONDS
        try:
            while True:
                if (message := receive_within(self.reply, pause)) is not None:
                    return message or None
                self.measure()
                self.tell(self.asleep)
                pause = self.enforce()
        except ReplyArrived as arrived:
            return arrived.message
        finally:
            self.close()

    def close(self) -> None:
        """Give the child's handle back, and say that it sleeps no more. Safe to call twice."""
        self.tell(False)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    @property
    def work_seconds(self) -> float:
        """How long the child was on a core or waiting for one, as of the last look."""
        return self._last.cpu_seconds + self._queued

    @property
    def runnable(self) -> bool:
        """Whether it was on a core or waiting for one at the last look."""
        return self._last.runnable

    @property
    def asleep(self) -> bool:
        """Whether it had been off the core for a while, and waited for none, at the last look."""
        return self._last_wall - self._awake_at > ASLEEP_SECONDS

    def tell(self, asleep: bool) -> None:
        """Say that it sleeps, or no longer does, to whoever wants to know; each once."""
        if asleep is not self._told_asleep:
            self._told_asleep = asleep
            self._tell_asleep(asleep)

    def ended(self) -> None:
        """Count the time since the last look as work: how much of it was waiting for a core is not told any more."""
        self._queued += max(0.0, time.monotonic() - self._started - self._last_wall)

    def measure(self) -> None:
        """Look at what the child has used.

        Raises:
            ReplyArrived: its parent answers already, or is gone.
        """
        if self._handle < 0:
            self._handle = self._ask_for_handle()
        pid = process_id(self._handle)
        wall = time.monotonic() - self._started
        used = usage(pid, MOST_THREADS) if pid > 0 else None
        if used is None:
            return
        wall = min(wall, used.age_seconds)
        self._off_core += max(0.0, (wall - self._last_wall) - (used.cpu_seconds - self._last.cpu_seconds))
        credit = min(waited(self._last.queued_seconds, used.queued_seconds), self._off_core)
        self._off_core, self._queued = self._off_core - credit, self._queued + credit
        worked = used.cpu_seconds - self._last.cpu_seconds + credit
        if used.runnable or worked > ASLEEP_SHARE * (wall - self._last_wall):
            self._awake_at = wall
        self._last, self._last_wall = used, wall

    def enforce(self, excused_seconds: float = 0.0, excused: bool = False) -> float:
        """Kill the child if it was over a limit at the last look.

        Args:
            excused_seconds: time that it spent waiting for another's work, which is not idle time.
            excused: whether it waits for another's work just now.

        Returns:
            Seconds until the next look is due.
        """
        used, limits = self._last, self.limits
        cpu_left, wall_left = self._left(used.cpu_seconds, self._last_wall)
        idle_left = self.max_idle - (self._last_wall - self.work_seconds - excused_seconds)
        if min(cpu_left, wall_left) < 0 or (idle_left < 0 and not (used.runnable or excused)):
            self.overrun = Status.TIME_LIMIT
        elif used.resident_bytes - self.baseline_bytes > limits.memory_bytes or used.threads > MOST_THREADS:
            self.overrun = Status.MEMORY_LIMIT
        elif self._written and self._written() > limits.scratch_bytes:
            self.overrun = Status.OUTPUT_LIMIT
        if self.overrun:
            self.stop(self.overrun)
            return ANSWER_SECONDS
        return min([SAMPLE_SECONDS, *(left + 0.001 for left in (cpu_left, idle_left, wall_left) if left > 0)])

    def stop(self, overrun: Status) -> None:
        """Kill the child for this.

        Raises:
            ReplyArrived: its parent answers already, or is gone.
        """
        self.overrun = overrun
        if self._handle < 0:
            self._handle = self._ask_for_handle()
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _ask_for_handle(self) -> int:
        """A pidfd of the child. Answers to earlier enquiries are thrown away."""
        enquiry = b"?" + next(ENQUIRIES).to_bytes(8, "little")
        try:
            send(self._parent, enquiry, [])
            while ready := readable((self._parent, self.reply), ANSWER_SECONDS):
                if self.reply in ready and self.reply is not self._parent:
                    raise ReplyArrived(self.reply.recv(1 << 16) or None)
                message, fds, _, _ = socket.recv_fds(self._parent, 1 << 16, 1)
                if message[:1] != b"?":
                    raise ReplyArrived(message or None)
                if message == enquiry and fds:
                    return fds[0]
                for fd in fds:
                    os.close(fd)
                if message == enquiry:
                    send(self._parent, enquiry, [])
        except (OSError, SandboxFailure):
            pass
        raise ReplyArrived(None)

    def _left(self, cpu: float, wall: float) -> tuple[float, float]:
        return self.limits.cpu_seconds - cpu, self.max_wall - wall

    def over_time(self, cpu: float, wall: float) -> bool:
        """Whether these final totals are over a limit. Idle time is none: its waits are told only while it lives."""
        return min(self._left(cpu, wall)) < 0


class ReplyArrived(Exception):
    """The reply came while a handle was being asked for; None where the other side is gone."""

    def __init__(self, message: bytes | None) -> None:
        super().__init__()
        self.message = message
