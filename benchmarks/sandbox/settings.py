"""Sizes of the measurements."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["QUICK", "Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the measurements.

    Attributes:
        runs: executions per block, at most 100: the machine's speed drifts, and short blocks are affected equally.
        rounds: alternating blocks of each kind.
        row_seconds: no further round of a row starts after this time.
        programs: programs of W1 judged per block of wall time.
        passes: passes over the mixed programs.
        mixed_each: maximum number of programs of a kind in a pass; None for all 40.
        mixed_limit: CPU time limit of a mixed program, in seconds.
        kills: programs killed at each kind of limit.
        executions: executions in one worker, to measure growth.
        repeats: repeats of the memory measurement.
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
"""Small sizes, for a rough look."""
