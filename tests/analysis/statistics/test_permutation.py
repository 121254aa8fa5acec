"""p values: against all ways to swap, written out, and against SciPy's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rlef_env.analysis.statistics import Ratio, permutation_test
from rlef_env.analysis.statistics.permutation import DRAWS

VALUES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
PAIRS = st.lists(st.tuples(VALUES, VALUES, st.sampled_from("abcdefg")), min_size=1, max_size=14)


def mean(values: list[float]) -> Ratio:
    return Ratio(np.array(values), np.ones(len(values)))


def enumerated(before: Ratio, after: Ratio, clusters: list[str]) -> float:
    """The share of the ways to swap whole clusters whose difference is at least as large."""
    names = sorted(set(clusters))
    seen = abs(after.value - before.value)
    reached = []
    for swaps in itertools.product([False, True], repeat=len(names)):
        swapped = np.array([swaps[names.index(name)] for name in clusters])
        parts = [
            (np.where(swapped, y, x).sum(), np.where(swapped, x, y).sum())
            for x, y in ((before.numerators, after.numerators), (before.denominators, after.denominators))
        ]
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = abs(np.float64(parts[0][1]) / parts[1][1] - np.float64(parts[0][0]) / parts[1][0])
        reached.append(not difference < seen - 1e-9)
    return float(np.mean(reached))


@given(PAIRS)
@settings(max_examples=50)
def test_means_are_as_if_all_ways_were_written_out(rows: list[tuple[float, float, str]]) -> None:
    before, after = mean([row[0] for row in rows]), mean([row[1] for row in rows])
    clusters = [row[2] for row in rows]
    found = permutation_test(before, after, clusters)
    assert found.exact
    assert found.p_value == pytest.approx(enumerated(before, after, clusters))


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=6
    )
)
@settings(max_examples=50)
def test_ratios_are_as_if_all_ways_were_written_out(rows: list[tuple[int, int, int, int]]) -> None:
    """Repaired and failed first turns, before and after."""
    table = np.array(rows, dtype=np.float64)
    before = Ratio(np.minimum(table[:, 0], table[:, 1]), table[:, 1])
    after = Ratio(np.minimum(table[:, 2], table[:, 3]), table[:, 3])
    if not before.denominators.sum() or not after.denominators.sum():
        return
    found = permutation_test(before, after)
    assert found.exact
    assert found.p_value == pytest.approx(enumerated(before, after, [str(n) for n in range(len(rows))]))


def test_thirty_problems_that_all_change_are_exact() -> None:
    """One sample, no clusters: McNemar's exact test."""
    before, after = [1.0] * 22 + [0.0] * 8 + [1.0] * 50, [0.0] * 22 + [1.0] * 8 + [1.0] * 50
    found = permutation_test(mean(before), mean(after))
    assert found.exact
    assert found.clusters == 30
    assert found.p_value == pytest.approx(stats.binomtest(22, 30).pvalue)


def test_a_thousand_problems_of_twenty_samples_are_exact() -> None:
    """Against the normal distribution, which is near with so many."""
    random = np.random.default_rng(3)
    before, after = random.binomial(20, 0.5, 1000) / 20, random.binomial(20, 0.51, 1000) / 20
    found = permutation_test(mean(list(before)), mean(list(after)))
    change = after - before
    assert found.exact
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(change.sum()) / np.sqrt((change**2).sum())), abs=0.01)


def test_many_values_without_a_common_denominator_are_drawn_the_same_each_time() -> None:
    random = np.random.default_rng(4)
    before, after = random.random(60), random.random(60)
    found = permutation_test(mean(list(before)), mean(list(after)))
    assert not found.exact
    assert found == permutation_test(mean(list(before)), mean(list(after)))
    known = stats.permutation_test(
        (before, after), lambda x, y: np.mean(y - x), permutation_type="samples", n_resamples=9999, rng=1
    )
    assert found.p_value == pytest.approx(known.pvalue, abs=0.03)
    assert permutation_test(mean(list(before)), mean(list(before + 1 + after))).p_value == 1 / (DRAWS + 1)


def test_equal_results_have_p_value_one() -> None:
    same = mean([0.25, 1.0])
    found = permutation_test(same, same)
    assert (found.p_value, found.exact, found.clusters) == (1.0, True, 0)
    ratio = Ratio(np.array([1.0, 2.0]), np.array([3.0, 2.0]))
    assert permutation_test(ratio, ratio).p_value == 1


def test_few_clusters_cannot_have_a_small_p_value() -> None:
    found = permutation_test(mean([0.0] * 8), mean([1.0] * 8), list("aabbccdd"))
    assert found.p_value == pytest.approx(2 / 2**4)


def test_the_order_of_problems_does_not_matter() -> None:
    random = np.random.default_rng(5)
    before, after = random.random(12), random.random(12)
    order = random.permutation(12)
    one = permutation_test(mean(list(before)), mean(list(after)))
    other = permutation_test(mean(list(before[order])), mean(list(after[order])))
    assert one.p_value == pytest.approx(other.p_value)
