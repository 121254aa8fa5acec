"""How much of a run's CPU time may have been stolen, given which cores the run was on and what those cores lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rlef_env.sandbox.machine.core_time import CoreTimes, lost_by_core

__all__ = ["CoresUsed"]

UNKNOWN_CORE = -1  # stands for the core that lost most, where it is not known on which core a run was


@dataclass(slots=True)
class CoresUsed:
    """Totals of a run, core by core.

    Each core's loss is limited by the run's own work there. Otherwise a run could be excused by cores that it hardly
    used: sleeping threads can be on any number of cores.

    Attributes:
        worked: core -> seconds of CPU time that the run was charged there.
        passed: core -> seconds that passed while the run worked or slept there.
        lost: core -> the part of those seconds that the core did not have.
        stood_still: seconds that one of the run's cores did not have, on average.
    """

    worked: dict[int, float] = field(default_factory=dict)
    passed: dict[int, float] = field(default_factory=dict)
    lost: dict[int, float] = field(default_factory=dict)
    stood_still: float = 0.0
    _current: set[int] = field(default_factory=set)  # on which the run was since the last call of `add_time`

    def add_work(self, seconds: Mapping[int, float]) -> None:
        """Add CPU time of the run: core -> seconds."""
        self._current.update(seconds)
        for core, each in seconds.items():
            self.worked[core] = self.worked.get(core, 0.0) + each

    def add_time(self, before: CoreTimes, now: CoreTimes, sleeps: int = 0) -> None:
        """Add the time between two readings, in which the run went to sleep so many times, to its current cores."""
        lost = lost_by_core(before, now, sleeps)
        lost[UNKNOWN_CORE] = max(lost.values(), default=0.0)
        cores = self._current or {UNKNOWN_CORE}
        for core in cores:
            self.passed[core] = self.passed.get(core, 0.0) + now.at - before.at
            self.lost[core] = self.lost.get(core, 0.0) + lost.get(core, 0.0)
        self.stood_still += sum(lost.get(core, 0.0) for core in cores) / len(cores)

    def set_current(self, cores: Mapping[int, float]) -> None:
        """Set the cores that the run is on from now on."""
        self._current = set(cores)

    def stolen(self, cpu_seconds: float) -> tuple[float, float]:
        """Return how much of this CPU time may be stolen: at most, and if what was lost is spread evenly."""
        elsewhere = max(0.0, cpu_seconds - sum(self.worked.values()))  # work on a core that is not known
        most = sum(min(lost, self.worked.get(core, 0.0) + elsewhere) for core, lost in self.lost.items())
        shares = {core: self.lost[core] / passed for core, passed in self.passed.items() if passed > 0}
        mean = sum(shares.values()) / len(shares) if shares else 0.0
        evenly = sum(share * self.worked.get(core, 0.0) for core, share in shares.items()) + mean * elsewhere
        return most, evenly
