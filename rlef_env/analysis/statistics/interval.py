"""Confidence intervals of a mean of problems, and of a ratio of sums over problems.

docs/statistics.md has the formulas, the reasons for them, and their measured coverage beside that of other intervals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlef_env.analysis.statistics.clusters import ClusteredRatio, Floats, clustered_ratio
from rlef_env.analysis.statistics.distributions import normal_quantile, t_quantile

__all__ = ["Interval", "mean_interval", "ratio_interval"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its confidence interval.

    Attributes:
        value: the estimate; NaN where there is nothing to estimate from.
        low: lower end. Without bounds and with fewer than two clusters, -infinity.
        high: upper end.
    """

    value: float
    low: float
    high: float


def mean_interval(
    values: Sequence[float] | Floats,
    clusters: Sequence[str] | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Interval:
    """Return the mean of the problems' values and a confidence interval for the mean of all problems of this kind.

    Args:
        values: one value for each problem, such as the share of its samples that solved it.
        clusters: name of each problem's cluster (contest, family); None if the problems are independent.
        level: probability that the interval covers.
        bounds: lowest and highest possible value; an end may be infinite. None: any number.

    Returns:
        The interval. Between finite bounds it is never empty, even where all values are equal.

    >>> interval = mean_interval([1.0] * 20)
    >>> round(interval.value, 3), round(interval.low, 3), round(interval.high, 3)
    (1.0, 0.839, 1.0)
    """
    return ratio_interval(values, [1.0] * len(values), clusters, level, bounds)


def ratio_interval(
    numerators: Sequence[float] | Floats,
    denominators: Sequence[float] | Floats,
    clusters: Sequence[str] | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = (0.0, 1.0),
) -> Interval:
    """Return the sum of numerators over the sum of denominators, and a confidence interval for it.

    Such a ratio is the repair rate: over all problems, repaired episodes over episodes with a failed first turn.

    Args:
        numerators: one for each problem.
        denominators: one for each problem, at least 0.
        clusters: name of each problem's cluster (contest, family); None if the problems are independent.
        level: probability that the interval covers.
        bounds: lowest and highest possible ratio; an end may be infinite. None: any number.
    """
    low, high = bounds or (-math.inf, math.inf)
    if math.isfinite(low) and math.isfinite(high):
        weights, width = np.asarray(denominators, dtype=np.float64), high - low
        scaled = (np.asarray(numerators, dtype=np.float64) - low * weights) / width
        share = _share_interval(clustered_ratio(scaled, weights, clusters), level)
        return Interval(low + width * share.value, low + width * share.low, low + width * share.high)
    found = clustered_ratio(numerators, denominators, clusters)
    if not found.clusters:
        return Interval(math.nan, low, high)
    if found.clusters < 2:
        return Interval(found.value, low, high)
    half = t_quantile((1 + level) / 2, found.df) * math.sqrt(found.variance)
    return Interval(found.value, max(low, found.value - half), min(high, found.value + half))


def _share_interval(found: ClusteredRatio, level: float) -> Interval:
    """Wilson's interval for a share, with the number of independent answers that would have the clustered variance.

    Korn and Graubard (1998, Survey Methodology 24) make this *effective* number from p (1 - p) / variance, less for few
    degrees of freedom; Franco, Little, Louis and Slud (2019, Journal of Survey Statistics and Methodology 7) compare
    intervals with it and recommend Wilson's. Where the values show no variance, the effective number is that of the
    clusters.
    """
    if not found.clusters:
        return Interval(math.nan, 0.0, 1.0)
    share, z = min(max(found.value, 0.0), 1.0), normal_quantile((1 + level) / 2)
    effective = float(found.clusters)
    if found.variance > 0 and 0 < share < 1:
        effective = share * (1 - share) / found.variance * (z / t_quantile((1 + level) / 2, found.df)) ** 2
    shrink = z * z / effective
    centre = (share + shrink / 2) / (1 + shrink)
    half = math.sqrt(shrink * (share * (1 - share) + shrink / 4)) / (1 + shrink)
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return Interval(found.value, low, high)
