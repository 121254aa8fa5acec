"""Figures of a benchmark and their goals, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["Figure", "Goal", "machine", "measured", "missed", "missing", "ratios", "show", "write_json"]


@dataclass(frozen=True, slots=True)
class Goal:
    """Bound of a figure: upper, or lower with ``at_least``."""

    bound: float
    unit: str
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Return whether a measured value meets the goal."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"at {'least' if self.at_least else 'most'} {_number(self.bound, self.unit)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a report.

    Attributes:
        row: short name, as in ``--rows``.
        figure: description.
        goal: goal as text; empty if the figure only explains others.
        measured: median; None if it was not measured (``note`` has the reason).
        unit: unit of ``measured`` and ``spread``: ``"x"`` (a ratio), ``"ms"``, ``"MB"``, ...
        spread: lower and upper quartile; None for a single value.
        n: number of values.
        met: whether the goal is met; None without a goal or a value.
        note: explanation for the reader.
    """

    row: str
    figure: str
    goal: str = ""
    measured: float | None = None
    unit: str = ""
    spread: tuple[float, float] | None = None
    n: int = 0
    met: bool | None = None
    note: str = ""


def measured(
    row: str, figure: str, values: Sequence[float], unit: str, goal: Goal | None = None, note: str = ""
) -> Figure:
    """Return a figure with the median and the quartiles of measured values."""
    median = statistics.median(values)
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else []
    return Figure(
        row=row,
        figure=figure,
        goal=str(goal) if goal else "",
        measured=round(median, 4),
        unit=unit,
        spread=(round(quartiles[0], 4), round(quartiles[2], 4)) if quartiles else None,
        n=len(values),
        met=goal.met(median) if goal else None,
        note=note,
    )


def missing(row: str, figure: str, reason: str, goal: Goal | None = None) -> Figure:
    """Return a figure that could not be measured, with the reason."""
    return Figure(row, figure, goal=str(goal) if goal else "", note=reason)


def missed(figures: Iterable[Figure]) -> bool:
    """Return whether any goal is missed."""
    return any(figure.met is False for figure in figures)


def ratios(values: Sequence[float], per: Sequence[float]) -> list[float]:
    """Divide values pair by pair."""
    return [value / divisor for value, divisor in zip(values, per, strict=True)]


def machine() -> dict[str, Any]:
    """Return facts about this machine that belong to a measurement, including its current load."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "user": "root" if os.getuid() == 0 else "unprivileged",
    }


def show(title: str, figures: Sequence[Figure], facts: dict[str, Any], command: str) -> None:
    """Print the table, the notes on its rows, the machine, and the command that repeats the measurement."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    table = Table(title=title, title_justify="left")
    for heading in ("row", "figure", "goal"):
        table.add_column(heading)
    for heading in ("measured", "middle half", "n", "met"):
        table.add_column(heading, justify="right", no_wrap=True)
    for figure in figures:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]
        value = "-" if figure.measured is None else _number(figure.measured, figure.unit)
        spread = "" if figure.spread is None else f"{figure.spread[0]:.4g} to {figure.spread[1]:.4g}"
        table.add_row(figure.row, escape(figure.figure), figure.goal, value, spread, str(figure.n or ""), met)
    console.print(table)
    for figure in figures:
        if figure.note:
            console.print(f"[bold]{figure.row}[/] {escape(figure.figure)}: [dim]{escape(figure.note)}[/]")
    console.print(escape(", ".join(f"{name} {value}" for name, value in facts.items())))
    console.print(f"command: {command}", markup=False)


def write_json(path: Path, figures: Sequence[Figure], facts: dict[str, Any], command: str, **more: object) -> None:
    """Write the machine's facts, the command and the rows to a JSON file."""
    report = {"machine": facts, "command": command, "rows": [asdict(figure) for figure in figures], **more}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def command_line(module: str) -> str:
    """Return the command line that started a module."""
    return " ".join(["python", "-m", module, *sys.argv[1:]])


def _number(value: float, unit: str) -> str:
    return f"{value:.3g}{unit}" if unit in ("x", "%") else f"{value:.4g} {unit}".rstrip()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
