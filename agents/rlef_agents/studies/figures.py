"""Figures of a study: curves over episodes with bands, readable in grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["draw_curves", "draw_turn_limits"]

LINES: Final = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
MARKS: Final = ("o", "s", "^", "D", "v", "x")
SMOOTHED: Final = 3
"""Updates whose mean is a point of a curve."""


def draw_curves(results: Mapping[str, Any], path: Path, arms: Sequence[str] = ()) -> None:
    """Draw the solve rate of training over episodes: the mean of the seeds, and a band from the lowest to the highest.

    Args:
        results: results of a study.
        path: picture to write.
        arms: arms to draw; all that were trained, if empty.
    """
    from matplotlib import pyplot

    chosen = {
        name: arm["curve"] for name, arm in results["arms"].items() if arm["curve"] and (not arms or name in arms)
    }
    figure, axes = pyplot.subplots(figsize=(7.2, 3.8))
    for place, (name, curve) in enumerate(chosen.items()):
        solved = np.array([smooth(row) for row in curve["solved"]])
        episodes = np.array(curve["episodes"][-solved.shape[1] :])
        shade = str(0.55 * place / max(len(chosen) - 1, 1))
        axes.plot(episodes, solved.mean(axis=0), linestyle=LINES[place % len(LINES)], color=shade, label=name)
        axes.fill_between(episodes, solved.min(axis=0), solved.max(axis=0), color=shade, alpha=0.15, linewidth=0)
    for name in ("feedback", "blind"):
        height = results["ceilings"][name]
        axes.axhline(height, color="0.6", linewidth=0.8)
        axes.annotate(
            {"feedback": "best with feedback", "blind": "best without reading it"}[name], (0, height), xytext=(3, 3),
            textcoords="offset points", color="0.4", fontsize=8,
        )  # fmt: skip
    axes.set(xlabel="training episodes", ylabel="solved", ylim=(0, 1.09))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


def draw_turn_limits(results: Mapping[str, Any], series: Mapping[str, Mapping[int, str]], path: Path) -> None:
    """Draw solve rates over turn limits, with intervals.

    Args:
        results: results of a study.
        series: arm -> turn limit -> name of the evaluation; ``ARM, LABEL`` gives an arm a second line.
        path: picture to write.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8))
    for place, (label, evaluations) in enumerate(series.items()):
        found = [results["arms"][label.partition(", ")[0]]["evaluations"][name] for name in evaluations.values()]
        middle = np.array([each["mean"] for each in found])
        errors = np.abs(np.array([[each["low"], each["high"]] for each in found]).T - middle)
        axes.errorbar(
            list(evaluations), middle, errors, label=label, color=str(0.5 * place / max(len(series) - 1, 1)),
            linestyle=LINES[place % len(LINES)], marker=MARKS[place % len(MARKS)], markersize=4,
            capsize=2, linewidth=1.2,
        )  # fmt: skip
    axes.set(xlabel="turn limit", ylabel="solved problems of the test split", ylim=(0, 1.05))
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


def smooth(values: Sequence[float]) -> Any:
    """Return running means."""
    width = min(SMOOTHED, len(values))
    return np.convolve(values, np.ones(width) / width, "valid")
