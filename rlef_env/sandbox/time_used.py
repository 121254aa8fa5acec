"""Decides whether the time that a run has used exceeds a limit. Pure functions; nothing is measured here.

A verdict must not depend on how busy the machine is. So limits apply to what the program used, and what the machine
did not give is not held against the program:

- CPU time. The kernel charges a process for time in which its core did not run at all (see `core_time.py`). What was
  really used lies between CPU time minus stolen time and CPU time. A run is over its limit if the lower end is. It is
  also over its limit if it is far over it, by twice and half a second, with the stolen time spread evenly over all
  time that passed: on a busy machine from which much is stolen, the lower end of an endless program hardly grows. A run
  is within its limit if the upper end is. A run that ended in between decides nothing and is repeated.
- Idle time is time off the core, less the time that the process waited for a core, for the disk, or for a core that
  stood still.
- Wall time is a backstop, far off. A run that reaches it with little use of its own was starved.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.sandbox.execution import Limits, Status

__all__ = ["MAX_STRETCH", "TimeLimits", "TimeUsed", "status_at_the_end", "status_so_far"]

NOISE_SECONDS, NOISE_SHARE = 0.03, 0.01  # three ticks of the kernel's counters, and their drift while something runs
SURE_FACTOR, SURE_SECONDS = 2.0, 0.5
MAX_STRETCH = 8.0  # of the wall limit, where time is stolen
OWN_SHARE = 0.5  # of the wall time that the machine gave: a run that used this much reached the wall limit by itself


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Time limits of a run, in seconds.

    Attributes:
        cpu: on a core, all threads together.
        idle: neither on a core nor waiting for one.
        wall: the backstop.
    """

    cpu: float
    idle: float
    wall: float

    @classmethod
    def of(cls, limits: Limits) -> TimeLimits:
        """Return the time limits of a run, with defaults for what is None."""
        cpu = limits.cpu_seconds
        idle = cpu if limits.idle_seconds is None else limits.idle_seconds
        return cls(cpu, idle, 10 * cpu + 10 if limits.wall_seconds is None else limits.wall_seconds)


@dataclass(frozen=True, slots=True)
class TimeUsed:
    """Totals of a run, in seconds.

    Attributes:
        wall: time since it started.
        cpu: CPU time as the kernel charged it, all threads together.
        off_core: time in which it was on no core.
        queued: time in which it waited for a core. The kernel reports a wait when it is over.
        waiting: time off the core at samples that found it ready to run or in an uninterruptible wait (for the disk).
        stolen: CPU time that it may have been charged for without having had it, at most; a rough measurement.
        stolen_evenly: the same, if what its cores did not have is spread evenly over all time that passed; None: work
            it out for a single core.
        stood_still: time that one of its cores, on average, did not have; None: work it out for a single core.
    """

    wall: float
    cpu: float
    off_core: float = 0.0
    queued: float = 0.0
    waiting: float = 0.0
    stolen: float = 0.0
    stolen_evenly: float | None = None
    stood_still: float | None = None

    @property
    def standstill(self) -> float:
        """Time that its cores did not have; it may be an error of measurement."""
        return max(0.0, self.stolen if self.stood_still is None else self.stood_still)

    @property
    def stolen_for_certain(self) -> float:
        """Time that its cores did not have, or 0 if it may be an error of measurement."""
        return _unless_noise(self.standstill, self.wall)

    @property
    def min_cpu(self) -> float:
        """CPU time that it used at least."""
        return max(0.0, self.cpu - _unless_noise(self.stolen, self.cpu))

    @property
    def shared_cpu(self) -> float:
        """CPU time that it used, if the stolen time is spread evenly over all time that passed."""
        evenly = self.stolen_evenly
        if evenly is None:
            evenly = self.cpu * self.stolen / self.wall if self.wall > 0 else 0.0
        return max(0.0, self.cpu - _unless_noise(evenly, self.cpu))

    @property
    def waited(self) -> float:
        """Time in which it would have worked, had the machine let it."""
        return max(self.queued, self.waiting)

    @property
    def idle(self) -> float:
        """Time in which it slept. All measured standstill is subtracted, errors too: a sleeper continues to sleep."""
        return max(0.0, self.off_core - self.waited - self.standstill)


def _unless_noise(stolen: float, counted: float) -> float:
    """Return the stolen time, or 0 if it may be an error that the counters made in this much time."""
    return stolen if stolen > NOISE_SECONDS + NOISE_SHARE * counted else 0.0


def status_so_far(used: TimeUsed, limits: TimeLimits, excused: float = 0.0, may_sleep: bool = False) -> Status | None:
    """Return why a run in progress must be killed, or None if it may continue.

    Args:
        used: what it has used so far.
        limits: of the run.
        excused: idle time that does not count: another process worked, and the run waited for it.
        may_sleep: do not kill it for idle time at this moment.
    """
    idle = max(0.0, used.idle - excused)
    if _over_for_certain(used, limits) or (idle > limits.idle and not may_sleep):
        return Status.TIME_LIMIT
    given = used.wall - used.stolen_for_certain
    if given > limits.wall and used.min_cpu + idle >= OWN_SHARE * given:
        return Status.TIME_LIMIT
    return Status.STARVED if used.wall > limits.wall * (MAX_STRETCH if used.stolen_for_certain else 1) else None


def status_at_the_end(used: TimeUsed, limits: TimeLimits) -> Status | None:
    """Return what the totals of a run that ended by itself show: ``TIME_LIMIT``, ``STARVED`` (undecided), or None."""
    if used.cpu <= limits.cpu:
        return None
    return Status.TIME_LIMIT if _over_for_certain(used, limits) else Status.STARVED


def _over_for_certain(used: TimeUsed, limits: TimeLimits) -> bool:
    return used.min_cpu > limits.cpu or used.shared_cpu > SURE_FACTOR * limits.cpu + SURE_SECONDS
