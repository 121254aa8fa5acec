"""What the machine gave in a stretch of time: an attack is not to blame for what it did not give."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rlef_env.judge import Judgement, Verdict
from rlef_env.sandbox import core_times, stolen_seconds

__all__ = ["MachineTime", "Stopwatch", "kept_too_long", "starved_by_the_machine"]

PATIENCE, GRACE_SECONDS = 3, 3.0  # an attack may keep its worker for so many time limits and so much more, per test
STOLEN_SHARE: Final = 0.1  # of a stretch of time: what is less explains no missing verdict
PRESSURE: Final = Path("/proc/pressure/cpu")


@dataclass(frozen=True, slots=True)
class MachineTime:
    """A stretch of time, in seconds.

    Attributes:
        wall: how long it was.
        stolen: what the core that lost most did not have of it: the host ran others.
        waited: in which some process here was ready to run and waited for a core; 0 where the kernel does not tell.
    """

    wall: float
    stolen: float = 0.0
    waited: float = 0.0

    @property
    def given(self) -> float:
        """The part for which neither the host nor other processes are to blame, at least."""
        return max(0.0, self.wall - self.stolen - self.waited)


class Stopwatch:
    """Measures from when it is made."""

    def __init__(self) -> None:
        self._began, self._cores, self._waited = time.monotonic(), core_times(), _waited()

    def read(self) -> MachineTime:
        """The time until now."""
        wall = time.monotonic() - self._began
        stolen = stolen_seconds(self._cores, core_times())
        return MachineTime(wall, min(wall, max(0.0, stolen)), min(wall, max(0.0, _waited() - self._waited)))


def kept_too_long(spent: MachineTime, cpu_seconds: float, tests: int, time_limit: float) -> bool:
    """Whether an attack kept its worker far beyond its time limit by itself.

    What the machine did not give is not counted; CPU time is, less what was stolen, as a stolen core's clock runs on.

    Args:
        spent: from its start to its judgement.
        cpu_seconds: that it was charged, on all tests together.
        tests: how many there were.
        time_limit: of each, in seconds.
    """
    own = max(spent.given, cpu_seconds - spent.stolen)
    return own > tests * (PATIENCE * time_limit + GRACE_SECONDS)


def starved_by_the_machine(judgement: Judgement, spent: MachineTime) -> bool:
    """Whether a verdict is missing because time was stolen. Where it was not, whatever runs here may be to blame."""
    said = {(judgement.verdict, judgement.category), *((each.verdict, each.category) for each in judgement.results)}
    return (Verdict.NO_VERDICT, "starved") in said and spent.stolen >= STOLEN_SHARE * spent.wall


def _waited() -> float:
    """Seconds since boot in which some process waited for a core (PSI; docs.kernel.org/accounting/psi.html)."""
    try:
        return int(PRESSURE.read_text().partition("total=")[2].split()[0]) / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0
