"""The confidence interval of a difference between two results on the same problems."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rlef_env.analysis.statistics.clusters import (
    Floats,
    cluster_numbers,
    cluster_sums,
    clustered_variance,
    influences,
)
from rlef_env.analysis.statistics.distributions import normal_quantile, t_quantile
from rlef_env.analysis.statistics.interval import Interval, ratio_interval

__all__ = ["Ratio", "difference_interval"]


@dataclass(frozen=True)
class Ratio:
    """A result as a ratio of two sums over problems: a mean of problems has the denominators 1.

    Attributes:
        numerators: one for each problem.
        denominators: one for each problem, at least 0; a numerator is at most its denominator.
    """

    numerators: Floats
    denominators: Floats

    @property
    def value(self) -> float:
        """The ratio; NaN where the denominators sum to 0."""
        total = float(self.denominators.sum())
        return float(self.numerators.sum()) / total if total else math.nan


def difference_interval(
    before: Ratio, after: Ratio, clusters: Sequence[str] | None = None, level: float = 0.95
) -> Interval:
    """Return the difference ``after - before`` of two ratios in [0, 1], and its confidence interval.

    The interval is Student's for the clusters' differences, with each end moved outwards where the combined Wilson
    intervals of gains and losses (MOVER: Zou and Donner 2008, Statistics in Medicine 27) reach farther: where gains or
    losses are rare, the differences seen say too little about those that were not. docs/statistics.md has its coverage.

    Args:
        before: the first result.
        after: the second result, on the same problems in the same order.
        clusters: name of each problem's cluster; None if the problems are independent.
        level: probability that the interval covers.
    """
    value = after.value - before.value
    if math.isnan(value):
        return Interval(value, -1.0, 1.0)
    numbers = cluster_numbers(len(before.numerators), clusters)
    names = [str(number) for number in numbers]
    moves_before, shares_before = _moves(before, numbers)
    moves_after, shares_after = _moves(after, numbers)
    if np.array_equal(before.denominators, after.denominators):
        change = after.numerators - before.numerators
        gains, losses = np.maximum(change, 0.0), np.maximum(-change, 0.0)
        first, second = Ratio(gains, after.denominators), Ratio(losses, after.denominators)
        correlation = _correlation(_moves(first, numbers)[0], _moves(second, numbers)[0])
    else:
        first, second = after, before
        correlation = _correlation(moves_after, moves_before)
    low, high = _mover(first, second, correlation, names, level)
    moves, shares = moves_after - moves_before, (shares_before + shares_after) / 2
    moves[np.abs(moves) < 1e-14] = 0.0
    used = shares > 0
    variance, df = clustered_variance(moves[used], shares[used])
    if df == 0:
        return Interval(value, -1.0, 1.0)
    half = t_quantile((1 + level) / 2, df) * math.sqrt(variance)
    if variance == 0:  # nothing differs: as far as so many clusters without a change say
        square = normal_quantile((1 + level) / 2) ** 2
        half = square / (int(used.sum()) + square)
    return Interval(value, max(-1.0, min(low, value - half)), min(1.0, max(high, value + half)))


def _moves(ratio: Ratio, numbers: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Return the influence and the share of each cluster."""
    weights = cluster_sums(ratio.denominators, numbers)
    return influences(cluster_sums(ratio.numerators, numbers), weights), weights / weights.sum()


def _mover(
    first: Ratio, second: Ratio, correlation: float, clusters: Sequence[str], level: float
) -> tuple[float, float]:
    """Combine the intervals of two ratios into that of their difference: the method of variance estimates recovery."""
    one, two = (ratio_interval(each.numerators, each.denominators, clusters, level) for each in (first, second))

    def distance(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x * x + y * y - 2 * correlation * x * y))

    value = one.value - two.value
    low = value - distance(one.value - one.low, two.high - two.value)
    return low, value + distance(one.high - one.value, two.value - two.low)


def _correlation(x: Floats, y: Floats) -> float:
    norm = math.sqrt(float((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0
