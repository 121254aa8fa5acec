"""Time that the machine really gave in an interval: an attack is not blamed for time that the machine withheld."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rlef_env.judge import Judgement, Verdict
from rlef_env.sandbox.machine.core_time import core_times, stolen_seconds

__all__ = ["MachineTime", "Stopwatch", "kept_too_long", "starved_by_the_machine"]

TIME_LIMITS, GRACE_SECONDS = 3, 3.0  # per test, an attack may keep its worker for 3 time limits and 3 s more
STOLEN_SHARE: Final = 0.1  # of an interval; a smaller share does not excuse a missing verdict
PRESSURE: Final = Path("/proc/pressure/cpu")


@dataclass(frozen=True, slots=True)
class MachineTime:
    """Durations in an interval, in seconds.

    Attributes:
        wall: length of the interval.
        stolen: time that the host took from one core to run other machines; from the core that lost most.
        waited: time in which some process here was ready to run and waited for a core; 0 if the kernel has no PSI.
    """

    wall: float
    stolen: float = 0.0
    waited: float = 0.0

    @property
    def given(self) -> float:
        """Lower bound of the time that neither the host nor other processes took."""
        return max(0.0, self.wall - self.stolen - self.waited)


class Stopwatch:
    """Measures the interval since its creation."""

    def __init__(self) -> None:
        self._began, self._cores, self._waited = time.monotonic(), core_times(), _waited()

    def read(self) -> MachineTime:
        """Return the durations until now."""
        wall = time.monotonic() - self._began
        stolen = stolen_seconds(self._cores, core_times())
        return MachineTime(wall, min(wall, max(0.0, stolen)), min(wall, max(0.0, _waited() - self._waited)))


def kept_too_long(spent: MachineTime, cpu_seconds: float, tests: int, time_limit: float) -> bool:
    """Return whether an attack kept its worker far beyond its time limit.

    Time that the machine withheld does not count. CPU time does, less the stolen time, because the CPU clock of a
    process runs on while its core is stolen.

    Args:
        spent: durations from the attack's start to its judgement.
        cpu_seconds: CPU time of all tests together.
        tests: number of tests.
        time_limit: time limit of each test in seconds.
    """
    own = max(spent.given, cpu_seconds - spent.stolen)
    return own > tests * (TIME_LIMITS * time_limit + GRACE_SECONDS)


def starved_by_the_machine(judgement: Judgement, spent: MachineTime) -> bool:
    """Return whether a verdict is missing because the host stole time; otherwise the attack may be the cause."""
    found = {(judgement.verdict, judgement.category), *((each.verdict, each.category) for each in judgement.results)}
    return (Verdict.NO_VERDICT, "starved") in found and spent.stolen >= STOLEN_SHARE * spent.wall


def _waited() -> float:
    """Return the seconds since boot in which some process waited for a core (docs.kernel.org/accounting/psi.html)."""
    try:
        return int(PRESSURE.read_text().partition("total=")[2].split()[0]) / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0
