"""Weighted least squares of every candidate to many series at once, and the choice among candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rlef_env.analysis.forecast.shapes import Array, Shape

__all__ = ["Fit", "Points", "fit", "origins", "tail_errors"]

MAX_ORIGINS: Final = 6
FIRST_ORIGIN: Final = 0.4
"""Share of the evaluations before the first origin."""
SLOPE_ENDS: Final = 4.0
MIN_BEFORE: Final = 4
"""Evaluations before the first origin, at least."""


@dataclass(frozen=True)
class Points:
    """Steps and weights of the evaluations, those of all runs together.

    Attributes:
        u: steps divided by the last step, ascending, shape (n,).
        weights: one divided by the variance of the rate, shape (n,).
        places: number of the step among the distinct steps, from 0, shape (n,).
    """

    u: Array
    weights: Array
    places: Array

    @property
    def count(self) -> int:
        """Number of distinct steps."""
        return int(self.places[-1]) + 1

    def before(self, place: int) -> int:
        """Return the number of points whose step is before the distinct step of this number."""
        return int(np.searchsorted(self.places, place))


@dataclass(frozen=True)
class Fit:
    """One candidate, fitted to b series.

    Attributes:
        shape: the candidate.
        start: value at step 0, shape (b,).
        end: value where ``rise`` is 1, shape (b,).
        grid: the chosen row of the candidate's grid, shape (b, 2).
        error: weighted sum of squared errors, shape (b,).
    """

    shape: Shape
    start: Array
    end: Array
    grid: Array
    error: Array

    def values(self, u: Array) -> Array:
        """Return the fitted rates, shape (b, len(u))."""
        rise = self.shape.rise(u, self.grid)
        rates: Array = np.clip(self.start[:, None] + (self.end - self.start)[:, None] * rise, 0.0, 1.0)
        return rates

    @property
    def limit(self) -> Array:
        """The value after infinitely many steps; of a constant slope, after ``SLOPE_ENDS`` times the steps so far."""
        return self.end if self.shape.saturates else self.values(np.array([SLOPE_ENDS]))[:, 0]


def fit(shape: Shape, points: Points, rates: Array, until: int | None = None) -> Fit:
    """Fit a candidate to series that share their steps and weights; start and end stay between 0 and 1.

    Args:
        shape: the candidate.
        points: steps and weights, n of them.
        rates: the series, shape (b, n).
        until: number of the points to fit to, the first ones; all if None.
    """
    until = len(points.u) if until is None else until
    first = points.before(shape.recent(int(points.places[until - 1]) + 1))
    u, weights, y = points.u[first:until], points.weights[first:until], rates[:, first:until]
    if not shape.grid.any():
        start, end, error = fit_line(shape.rise(u, shape.grid)[0], weights, y)
        return Fit(shape, start, end, np.zeros((len(y), 2)), error)
    start, end, best, error = bounded_least_squares(shape.rise(u, shape.grid), weights, y)
    return Fit(shape, start, end, shape.grid[best], error)


def fit_line(rise: Array, weights: Array, rates: Array) -> tuple[Array, Array, Array]:
    """Minimise sum of weights * (start + (end - start) * rise - rate)**2, without bounds; end is start if rise is 0.

    Args:
        rise: shape (n,).
        weights: shape (n,).
        rates: shape (b, n).

    Returns:
        start, end and the minimum, each of shape (b,).
    """
    share = weights / weights.sum()
    centred, mean = rise - rise @ share, rates @ share
    spread = centred**2 @ weights
    slope = (rates @ (weights * centred)) / spread if spread > 0 else np.zeros(len(rates))
    start = mean - slope * (rise @ share)
    error = ((start[:, None] + slope[:, None] * rise - rates) ** 2) @ weights
    return start, start + slope, error


def bounded_least_squares(rise: Array, weights: Array, rates: Array) -> tuple[Array, Array, Array, Array]:
    """Minimise sum of weights * (start * (1 - rise) + end * rise - rate)**2 with start and end from 0 to 1.

    Args:
        rise: shape (g, n): g curves to choose from.
        weights: shape (n,).
        rates: shape (b, n).

    Returns:
        start, end, number of the chosen curve, and the minimum, each of shape (b,).
    """
    fall = 1.0 - rise
    ff, fr, rr = (fall * fall) @ weights, (fall * rise) @ weights, (rise * rise) @ weights  # (g,)
    weighted = rates * weights
    f, r = weighted @ fall.T, weighted @ rise.T  # (b, g)

    def cost(start: Array, end: Array) -> Array:
        value: Array = start * start * ff + 2.0 * start * end * fr + end * end * rr - 2.0 * (start * f + end * r)
        return value

    determinant = ff * rr - fr * fr
    solvable = determinant > 1e-9 * ff * rr
    divisor = np.where(solvable, determinant, 1.0)
    start = np.where(solvable, (f * rr - r * fr) / divisor, -1.0)  # -1: outside, so that an edge is taken
    end = np.where(solvable, (r * ff - f * fr) / divisor, -1.0)
    inside = (start >= 0.0) & (start <= 1.0) & (end >= 0.0) & (end <= 1.0)
    best = np.where(inside, cost(start, end), np.inf)
    for edge in (0.0, 1.0):  # the cost is convex: outside the square its minimum over the square is on an edge
        for s, e in (
            (np.full_like(f, edge), np.clip((r - edge * fr) / np.maximum(rr, 1e-12), 0.0, 1.0)),
            (np.clip((f - edge * fr) / np.maximum(ff, 1e-12), 0.0, 1.0), np.full_like(f, edge)),
        ):
            value = cost(s, e)
            better = ~inside & (value < best)
            start, end, best = np.where(better, s, start), np.where(better, e, end), np.where(better, value, best)
    chosen = best.argmin(axis=1)
    rows = np.arange(len(rates))
    error = best[rows, chosen] + (weighted * rates).sum(axis=1)
    return start[rows, chosen], end[rows, chosen], chosen, np.maximum(error, 0.0)


def origins(count: int) -> list[int]:
    """Return at most ``MAX_ORIGINS`` cuts of ``count`` evaluations: each is the number of evaluations before it."""
    first = min(max(MIN_BEFORE, int(np.ceil(FIRST_ORIGIN * count))), count - 1)
    return sorted({round(each) for each in np.linspace(first, count - 1, MAX_ORIGINS)})


def tail_errors(shape: Shape, points: Points, rates: Array) -> Array:
    """Return how badly a candidate forecasts what is known already, for each series, shape (b,).

    From each of several origins, the candidate is fitted to the evaluations before it and forecasts all later ones
    (rolling origin, with the whole rest as the test set: Tashman, International Journal of Forecasting 16, 2000). The
    value is the mean over origins of the mean squared error, each divided by its variance: about 1 for a forecast
    without fault.
    """
    total = np.zeros(len(rates))
    cuts = origins(points.count)
    for cut in cuts:
        until = points.before(cut)
        forecast = fit(shape, points, rates, until).values(points.u[until:])
        total += ((rates[:, until:] - forecast) ** 2 * points.weights[until:]).mean(axis=1)
    return total / len(cuts)
