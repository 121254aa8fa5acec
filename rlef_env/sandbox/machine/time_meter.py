"""Turns samples of a running process into the totals on which `time_used.py` decides."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from rlef_env.sandbox.machine.core_time import RECENT_SECONDS, core_times, recent_core_times
from rlef_env.sandbox.machine.cores_used import CoresUsed
from rlef_env.sandbox.machine.proc_usage import Usage, core_work, queue_time, sleep_counts
from rlef_env.sandbox.time_used import TimeUsed

__all__ = ["TimeMeter"]

SLEEP_SECONDS = 0.05  # a process that is off the core for longer, and waits for none, sleeps
SLEEP_SHARE = 0.1  # of a core: a process that works less between two samples is off the core
MAX_SLEEPERS = 64  # threads; with more of them, only steal that the hypervisor reports counts as stolen

NO_TIME, NO_SAMPLE = TimeUsed(0.0, 0.0), Usage(0.0, 0.0, {}, 0, 0, True)


class TimeMeter:
    """Totals of one run, as of the last sample.

    Attributes:
        used: the totals.
        last: the last sample.
    """

    def __init__(self) -> None:
        self.used, self.last = NO_TIME, NO_SAMPLE
        self._awake_at = 0.0  # wall time of the last sample that found it on the core or waiting for one
        self._sleeps: dict[int, int] = {}
        self._core_times, self._cores, self._last_work = recent_core_times(), CoresUsed(), dict[int, float]()

    @property
    def sleeping(self) -> bool:
        """Whether the run had been off the core for a while, waiting for none, at the last sample."""
        return self.used.wall - self._awake_at > SLEEP_SECONDS

    def add(self, now: Usage, wall: float) -> None:
        """Add a sample.

        Args:
            now: the sample.
            wall: seconds since the run started, measured before the sample was taken.
        """
        used, last, wall = self.used, self.last, min(wall, now.age_seconds)
        passed, worked = wall - used.wall, now.cpu_seconds - last.cpu_seconds
        off_core = max(0.0, passed - worked)
        queued = min(queue_time(last, now), used.off_core + off_core - used.queued)
        if now.runnable or worked + queued > SLEEP_SHARE * passed:
            self._awake_at = wall
        self.used = replace(
            used,
            wall=wall,
            cpu=now.cpu_seconds,
            off_core=used.off_core + off_core,
            queued=used.queued + queued,
            waiting=used.waiting + (off_core if now.runnable or now.blocked else 0.0),
        )
        self.last, self._last_work = now, core_work(last, now)
        self._cores.add_work(self._last_work)
        if time.monotonic() - self._core_times.at > RECENT_SECONDS:
            self.count_stolen()

    def add_rest(self, wall: float) -> None:
        """Count the time since the last sample as waiting: the kernel no longer reports how much of it was."""
        passed = max(0.0, wall - self.used.wall)
        self.used = replace(self.used, queued=self.used.queued + passed, waiting=self.used.waiting + passed)

    def set_totals(self, cpu: float, wall: float) -> None:
        """Set the final CPU and wall time, as the zygote reports them."""
        self.used = replace(self.used, cpu=cpu, wall=wall)

    def count_stolen(self) -> None:
        """Update what was stolen, up to now, on the cores that the run was on."""
        now = core_times()
        counts = sleep_counts(self.last.threads, MAX_SLEEPERS)
        slept = sum(count - self._sleeps.get(thread, 0) for thread, count in counts.items())
        self._sleeps |= counts
        known = len(self.last.threads) <= MAX_SLEEPERS
        self._cores.add_time(self._core_times, now, max(0, slept) if known else sys.maxsize)
        self._cores.set_current(self._last_work)
        self._core_times = now
        most, evenly = self._cores.stolen(self.used.cpu)
        self.used = replace(self.used, stolen=most, stolen_evenly=evenly, stood_still=self._cores.stood_still)
