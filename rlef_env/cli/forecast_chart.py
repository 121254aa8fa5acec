"""A learning curve and its forecast, drawn with characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rlef_env.analysis.forecast import Forecast

__all__ = ["chart"]

WIDTH, HEIGHT = 64, 12
SIGNS: Final = ("●", "─", "░")
ASCII_SIGNS: Final = ("o", "-", ":")
"""An evaluation, the median, and the 80 % band."""
MARGIN: Final = 0.05


def chart(found: Forecast, until: float, ceiling: float | None = None, unicode: bool = True) -> list[str]:
    """Return the lines of a chart: evaluations, the median of the forecast and its 80 % band.

    Args:
        found: a forecast that is allowed.
        until: last step that is shown.
        ceiling: rate at which a line is drawn, if any.
        unicode: use characters beyond ASCII.
    """
    dot, line, shade = SIGNS if unicode else ASCII_SIGNS
    steps = [until * column / (WIDTH - 1) for column in range(WIDTH)]
    curve = found.curve(steps)
    lows, highs = curve.bands[80]
    points = [(step, rate) for run in found.runs for step, rate in zip(run.steps, run.rates, strict=True)]
    shown = [*lows, *highs, *(rate for _, rate in points), *([] if ceiling is None else [ceiling])]
    bottom, top = max(0.0, min(shown) - MARGIN), min(1.0, max(shown) + MARGIN)

    def place(rate: float) -> int:
        return round((top - rate) / (top - bottom) * (HEIGHT - 1))

    cells = [[" "] * WIDTH for _ in range(HEIGHT)]
    if ceiling is not None:
        cells[place(ceiling)] = ["=" if column % 2 else " " for column in range(WIDTH)]
    for column, (value, low, high) in enumerate(zip(curve.values, lows, highs, strict=True)):
        for row in range(place(high), place(low) + 1):
            cells[row][column] = shade
        cells[place(value)][column] = line
    for step, rate in points:
        cells[place(rate)][round(step / until * (WIDTH - 1))] = dot
    lines = []
    for row, characters in enumerate(cells):
        label = (
            f"{max(top - (top - bottom) * row / (HEIGHT - 1), 0.0):.2f}" if row in (0, HEIGHT // 2, HEIGHT - 1) else ""
        )
        lines.append(f"{label:>6} {'│' if unicode else '|'}{''.join(characters)}".rstrip())
    return [*lines, *axis([0.0, found.last_step, until], until, unicode)]


def axis(steps: Sequence[float], until: float, unicode: bool) -> list[str]:
    """Return the axis and the labels below it."""
    labels = [" "] * (WIDTH + 12)
    end = -1
    for step in steps:
        text = f"{step:g}"
        first = max(round(step / until * (WIDTH - 1)) - len(text) // 2, 0)
        if first > end:
            labels[first : first + len(text)] = text
            end = first + len(text)
    line, corner = ("─", "└") if unicode else ("-", "+")
    return [" " * 7 + corner + line * WIDTH, " " * 8 + "".join(labels).rstrip() + "  step"]
