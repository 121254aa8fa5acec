"""The p value of a difference on the same problems: how often swapping the two results gives one at least as large.

If the two agents are equally good, then in each cluster of problems either result could have come from either agent.
So all 2^clusters ways to swap the results cluster by cluster are equally likely (Fisher 1935, The Design of
Experiments, section 21).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from rlef_env.analysis.statistics.clusters import Floats, cluster_numbers, cluster_sums
from rlef_env.analysis.statistics.difference import Ratio

__all__ = ["PermutationTest", "permutation_test"]

MAX_ENUMERATED: Final = 18
"""With at most so many clusters that differ, every way to swap is tried."""
DRAWS: Final = 20_000
"""Random ways to swap, where there are more."""
MAX_COUNTED: Final = 200_000_000
"""Additions for the exact distribution of sums of whole numbers."""
MAX_DENOMINATOR: Final = 1000
MAX_COMMON_DENOMINATOR: Final = 100_000

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """A two-sided p value.

    Attributes:
        p_value: probability of a difference at least as large if neither result is better; 1 if nothing differs.
        exact: whether all ways to swap were counted, not a random sample of them.
        clusters: number of clusters that differ. The p value is at least 2 / 2^clusters.
    """

    p_value: float
    exact: bool
    clusters: int


def permutation_test(
    before: Ratio, after: Ratio, clusters: Sequence[str] | None = None, seed: int = 0
) -> PermutationTest:
    """Test whether two results on the same problems differ.

    The p value is exact if the problems' values are fractions with a small common denominator (shares of samples are),
    by adding up the distribution of the sum of signed whole numbers one cluster at a time (Pagano and Tritchler 1983,
    JASA 78), or if at most ``MAX_ENUMERATED`` clusters differ. Else it is (b + 1) / (n + 1) for b of n = ``DRAWS``
    random ways to swap (Davison and Hinkley 1997, Bootstrap Methods, section 4.3).

    Args:
        before: the first result.
        after: the second result, on the same problems in the same order.
        clusters: name of each problem's cluster; None if the problems are independent.
        seed: of the random ways to swap: the same input gives the same p value.
    """
    numbers = cluster_numbers(len(before.numerators), clusters)
    if np.array_equal(before.denominators, after.denominators):
        changes = after.numerators - before.numerators
        whole = _whole_numbers(changes)
        sums = cluster_sums(changes if whole is None else whole.astype(np.float64), numbers)
        sums = sums[np.abs(sums) > 1e-12]
        if whole is not None and len(sums) * (2 * np.abs(sums).sum() + 1) <= MAX_COUNTED:
            return PermutationTest(_count(np.rint(sums).astype(np.int64)), True, len(sums))
        return _swap(sums[:, None], len(sums), seed, lambda total: np.abs(total[:, 0]), np.zeros(1))
    parts = np.column_stack(
        [
            cluster_sums(values, numbers)
            for values in (before.numerators, before.denominators, after.numerators, after.denominators)
        ]
    )
    parts = parts[np.any(parts[:, :2] != parts[:, 2:], axis=1)]
    same = np.array(
        [values.sum() for values in (before.numerators, before.denominators, after.numerators, after.denominators)]
    ) - parts.sum(axis=0)
    middle, half = same + (parts + parts[:, [2, 3, 0, 1]]).sum(axis=0) / 2, (parts - parts[:, [2, 3, 0, 1]]) / 2
    return _swap(half, len(half), seed, _ratio_difference, middle)


def _count(sums: Integers) -> float:
    """Return the share of the ways to sign whole numbers whose total is at least as far from 0 as that of ``sums``."""
    observed = abs(int(sums.sum()))
    reach = int(np.abs(sums).sum())
    chances = np.zeros(2 * reach + 1)
    chances[reach] = 1.0
    limit = 0
    for size in np.abs(sums).tolist():
        around = chances[reach - limit : reach + limit + 1] / 2
        chances[reach - limit : reach + limit + 1] = 0
        chances[reach - limit - size : reach + limit + 1 - size] += around
        chances[reach - limit + size : reach + limit + 1 + size] += around
        limit += size
    totals = np.abs(np.arange(-reach, reach + 1))
    return min(1.0, float(chances[totals >= observed].sum()))


def _swap(
    half: Floats, clusters: int, seed: int, statistic: Callable[[Floats], Floats], middle: Floats
) -> PermutationTest:
    """Count the ways to sign the rows of ``half`` whose statistic of ``middle + signed sum`` is at least the seen one.

    Args:
        half: shape (clusters, parts).
        clusters: number of clusters that differ.
        seed: of the random signs.
        statistic: function from shape (ways, parts) to shape (ways,).
        middle: what swapping does not change, shape (parts,).
    """
    if not clusters:
        return PermutationTest(1.0, True, 0)
    seen = float(statistic((middle + half.sum(axis=0))[None, :])[0])
    needed = seen - 1e-9 * max(1.0, abs(seen))  # so that rounding breaks no tie
    if clusters <= MAX_ENUMERATED:
        totals = middle[None, :] + half[0]  # the first sign is +: its mirror image has the same statistic
        for row in half[1:]:
            totals = np.concatenate([totals + row, totals - row])
        return PermutationTest(float((statistic(totals) >= needed).mean()), True, clusters)
    random = np.random.default_rng(seed)
    beyond = done = 0
    while done < DRAWS:
        ways = min(1000, DRAWS - done)
        signs = random.integers(0, 2, size=(ways, clusters)) * 2.0 - 1.0
        beyond += int((statistic(middle + signs @ half) >= needed).sum())
        done += ways
    return PermutationTest((beyond + 1) / (DRAWS + 1), False, clusters)


def _ratio_difference(parts: Floats) -> Floats:
    """Return the distance of two ratios; infinite where one has no denominator, which counts against a difference."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.abs(parts[:, 2] / parts[:, 3] - parts[:, 0] / parts[:, 1])
    return np.where(np.isfinite(found), found, np.inf)


def _whole_numbers(values: Floats) -> Integers | None:
    """Return the values times their common denominator; None if it is not small."""
    common = 1
    for value in set(values.tolist()):
        fraction = Fraction(value).limit_denominator(MAX_DENOMINATOR)
        if abs(float(fraction) - value) > 1e-9:
            return None
        common = math.lcm(common, fraction.denominator)
        if common > MAX_COMMON_DENOMINATOR:
            return None
    return np.rint(values * common).astype(np.int64)
