"""A process under its limits: waits for word of it, looks at what it has used, and ends it where that is too much."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from rlef_env.errors import SandboxFailure
from rlef_env.sandbox.execution import Limits, Status
from rlef_env.sandbox.machine.core_time import RECENT_SECONDS, CoresUsed, core_times, recent_core_times
from rlef_env.sandbox.machine.proc_usage import Usage, naps, process_id, usage, waited, worked
from rlef_env.sandbox.time_used import TimeLimits, TimeUsed, status_at_the_end, status_so_far
from rlef_env.sandbox.zygote.ipc import readable, receive_within, send

__all__ = ["SAMPLE_SECONDS", "ReplyArrived", "Watched"]

ANSWER_SECONDS = 120.0  # for a process of ours to answer; it does so at once unless it is gone
MOST_THREADS = 512  # more count as too much memory: what the kernel keeps for each is in no other account
SAMPLE_SECONDS = 0.02  # between two looks at a running program
ASLEEP_SECONDS = 0.05  # off the core, and waiting for none, for longer: it sleeps
ASLEEP_SHARE = 0.1  # of a core: what works less than this between two looks is off it
MOST_NAPPING = 64  # threads; where there are more, nothing but what the hypervisor tells of counts as stolen
ENQUIRIES = itertools.count()


class Watched:
    """A child of the process at the other end of a socket: waits for word of it, and kills it at its limits.

    Args:
        parent: the socket to its parent, who hands out a handle of it.
        reply: where the word of its end comes from.
        limits: of the run.
        baseline_bytes: memory that is not counted.
        written: how many bytes its scratch folder holds.
        on_sleep: as for ``Sandbox``.
        descendants: whether what it starts counts, too.
    """

    def __init__(
        self,
        parent: socket.socket,
        reply: socket.socket,
        limits: Limits,
        baseline_bytes: int,
        written: Callable[[], int] | None = None,
        on_sleep: Callable[[bool], object] = lambda _: None,
        descendants: bool = False,
    ) -> None:
        self.limits, self.baseline_bytes, self.reply, self._written = limits, baseline_bytes, reply, written
        self.overrun: Status | None = None
        """The limit that was measured to be exceeded, where one was."""
        self.time_limits, self.used = TimeLimits.of(limits), TimeUsed(0.0, 0.0)
        """What it has used, as of the last look."""
        self._on_sleep, self._told_asleep, self._awake_at = on_sleep, False, 0.0
        self._parent, self._descendants = parent, descendants
        self._started = time.monotonic()
        self._naps: dict[int, int] = {}
        self._last, self._handle = Usage(0.0, 0.0, {}, 0, 0, True), -1
        self._core_times, self._cores, self._last_cores = recent_core_times(), CoresUsed(), dict[int, float]()

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
        return self.used.cpu + self.used.waited

    @property
    def runnable(self) -> bool:
        """Whether it was on a core or waiting for one at the last look."""
        return self._last.runnable

    @property
    def asleep(self) -> bool:
        """Whether it had been off the core for a while, and waited for none, at the last look."""
        return self.used.wall - self._awake_at > ASLEEP_SECONDS

    def tell(self, asleep: bool) -> None:
        """Say that it sleeps, or no longer does, to whoever wants to know; each once."""
        if asleep is not self._told_asleep:
            self._told_asleep = asleep
            self._on_sleep(asleep)

    def ended(self) -> None:
        """Count the time since the last look as work: how much of it was waiting for a core is not told any more."""
        passed = max(0.0, time.monotonic() - self._started - self.used.wall)
        self.used = replace(self.used, queued=self.used.queued + passed, waiting=self.used.waiting + passed)

    def measure(self) -> None:
        """Look at what the child has used.

        Raises:
            ReplyArrived: its parent answers already, or is gone.
        """
        if self._handle < 0:
            self._handle = self._ask_for_handle()
        pid = process_id(self._handle)
        wall = time.monotonic() - self._started
        now = usage(pid, MOST_THREADS, self._descendants) if pid > 0 else None
        if now is None:
            return
        used, last, wall = self.used, self._last, min(wall, now.age_seconds)
        off_core = max(0.0, (wall - used.wall) - (now.cpu_seconds - last.cpu_seconds))
        waited_for = min(waited(last, now), used.off_core + off_core - used.queued)
        if now.runnable or now.cpu_seconds - last.cpu_seconds + waited_for > ASLEEP_SHARE * (wall - used.wall):
            self._awake_at = wall
        self.used = replace(
            used,
            wall=wall,
            cpu=now.cpu_seconds,
            off_core=used.off_core + off_core,
            queued=used.queued + waited_for,
            waiting=used.waiting + (off_core if now.runnable or now.blocked else 0.0),
        )
        self._last, self._last_cores = now, worked(last, now)
        self._cores.work(self._last_cores)
        if time.monotonic() - self._core_times.at > RECENT_SECONDS:
            self._count_stolen()

    def enforce(self, excused_seconds: float = 0.0, excused: bool = False) -> float:
        """Kill the child if it was over a limit at the last look.

        Args:
            excused_seconds: time that it spent waiting for another's work, which is not idle time.
            excused: whether it waits for another's work just now.

        Returns:
            Seconds until the next look is due.
        """
        may_sleep = excused or self._last.runnable or self._last.blocked
        if status_so_far(self.used, self.time_limits, excused_seconds, may_sleep):
            self._count_stolen()  # up to now
        if (overrun := status_so_far(self.used, self.time_limits, excused_seconds, may_sleep)) is not None:
            self.overrun = overrun
        elif (
            self._last.resident_bytes - self.baseline_bytes > self.limits.memory_bytes
            or self._last.thread_count > MOST_THREADS
        ):
            self.overrun = Status.MEMORY_LIMIT
        elif self._written and self._written() > self.limits.scratch_bytes:
            self.overrun = Status.OUTPUT_LIMIT
        if self.overrun:
            self.stop(self.overrun)
            return ANSWER_SECONDS
        used, limits = self.used, self.time_limits
        left = limits.cpu - used.cpu, limits.idle + excused_seconds - used.idle, limits.wall - used.wall
        return min([SAMPLE_SECONDS, *(each + 0.001 for each in left if each > 0)])

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

    def final_status(self, cpu: float, wall: float) -> Status | None:
        """What these final totals say of time: ``TIME_LIMIT``, ``STARVED``, or None."""
        if self.overrun in (Status.TIME_LIMIT, Status.STARVED):
            return self.overrun
        self.used = replace(self.used, cpu=cpu, wall=wall)
        if status_at_the_end(self.used, self.time_limits) is not None:
            self._count_stolen()
        return status_at_the_end(self.used, self.time_limits)

    def _count_stolen(self) -> None:
        """Add what the cores that it was on did not have since the last time."""
        now = core_times()
        counts = naps(self._last.threads, MOST_NAPPING)
        slept = sum(count - self._naps.get(thread, 0) for thread, count in counts.items())
        many = len(self._last.threads) > MOST_NAPPING
        self._naps |= counts
        self._cores.pass_time(self._core_times, now, sys.maxsize if many else max(0, slept))
        self._cores.stay_on(self._last_cores)
        self._core_times = now
        most, evenly = self._cores.stolen(self.used.cpu)
        self.used = replace(self.used, stolen=most, stolen_evenly=evenly, stood_still=self._cores.stood_still)


class ReplyArrived(Exception):
    """The reply came while a handle was being asked for; None where the other side is gone."""

    def __init__(self, message: bytes | None) -> None:
        super().__init__()
        self.message = message
