"""How much time the cores of this machine really had, and whether the kernel ran out of memory.

Under a hypervisor a core can stand still without the kernel in it noticing. A process that was on that core is charged
for the time all the same: its CPU time is then larger than what it used. Part of this is counted as steal in
``/proc/stat``; the rest (a host's CPU quota, memory that the host provides late) is in no column at all. So what is
measured here is the time that no column of a core accounts for: neither work nor idleness. Steal is in it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rlef_env.sandbox.machine.proc_usage import TICKS

__all__ = [
    "OUT_OF_MEMORY",
    "CoreTimes",
    "CoresUsed",
    "core_times",
    "recent_core_times",
    "stolen_seconds",
    "wait_for_a_quiet_machine",
]

COLUMNS = 7  # of /proc/stat: user, nice, system, idle, iowait, irq, softirq; the eighth is steal, then guests
RECENT_SECONDS = 0.1
QUIET_SHARE = 0.05  # of the cores' time: what is stolen where the machine counts as quiet
QUIET_LOOK_SECONDS = 0.1
TICK_SECONDS = time.clock_getres(6)  # of CLOCK_MONOTONIC_COARSE, which is set at each tick
LONG_SECONDS = 5.0  # in which cores count something, whatever is stolen from them: who reads runs on one


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """What the cores did until a moment.

    Attributes:
        at: ``time.monotonic()`` of the moment.
        accounted: core -> seconds since boot in which it worked or was idle.
        steal: core -> seconds that the hypervisor told to have given to others.
    """

    at: float
    accounted: dict[int, float]
    steal: dict[int, float] = field(default_factory=dict)


def core_times() -> CoreTimes:
    """Read ``/proc/stat``. Where it cannot be read, or its counters stand still, there are no cores in the result.

    Some containers show counters of their own there, which need not move.
    """
    accounted, steal = {}, {}
    try:
        with open("/proc/stat") as file:
            next(file)  # all cores together
            for line in file:
                name, *columns = line.split(None, COLUMNS + 2)
                if name[:3] != "cpu":
                    break
                core = int(name[3:])
                accounted[core] = sum(map(int, columns[:COLUMNS])) / TICKS
                steal[core] = sum(map(int, columns[COLUMNS : COLUMNS + 1])) / TICKS
    except (OSError, ValueError, StopIteration):
        pass
    now = CoreTimes(time.monotonic(), accounted, steal)
    return now if counters_move(_first, now) else CoreTimes(now.at, {})


def counters_move(first: CoreTimes | None, now: CoreTimes) -> bool:
    """Whether a reading is worth anything: not where nothing at all was counted since one that was long before."""
    if first is None or now.at - first.at < LONG_SECONDS:
        return any(now.accounted.values())
    return now.accounted != first.accounted


_first: CoreTimes | None = None
_first = core_times()


_recent = CoreTimes(float("-inf"), {})


def recent_core_times() -> CoreTimes:
    """As ``core_times``, at most a tenth of a second old: reading costs as much as a short run's own bookkeeping."""
    global _recent
    if time.monotonic() - _recent.at > RECENT_SECONDS:
        _recent = core_times()
    return _recent


def stolen_seconds(before: CoreTimes, now: CoreTimes) -> float:
    """Time that the core that lost most did not have; to two ticks of the kernel, so it may be a little below 0."""
    return max(_lost(before, now).values(), default=0.0)


def _lost(before: CoreTimes, now: CoreTimes, naps: int = 0) -> dict[int, float]:
    """Core -> time that it did not have.

    The kernel counts work by looking at each tick of its clock what a core does. Who sleeps at every tick works in
    time that no column accounts for; so what a run can have hidden so, a tick for each of its naps, does not count.
    """
    passed = now.at - before.at
    lost = {}
    for core, until in now.accounted.items():
        if core in before.accounted:
            told = now.steal.get(core, 0.0) - before.steal.get(core, 0.0)
            untold = passed - (until - before.accounted[core]) - told
            lost[core] = told + (max(0.0, untold - naps * TICK_SECONDS) if untold > 0 else untold)
    return lost


ANY_CORE = -1  # one that is not known; then the one that lost most is meant


@dataclass(slots=True)
class CoresUsed:
    """What a run did on each core, and what that core did not have meanwhile.

    A run could be excused by cores on which it hardly was: threads that sleep are on any number of them.

    Attributes:
        worked: core -> how long the run was on it, as the kernel charged it.
        passed: core -> how much time went by while the run was on it, or slept on it.
        lost: core -> how much of that it did not have.
        stood_still: what one of the run's cores did not have, on average.
    """

    worked: dict[int, float] = field(default_factory=dict)
    passed: dict[int, float] = field(default_factory=dict)
    lost: dict[int, float] = field(default_factory=dict)
    stood_still: float = 0.0
    _on: set[int] = field(default_factory=set)

    def work(self, seconds: Mapping[int, float]) -> None:
        """Note how long the run was on which cores since the last time."""
        self._on.update(seconds)
        for core, each in seconds.items():
            self.worked[core] = self.worked.get(core, 0.0) + each

    def pass_time(self, before: CoreTimes, now: CoreTimes, naps: int = 0) -> None:
        """Note what the cores that the run was on did not have in between, in which it went to sleep so many times."""
        lost = _lost(before, now, naps)
        lost[ANY_CORE] = max(lost.values(), default=0.0)
        cores = self._on or {ANY_CORE}
        for core in cores:
            self.passed[core] = self.passed.get(core, 0.0) + now.at - before.at
            self.lost[core] = self.lost.get(core, 0.0) + lost.get(core, 0.0)
        self.stood_still += sum(lost.get(core, 0.0) for core in cores) / len(cores)

    def stay_on(self, cores: Mapping[int, float]) -> None:
        """Note that the run is on these cores only, from now on."""
        self._on = set(cores)

    def stolen(self, cpu_seconds: float) -> tuple[float, float]:
        """How much of this CPU time may have been stolen: at most, and if what was lost is spread evenly."""
        unknown = max(0.0, cpu_seconds - sum(self.worked.values()))  # on which core
        most = sum(min(lost, self.worked.get(core, 0.0) + unknown) for core, lost in self.lost.items())
        shares = {core: self.lost[core] / passed for core, passed in self.passed.items() if passed > 0}
        mean = sum(shares.values()) / len(shares) if shares else 0.0
        evenly = sum(share * self.worked.get(core, 0.0) for core, share in shares.items()) + mean * unknown
        return most, evenly


def wait_for_a_quiet_machine(max_seconds: float, given_up: Callable[[], bool] = lambda: False) -> None:
    """Return when the cores had nearly all of their time for a moment, or after so long, or when it is given up."""
    deadline = time.monotonic() + max_seconds
    while time.monotonic() < deadline and not given_up():
        before = core_times()
        time.sleep(QUIET_LOOK_SECONDS)
        now = core_times()
        if stolen_seconds(before, now) <= QUIET_SHARE * (now.at - before.at) + 2 / TICKS:
            return


class OutOfMemory(threading.local):
    """Whether the kernel ended a process for want of memory since the last time that this thread asked."""

    def __init__(self, count: int) -> None:
        self._count = count

    def happened(self) -> bool:
        """Whether it did, anywhere on the machine."""
        count, before = _oom_kills(), self._count
        self._count = count
        return count > before


def _oom_kills() -> int:
    try:
        with open("/proc/vmstat") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    except (OSError, ValueError):
        return 0


OUT_OF_MEMORY: Final = OutOfMemory(_oom_kills())
"""Counts from when this was loaded, in each thread: a run that is repeated once too often is no fault."""
