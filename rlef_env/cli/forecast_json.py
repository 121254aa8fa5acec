"""What ``rlef forecast`` says, as JSON."""

from __future__ import annotations

import math
from typing import Any, Final

from rlef_env.analysis.forecast import Reach
from rlef_env.analysis.forecast.forecast import bands_row
from rlef_env.analysis.forecast.sampling import SampleForecast
from rlef_env.cli.forecast_text import Report, chart_end

__all__ = ["report_json"]

CURVE_POINTS: Final = 101
"""Points of the forecast's curve in the JSON."""


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values; infinity is null."""
    found = report.found
    row = found.as_json()
    if report.ceiling is not None:
        row["ceiling"] = report.ceiling
        row["plateau_error"] = None if found.plateau is None else abs(found.plateau.value - report.ceiling)
    if found.allowed:
        end = chart_end(report)
        curve = found.curve([end * place / (CURVE_POINTS - 1) for place in range(CURVE_POINTS)])
        row["curve"] = {"steps": curve.steps, "values": curve.values}
        for level, (lows, highs) in curve.bands.items():
            row["curve"] |= {f"low_{level}": lows, f"high_{level}": highs}
    row["series"] = [
        {"run": run.name, "steps": run.steps, "successes": run.successes, "trials": run.trials} for run in found.runs
    ]
    if report.each:
        row["each"] = [each.as_json() for each in report.each]
    if report.at is not None:
        row["at"] = {"step": report.at[0], **bands_row(report.at[1])}
    if report.reach is not None:
        row["reach"] = reach_row(report.reach)
    if report.sampled is not None:
        row["samples"] = sampling_row(report.sampled)
        row["payoff"] = [
            {
                "episodes": each.episodes,
                "step": each.step,
                "training": bands_row(each.training),
                "samples": each.samples,
                "sampling": bands_row(each.sampling),
                "training_better": each.training_better,
                "verdict": each.verdict,
            }
            for each in report.payoffs
        ]
    if report.tested is not None:
        row["backtest"] = report.tested.as_json()
    return row


def reach_row(reach: Reach) -> dict[str, Any]:
    """Return when a target is reached as plain JSON values."""
    row: dict[str, Any] = {"target": reach.target, "step": finite(reach.step), "never": reach.never}
    for level, (low, high) in reach.bands.items():
        row |= {f"low_{level}": finite(low), f"high_{level}": finite(high)}
    return row


def sampling_row(sampled: SampleForecast) -> dict[str, Any]:
    """Return pass@k as plain JSON values."""
    if not sampled.allowed:
        return {"allowed": False, "reason": sampled.reason}
    curve = {str(k): bands_row(sampled.pass_at(k)) for k in (1, 2, 4, 8, 16, 32, 64, 128)}
    return {"allowed": True, "reason": "", "limit": bands_row(sampled.limit), "pass_at": curve}


def finite(value: float) -> float | None:
    """Return a number, or None instead of infinity."""
    return value if math.isfinite(value) else None
