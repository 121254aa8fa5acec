"""The variance of a ratio of sums over problems, where problems of one cluster are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "ClusteredRatio",
    "Floats",
    "cluster_numbers",
    "cluster_sums",
    "clustered_ratio",
    "clustered_variance",
    "influences",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClusteredRatio:
    """A ratio of two sums over problems, and how far it can be from the ratio of all problems of this kind.

    Attributes:
        value: sum of numerators / sum of denominators; NaN if the denominators sum to 0.
        variance: of ``value``, between draws of clusters.
        df: degrees of freedom of ``variance``; 0 with fewer than two clusters.
        clusters: number of clusters with a denominator above 0.
    """

    value: float
    variance: float
    df: float
    clusters: int


def clustered_ratio(
    numerators: Sequence[float] | Floats,
    denominators: Sequence[float] | Floats,
    clusters: Sequence[str] | None = None,
) -> ClusteredRatio:
    """Return the ratio of two sums over problems with its clustered variance.

    Args:
        numerators: one for each problem.
        denominators: one for each problem, at least 0.
        clusters: name of each problem's cluster; None if the problems are independent.
    """
    numbers = cluster_numbers(len(numerators), clusters)
    sums, weights = cluster_sums(numerators, numbers), cluster_sums(denominators, numbers)
    informative = (weights > 0) | (sums != 0)  # tokens spent on problems that nobody solved count, too
    sums, weights = sums[informative], weights[informative]
    total = float(weights.sum())
    if total == 0:
        return ClusteredRatio(float("nan"), 0.0, 0.0, 0)
    value = float(sums.sum()) / total
    weighed = int(np.count_nonzero(weights))
    if weighed < 2:
        return ClusteredRatio(value, 0.0, 0.0, weighed)
    # Where each cluster is one answer, yes or no, the share alone says how much they vary.
    one_answer = bool(np.all((sums == 0) | (sums == weights))) and len(set(weights.tolist())) == 1
    variance, df = clustered_variance(influences(sums, weights), weights / total, heavy_tails=not one_answer)
    return ClusteredRatio(value, variance, df, weighed)


def influences(sums: Floats, weights: Floats) -> Floats:
    """Return how much each cluster moves the ratio ``sums.sum() / weights.sum()``; they add up to 0."""
    total = float(weights.sum())
    found: Floats = (sums - float(sums.sum()) / total * weights) / total
    found[np.abs(found) < 1e-12 * (np.abs(sums) + weights) / total] = 0.0  # rounding errors are no variance
    return found


def clustered_variance(moves: Floats, shares: Floats, heavy_tails: bool = True) -> tuple[float, float]:
    """Return the variance of an estimate, between draws of clusters, and its degrees of freedom.

    The variance is the bias-reduced cluster-robust one (CR2) with the degrees of freedom of Bell and McCaffrey (2002,
    Survey Methodology 28): both allow for few clusters and for clusters of unequal size. With problems of equal weight
    in clusters of one, they are the variance of a mean and n - 1. Where few clusters make most of the variance, less is
    known about it: 1 / df grows by half the excess kurtosis / clusters, the variance of a variance.

    Args:
        moves: influence of each cluster on the estimate.
        shares: share of each cluster in the problems; they add up to 1.
        heavy_tails: whether to allow for the kurtosis.
    """
    count = len(moves)
    if count < 2:
        return 0.0, 0.0
    variance = float((moves**2 / (1 - shares)).sum())
    df = _degrees_of_freedom(shares)
    squares = float((moves**2).sum())
    if heavy_tails and squares > 0:
        excess = count * float((moves**4).sum()) / squares**2 - 3
        df = max(1.0, 1 / (1 / df + max(0.0, excess) / (2 * count)))
    return variance, df


def _degrees_of_freedom(shares: Floats) -> float:
    """Satterthwaite's degrees of freedom of the CR2 variance if the problems are independent: tr(G)^2 / |G|^2.

    G = diag(share / (1 - share)) - a a' with a = share / sqrt(1 - share).
    """
    diagonal = shares / (1 - shares)
    outer = shares**2 / (1 - shares)  # the diagonal of a a'
    trace = float((diagonal - outer).sum())
    norm = float((diagonal**2).sum() - 2 * (diagonal * outer).sum() + outer.sum() ** 2)
    return trace**2 / norm


def cluster_numbers(problems: int, clusters: Sequence[str] | None) -> npt.NDArray[np.intp]:
    """Return the number of each problem's cluster, from 0; each problem its own where ``clusters`` is None.

    Raises:
        ValueError: there are not as many cluster names as problems.
    """
    if clusters is None:
        return np.arange(problems)
    if len(clusters) != problems:
        raise ValueError(f"clusters: expected a name for each of {problems} problems, got {len(clusters)} names")
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in clusters], dtype=np.intp)


def cluster_sums(values: Sequence[float] | Floats, numbers: npt.NDArray[np.intp]) -> Floats:
    """Return the sum of the problems' values in each cluster."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) != len(numbers):
        raise ValueError(f"expected {len(numbers)} values, one for each problem, got {len(array)}")
    if not np.isfinite(array).all():
        raise ValueError("expected finite values; leave out problems without one")
    return np.bincount(numbers, array).astype(np.float64, copy=False)
