"""Forecast of a run's solve rate, in one line, from its evaluations so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rlef_env.analysis.forecast import Series, forecast

__all__ = ["outlook"]


def outlook(rows: Iterable[Mapping[str, Any]], evaluation: str) -> str:
    """Return what the evaluations say about the following ones; empty where they are too few.

    Args:
        rows: rows of ``metrics.jsonl``, oldest first.
        evaluation: name of the evaluation set.
    """
    known = [row for row in rows if row["kind"] == "evaluate" and row.get("episodes") and "solve_rate" in row]
    series = Series(
        tuple(row["update"] for row in known),
        tuple(row["solve_rate"] * row["episodes"] for row in known),
        tuple(row["episodes"] for row in known),
        evaluation=evaluation,
    )
    found = forecast(series, quick=True)
    return f"forecast: {found.sentence()}" if found.allowed else ""
