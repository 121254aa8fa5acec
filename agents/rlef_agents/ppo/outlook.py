"""Forecast of a run's solve rate, in one line, from its evaluations so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rlef_env.analysis.forecast import Series, forecast

__all__ = ["outlook"]


def outlook(rows: Iterable[Mapping[str, Any]], evaluation: str, name: str = "") -> str:
    """Return what the evaluations say about the following ones; empty where they are too few.

    Args:
        rows: rows of ``metrics.jsonl``, oldest first.
        evaluation: label of the evaluation set.
        name: its name in the rows; empty where there is one set only.
    """
    of_set = [row for row in rows if row["kind"] == "evaluate" and row.get("evaluation", "") == name]
    known = [row for row in of_set if row.get("episodes") and "solve_rate" in row]
    series = Series(
        tuple(row["update"] for row in known),
        tuple(row["solve_rate"] * row["episodes"] for row in known),
        tuple(row["episodes"] for row in known),
        evaluation=evaluation,
    )
    found = forecast(series, quick=True)
    return f"forecast: {found.sentence()}" if found.allowed else ""
