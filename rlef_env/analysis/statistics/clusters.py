"""The variance of a ratio of sums over problems, where problems of one cluster are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["ClusteredRatio", "Floats", "cluster_numbers", "cluster_sums", "clustered_ratio"]

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

    The variance is the bias-reduced cluster-robust one (CR2) with the degrees of freedom of Bell and McCaffrey (2002,
    Survey Methodology 28): both allow for few clusters and for clusters of unequal size. With problems of equal weight
    in clusters of one, they are the variance of a mean and n - 1.

    Args:
        numerators: one for each problem.
        denominators: one for each problem, at least 0.
        clusters: name of each problem's cluster; None if the problems are independent.
    """
    numbers = cluster_numbers(len(numerators), clusters)
    sums, weights = cluster_sums(numerators, numbers), cluster_sums(denominators, numbers)
    sums, weights = sums[weights > 0], weights[weights > 0]
    total = float(weights.sum())
    if total == 0:
        return ClusteredRatio(float("nan"), 0.0, 0.0, 0)
    value = float(sums.sum()) / total
    if len(weights) < 2:
        return ClusteredRatio(value, 0.0, 0.0, len(weights))
    share = weights / total
    residuals = sums - value * weights
    residuals[np.abs(residuals) < 1e-12 * (np.abs(sums) + weights)] = 0.0  # rounding errors are no variance
    variance = float((residuals**2 / (1 - share)).sum()) / total**2
    return ClusteredRatio(value, variance, _degrees_of_freedom(weights, share), len(weights))


def _degrees_of_freedom(weights: Floats, share: Floats) -> float:
    """Satterthwaite's degrees of freedom of the CR2 variance if the problems are independent: tr(G)^2 / |G|^2.

    G = diag(weight / (1 - share)) - a a' with a = weight / sqrt(total (1 - share)).
    """
    diagonal = weights / (1 - share)
    outer = weights * share / (1 - share)  # the diagonal of a a'
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
