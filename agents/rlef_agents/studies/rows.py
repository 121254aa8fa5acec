"""Intervals as JSON values."""

from __future__ import annotations

import math

from rlef_env.analysis.statistics import Interval

__all__ = ["as_row"]


def as_row(interval: Interval) -> dict[str, float | None]:
    """Return an estimate and its interval as JSON values; None for what is not known."""
    names = {"mean": interval.value, "low": interval.low, "high": interval.high}
    return {name: value if math.isfinite(value) else None for name, value in names.items()}
