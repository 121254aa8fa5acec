"""How much time the cores of this machine really had.

Under a hypervisor a core can stand still without the kernel in it noticing. A process on that core is charged for the
time nevertheless: its CPU time is then larger than what it used. The kernel counts part of this time as steal in
``/proc/stat``; the rest (a host's CPU quota, memory that the host provides late) is in no column at all. So this module
measures the time of a core that no column accounts for, neither as work nor as idle time. It includes steal.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rlef_env.sandbox.machine.proc_usage import TICKS

__all__ = [
    "RECENT_SECONDS",
    "TICK_SECONDS",
    "CoreTimes",
    "core_times",
    "counters_move",
    "lost_by_core",
    "recent_core_times",
    "stolen_seconds",
    "wait_for_a_quiet_machine",
]

COLUMNS = 7  # of /proc/stat: user, nice, system, idle, iowait, irq, softirq; the eighth is steal, then guests
RECENT_SECONDS = 0.1
QUIET_SHARE = 0.05  # of the cores' time: a machine from which less is stolen is quiet
QUIET_SAMPLE_SECONDS = 0.1
TICK_SECONDS = time.clock_getres(6)  # of CLOCK_MONOTONIC_COARSE, which is set at each tick
LONG_SECONDS = 5.0  # every core counts something in this time, whatever is stolen: the reader itself runs on one


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """What the cores did until some moment.

    Attributes:
        at: ``time.monotonic()`` of the moment.
        accounted: core -> seconds since boot in which it worked or was idle.
        steal: core -> seconds since boot that the hypervisor reports to have given to others.
    """

    at: float
    accounted: dict[int, float]
    steal: dict[int, float] = field(default_factory=dict)


def core_times() -> CoreTimes:
    """Read ``/proc/stat``. The result has no cores if the file is unreadable or its counters stand still.

    Some containers show a file of their own there, whose counters need not move.
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
    """Return whether the counters are alive: not if nothing was counted since a reading more than 5 s ago."""
    if first is None or now.at - first.at < LONG_SECONDS:
        return any(now.accounted.values())
    return now.accounted != first.accounted


_first: CoreTimes | None = None
_first = core_times()
_recent = CoreTimes(float("-inf"), {})


def recent_core_times() -> CoreTimes:
    """Return ``core_times()`` of the last 0.1 s: a reading costs as much as all other bookkeeping of a short run."""
    global _recent
    if time.monotonic() - _recent.at > RECENT_SECONDS:
        _recent = core_times()
    return _recent


def stolen_seconds(before: CoreTimes, now: CoreTimes) -> float:
    """Return the time that the core that lost most did not have.

    It is exact to two ticks of the kernel, so it may be a little below 0.
    """
    return max(lost_by_core(before, now).values(), default=0.0)


def lost_by_core(before: CoreTimes, now: CoreTimes, sleeps: int = 0) -> dict[int, float]:
    """Return core -> seconds between two readings that it did not have.

    The kernel counts work by sampling at each tick of its clock what a core does. A process that sleeps at every tick
    works in time that no column accounts for. So what a run can have hidden this way does not count as lost: one tick
    for each time that it went to sleep.

    Args:
        before: the earlier reading.
        now: the later one.
        sleeps: how many times the run went to sleep in between.
    """
    passed = now.at - before.at
    lost = {}
    for core, until in now.accounted.items():
        if core in before.accounted:
            reported = now.steal.get(core, 0.0) - before.steal.get(core, 0.0)
            missing = passed - (until - before.accounted[core]) - reported
            lost[core] = reported + (max(0.0, missing - sleeps * TICK_SECONDS) if missing > 0 else missing)
    return lost


def wait_for_a_quiet_machine(max_seconds: float, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Return when the cores had nearly all of their time for a moment, after ``max_seconds``, or when cancelled."""
    deadline = time.monotonic() + max_seconds
    while time.monotonic() < deadline and not cancelled():
        before = core_times()
        time.sleep(QUIET_SAMPLE_SECONDS)
        now = core_times()
        if stolen_seconds(before, now) <= QUIET_SHARE * (now.at - before.at) + 2 / TICKS:
            return
