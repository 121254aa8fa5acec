"""Figures of a study: curves over episodes with bands, readable in grey."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["draw_curves", "draw_turn_limits", "turn_limits"]

LINES: Final = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
MARKS: Final = ("o", "s", "^", "D", "v", "x")
AFTERWARDS: Final = {"test": "test split", "random feedback": "test split, random feedback"}
"""Evaluations of the trained policy that a figure of one curve shows at the end."""
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
        for number, (evaluation, words) in enumerate(AFTERWARDS.items() if len(chosen) == 1 else ()):
            if value := results["arms"][name]["evaluations"].get(evaluation):
                axes.errorbar(
                    [1.03 * episodes[-1]], [value["mean"]],
                    [[value["mean"] - value["low"]], [value["high"] - value["mean"]]],
                    marker="ox"[number], color=shade, capsize=2, markersize=5, label=f"{name}, {words}",
                )  # fmt: skip
    for name in ("feedback", "blind"):
        height = results["ceilings"][name]
        axes.axhline(height, color="0.6", linewidth=0.8)
        words = {"feedback": "best with feedback", "blind": "best without reading it"}[name]
        axes.annotate(
            words, (0.92, height), xycoords=axes.get_yaxis_transform(), xytext=(0, 3), textcoords="offset points",
            color="0.4", fontsize=8, horizontalalignment="right",
        )  # fmt: skip
    axes.set(xlabel="training episodes", ylabel="solved", ylim=(0, 1.09))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


def draw_turn_limits(results: Mapping[str, Any], path: Path) -> None:
    """Draw solve rates over turn limits, with intervals: a line for each arm and source of feedback with three limits.

    Args:
        results: results of a study.
        path: picture to write.
    """
    from matplotlib import pyplot

    series = turn_limits(results)
    figure, axes = pyplot.subplots(figsize=(6.4, 3.8))
    for place, (label, points) in enumerate(series.items()):
        middle = np.array([each["mean"] for each in points.values()])
        errors = np.abs(np.array([[each["low"], each["high"]] for each in points.values()]).T - middle)
        axes.errorbar(
            list(points), middle, errors, label=label, color=str(0.5 * place / max(len(series) - 1, 1)),
            linestyle=LINES[place % len(LINES)], marker=MARKS[place % len(MARKS)], markersize=4, capsize=2,
        )  # fmt: skip
    axes.set(xlabel="turn limit at inference", ylabel="solved problems of the test split", ylim=(0, 1.05))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


def turn_limits(results: Mapping[str, Any]) -> dict[str, dict[int, Mapping[str, Any]]]:
    """Return results by turn limit, for each arm and source of feedback that was evaluated with two limits or more.

    Only evaluations that differ in nothing else from the primary one, which is the first, are taken.
    """
    found: dict[str, dict[int, Mapping[str, Any]]] = {}
    primary, *_ = results["evaluations"].values()
    for name, arm in results["arms"].items():
        for evaluation, value in arm["evaluations"].items():
            how = results["evaluations"][evaluation]
            if conditions(how) == conditions(primary):
                label = name if how["feedback"] == "public" else f"{name}, {how['feedback']} feedback"
                found.setdefault(label, {})[how["turns"]] = value
    return {label: dict(sorted(points.items())) for label, points in found.items() if len(points) > 1}


def conditions(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an evaluation is made with, except for turns, feedback and the numbers of problems and samples."""
    free = {"turns", "feedback", "problems", "samples"}
    dataset = re.sub(r"&?\bcount=\d+", "", evaluation["dataset"])
    return {name: value for name, value in evaluation.items() if name not in free} | {"dataset": dataset}


def smooth(values: Sequence[float]) -> Any:
    """Return running means."""
    width = min(SMOOTHED, len(values))
    return np.convolve(values, np.ones(width) / width, "valid")
