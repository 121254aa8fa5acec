"""What a run has used of the machine's time, and whether that is over a limit. Nothing is measured here.

A verdict must not depend on how busy the machine is. So a limit is held against what the program used, and what the
machine did not give is the machine's:

- The kernel charges a process for time in which its core did not run at all (see ``core_time``). What was used lies
  between CPU time minus stolen time and CPU time. A run is over the limit if it is over it by the lower end. It also
  is if it is over it by much, twice and half a second, with the stolen time spread evenly over all that passed: on a
  machine that is busy and stolen from, the lower end of an endless program hardly grows. A run is within the limit if
  it is by the upper end. One that ended between the two decides nothing and is run again.
- Idle time is time off the core less what the process waited for a core, for the disk, or for a core that stood still.
- Wall time is a backstop, far off. A run that reaches it with little use of its own was starved.
"""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.sandbox.execution import Limits, Status

__all__ = ["MOST_STRETCH", "TimeLimits", "TimeUsed", "status_at_the_end", "status_so_far"]

NOISE_SECONDS, NOISE_SHARE = 0.03, 0.01  # three ticks of the kernel's counters, and their drift while something runs
SURE_FACTOR, SURE_SECONDS = 2.0, 0.5
MOST_STRETCH = 8.0  # of the wall limit, where time is stolen
OWN_SHARE = 0.5  # of the wall time that was given: who used as much of it ran into the wall limit by itself


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds of each kind.

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
        """The limits of a run, with what is left open filled in."""
        cpu = limits.cpu_seconds
        idle = cpu if limits.idle_seconds is None else limits.idle_seconds
        return cls(cpu, idle, 10 * cpu + 10 if limits.wall_seconds is None else limits.wall_seconds)


@dataclass(frozen=True, slots=True)
class TimeUsed:
    """Totals of a run, in seconds.

    Attributes:
        wall: since it started.
        cpu: as the kernel charged it, all threads together.
        off_core: in which it was on no core.
        queued: in which it waited for a core, as the kernel says when a wait is over.
        waiting: off the core while it was seen to be ready to run, or in a wait that cannot be interrupted (the disk).
        stolen: CPU time that it may have been charged for and did not have, at most; as measured, which is only
            roughly.
        stolen_evenly: the same if what its cores did not have is spread evenly over all that passed; None for what it
            is on a single core.
        stood_still: time that its cores did not have, one of them on average; None for what it is on a single core.
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
        """Time that its cores did not have, or 0 where it may be an error of measurement."""
        return _unless_noise(self.standstill, self.wall)

    @property
    def min_cpu(self) -> float:
        """CPU time that it used at least."""
        return max(0.0, self.cpu - _unless_noise(self.stolen, self.cpu))

    @property
    def shared_cpu(self) -> float:
        """CPU time that it used if the stolen time is spread evenly over all that passed."""
        evenly = self.stolen_evenly
        if evenly is None:
            evenly = self.cpu * self.stolen / self.wall if self.wall > 0 else 0.0
        return max(0.0, self.cpu - _unless_noise(evenly, self.cpu))

    @property
    def waited(self) -> float:
        """Time in which it would have gone on, had the machine let it."""
        return max(self.queued, self.waiting)

    @property
    def idle(self) -> float:
        """Time in which it slept. Errors of measurement are not held against it: who sleeps goes on doing so."""
        return max(0.0, self.off_core - self.waited - self.standstill)


def _unless_noise(stolen: float, counted: float) -> float:
    """Stolen time, or 0 where it may be an error that counters made in so much time."""
    return stolen if stolen > NOISE_SECONDS + NOISE_SHARE * counted else 0.0


def status_so_far(used: TimeUsed, limits: TimeLimits, excused: float = 0.0, may_sleep: bool = False) -> Status | None:
    """Why a run under way must be ended, or None where it may go on.

    Args:
        used: what it has used so far.
        limits: of the run.
        excused: idle time that is not held against it: another's work, for which it waited.
        may_sleep: whether it is not to be ended for idle time just now.
    """
    idle = max(0.0, used.idle - excused)
    if _over_for_certain(used, limits) or (idle > limits.idle and not may_sleep):
        return Status.TIME_LIMIT
    given = used.wall - used.stolen_for_certain
    if given > limits.wall and used.min_cpu + idle >= OWN_SHARE * given:
        return Status.TIME_LIMIT
    return Status.STARVED if used.wall > limits.wall * (MOST_STRETCH if used.stolen_for_certain else 1) else None


def status_at_the_end(used: TimeUsed, limits: TimeLimits) -> Status | None:
    """What the totals of a run that ended by itself say: ``TIME_LIMIT``, ``STARVED`` (nothing is certain), or None."""
    if used.cpu <= limits.cpu:
        return None
    return Status.TIME_LIMIT if _over_for_certain(used, limits) else Status.STARVED


def _over_for_certain(used: TimeUsed, limits: TimeLimits) -> bool:
    return used.min_cpu > limits.cpu or used.shared_cpu > SURE_FACTOR * limits.cpu + SURE_SECONDS
