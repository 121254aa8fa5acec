"""How much time the cores of this machine really had, and whether the kernel ran out of memory.

Under a hypervisor a core can stand still without the kernel in it noticing. A process that was on that core is charged
for the time all the same: its CPU time is then larger than what it used. Part of this is counted as steal in
``/proc/stat``; the rest (a host's CPU quota, memory that the host provides late) is in no column at all. So what is
measured here is the time that no column of a core accounts for: neither work nor idleness. Steal is in it.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from rlef_env.sandbox.watch import TICKS

__all__ = ["CoreTimes", "OutOfMemory", "core_times", "recent_core_times", "stolen_seconds", "wait_for_a_quiet_machine"]

COLUMNS = 7  # of /proc/stat: user, nice, system, idle, iowait, irq, softirq; the eighth is steal, then guests
RECENT_SECONDS = 0.1
QUIET_SHARE = 0.05  # of the cores' time: what is stolen where the machine counts as quiet
QUIET_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """What the cores did until a moment.

    Attributes:
        at: ``time.monotonic()`` of the moment.
        accounted: core -> seconds since boot in which it worked or was idle.
    """

    at: float
    accounted: dict[int, float]


def core_times() -> CoreTimes:
    """Read ``/proc/stat``. Where it cannot be read, or its counters stand still, there are no cores in the result."""
    accounted = {}
    try:
        with open("/proc/stat") as file:
            next(file)  # all cores together
            for line in file:
                name, *columns = line.split(None, COLUMNS + 1)
                if name[:3] != "cpu":
                    break
                accounted[int(name[3:])] = sum(map(int, columns[:COLUMNS])) / TICKS
    except (OSError, ValueError, StopIteration):
        pass
    if not any(accounted.values()):
        accounted = {}
    return CoreTimes(time.monotonic(), accounted)


_recent = CoreTimes(float("-inf"), {})


def recent_core_times() -> CoreTimes:
    """As ``core_times``, at most a tenth of a second old: reading costs as much as a short run's own bookkeeping."""
    global _recent
    if time.monotonic() - _recent.at > RECENT_SECONDS:
        _recent = core_times()
    return _recent


def stolen_seconds(before: CoreTimes, now: CoreTimes, cores: Collection[int] = ()) -> float:
    """Time that these cores together did not have; to two ticks of the kernel, so it may be a little below 0.

    With no cores named, it is what the core that lost most did not have.
    """
    passed = now.at - before.at
    lost = {
        core: passed - (until - before.accounted[core])
        for core, until in now.accounted.items()
        if core in before.accounted
    }
    if cores:
        return sum(lost.get(core, 0.0) for core in cores)
    return max(lost.values(), default=0.0)


def wait_for_a_quiet_machine(most_seconds: float) -> None:
    """Return when the cores had nearly all of their time for a moment, or after so long."""
    deadline = time.monotonic() + most_seconds
    while time.monotonic() < deadline:
        before = core_times()
        time.sleep(QUIET_LOOK_SECONDS)
        now = core_times()
        if stolen_seconds(before, now) <= QUIET_SHARE * (now.at - before.at) + 2 / TICKS:
            return


class OutOfMemory:
    """Whether the kernel ended a process for want of memory since the last time that somebody asked."""

    def __init__(self) -> None:
        self._count = _oom_kills()

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
