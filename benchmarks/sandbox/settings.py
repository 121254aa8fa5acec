"""How large a measurement is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["QUICK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the measurements.

    Attributes:
        runs: executions in a block, at most 100: the machine drifts, and short blocks drift together.
        rounds: blocks of each kind, paired in turn.
        row_seconds: no further rounds of a row are begun after this time.
        programs: of W1, judged in a block of wall time.
        passes: over the mixed programs.
        mixed_each: at most so many programs of a kind in a pass; None for all 40.
        mixed_limit: seconds of CPU time for a mixed program.
        kills: programs killed at each kind of limit.
        executions: in one worker, to see what grows.
        repeats: of the memory measurement.
    """

    runs: int = 100
    rounds: int = 12
    row_seconds: float = 60.0
    programs: int = 20
    passes: int = 3
    mixed_each: int | None = None
    mixed_limit: float = 1.0
    kills: int = 20
    executions: int = 5000
    repeats: int = 5


QUICK = Settings(runs=40, rounds=4, row_seconds=10.0, programs=10, passes=1, kills=4, executions=1000, repeats=2)
"""A look, not a measurement."""
