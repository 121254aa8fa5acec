"""Intervals: known values, limits, and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from rlef_env.analysis.statistics import mean_interval, ratio_interval
from rlef_env.analysis.statistics.clusters import clustered_variance

SHARES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=30)


def test_without_bounds_it_is_students_interval() -> None:
    values = [3.0, 5.0, 8.0, 9.0, 20.0]  # of a kurtosis below the normal one
    known = stats.t.interval(0.95, 4, loc=9.0, scale=stats.sem(values))
    found = mean_interval(values, bounds=None)
    assert found.value == 9
    assert (found.low, found.high) == pytest.approx(known)


def test_clusters_of_equal_size_are_their_means() -> None:
    values = [0.1, 0.3, 0.5, 0.9, 0.7, 0.7]
    clusters = ["x", "x", "y", "y", "z", "z"]
    means = mean_interval([0.2, 0.7, 0.7], bounds=None)
    found = mean_interval(values, clusters, bounds=None)
    assert (found.value, found.low, found.high) == pytest.approx((means.value, means.low, means.high))


def test_degrees_of_freedom_are_those_of_the_matrix() -> None:
    """Bell and McCaffrey's matrix, built in full for clusters of 1, 2 and 4 problems."""
    sizes = [1, 2, 4]
    rows = np.repeat(np.arange(3), sizes)
    projection = np.full((7, 7), 1 / 7)
    columns = []
    for cluster in range(3):
        inside = rows == cluster
        block = np.eye(int(inside.sum())) - projection[np.ix_(inside, inside)]
        values, vectors = np.linalg.eigh(block)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        columns.append((np.eye(7) - projection)[:, inside] @ root @ np.full(int(inside.sum()), 1 / 7))
    gram = np.array(columns) @ np.array(columns).T
    _, df = clustered_variance(np.array([0.1, 0.2, -0.3]), np.array(sizes) / 7, heavy_tails=False)
    assert df == pytest.approx(np.trace(gram) ** 2 / (gram**2).sum())


def test_few_clusters_that_make_the_variance_cost_degrees_of_freedom() -> None:
    shares = np.full(20, 1 / 20)
    _, even = clustered_variance(np.array([1.0, -1.0] * 10), shares)
    moves = np.full(20, -1.0)
    moves[0] = 19.0
    _, one = clustered_variance(moves, shares)
    assert even == pytest.approx(19)
    kurtosis = 20 * (19**4 + 19) / (19**2 + 19) ** 2 - 3
    assert one == pytest.approx(1 / (1 / 19 + kurtosis / 40))


def test_one_sample_of_independent_problems_is_about_wilsons_interval() -> None:
    """With many problems: Student's correction vanishes."""
    found = mean_interval([1.0] * 300 + [0.0] * 700)
    known = stats.binomtest(300, 1000).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=2e-4)


def test_all_solved_is_no_certainty() -> None:
    found = mean_interval([1.0] * 30)
    known = stats.binomtest(30, 30).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, 1.0))
    clustered = mean_interval([1.0] * 30, ["x"] * 10 + ["y"] * 10 + ["z"] * 10)
    assert clustered.low == pytest.approx(stats.binomtest(3, 3).proportion_ci(method="wilson").low)


def test_equal_problems_are_no_certainty() -> None:
    found = mean_interval([0.5] * 10)
    assert found.low < 0.3
    assert found.high > 0.7


def test_one_cluster_says_little() -> None:
    assert mean_interval([0.5, 0.25], ["x", "x"]).high > 0.8
    found = mean_interval([100.0, 200.0], ["x", "x"], bounds=(0.0, math.inf))
    assert (found.value, found.low, found.high) == (150.0, 0.0, math.inf)


def test_no_problem_says_nothing() -> None:
    found = mean_interval([])
    assert math.isnan(found.value)
    assert (found.low, found.high) == (0.0, 1.0)
    assert math.isnan(ratio_interval([0.0, 0.0], [0.0, 0.0]).value)


def test_a_ratio_weighs_each_problem_by_its_denominator() -> None:
    """And a problem without one is not counted."""
    found = ratio_interval([1, 3, 0], [2, 8, 0])
    assert found.value == 0.4
    assert found == ratio_interval([1, 3], [2, 8])
    assert found.low < 0.4 < found.high


@given(SHARES, st.data())
def test_the_interval_holds_the_value_and_stays_in_its_bounds(values: list[float], data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from("abcde"), min_size=len(values), max_size=len(values)))
    found = mean_interval(values, names)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.01


@given(SHARES)
def test_the_other_outcome_has_the_mirrored_interval(values: list[float]) -> None:
    found, mirrored = mean_interval(values), mean_interval([1 - value for value in values])
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low))


@given(SHARES)
def test_bounds_scale_the_interval(values: list[float]) -> None:
    found, scaled = mean_interval(values), mean_interval([10 * value - 5 for value in values], bounds=(-5.0, 5.0))
    assert (scaled.low, scaled.high) == pytest.approx((10 * found.low - 5, 10 * found.high - 5), abs=1e-9)


@given(SHARES)
def test_more_certainty_is_wider(values: list[float]) -> None:
    assume(len(values) > 1)
    narrow, wide = mean_interval(values, level=0.8), mean_interval(values, level=0.99)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def test_wrong_numbers_of_names_and_values_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a name for each of 2 problems, got 1 names"):
        mean_interval([0.0, 1.0], ["x"])
    with pytest.raises(ValueError, match="expected 2 values"):
        ratio_interval([0.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="finite"):
        mean_interval([0.0, math.nan])
