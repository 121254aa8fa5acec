"""Intervals of differences: known values, limits, and properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rlef_env.analysis.statistics import Ratio, difference_interval

SHARES = st.lists(st.tuples(*[st.sampled_from([0.0, 0.25, 0.5, 1.0])] * 2), min_size=1, max_size=25)


def mean(values: list[float]) -> Ratio:
    return Ratio(np.array(values), np.ones(len(values)))


def test_with_many_changes_it_is_students_interval() -> None:
    random = np.random.default_rng(1)
    before, after = random.random(400), random.random(400)
    known = stats.ttest_rel(after, before).confidence_interval()
    found = difference_interval(mean(list(before)), mean(list(after)))
    assert found.value == pytest.approx((after - before).mean())
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=2e-3)


def test_without_a_change_it_is_as_wide_as_so_many_problems_allow() -> None:
    same = mean([1.0, 0.0] * 15)
    found = difference_interval(same, same)
    assert found.value == 0
    assert found.high == pytest.approx(stats.binomtest(0, 30).proportion_ci(method="wilson").high)
    assert found.low == -found.high


def test_one_rare_loss_leaves_room_for_more() -> None:
    """Student's interval would say that at most 6 % are lost."""
    found = difference_interval(mean([1.0] * 50), mean([1.0] * 49 + [0.0]))
    assert found.value == pytest.approx(-0.02)
    assert found.low < -0.1
    assert found.high > 0


def test_clusters_widen_it() -> None:
    before, after = [0.0] * 40, [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0] * 5
    names = [str(number // 4) for number in range(40)]
    alone = difference_interval(mean(before), mean(after))
    clustered = difference_interval(mean(before), mean(after), names)
    assert clustered.low < alone.low
    assert alone.high < clustered.high


def test_a_difference_of_ratios() -> None:
    """4 of 10 repaired, then 9 of 12; a problem that never fails first counts in neither."""
    before = Ratio(np.array([1.0, 3.0, 0.0]), np.array([4.0, 6.0, 0.0]))
    after = Ratio(np.array([4.0, 5.0, 0.0]), np.array([6.0, 6.0, 0.0]))
    found = difference_interval(before, after)
    assert found.value == pytest.approx(9 / 12 - 4 / 10)
    assert -1 <= found.low < found.value < found.high <= 1


def test_nothing_known_is_no_claim() -> None:
    nothing = Ratio(np.zeros(3), np.zeros(3))
    found = difference_interval(nothing, mean([0.0, 1.0, 1.0]))
    assert math.isnan(found.value)
    assert (found.low, found.high) == (-1.0, 1.0)
    one = difference_interval(mean([0.5, 0.5]), mean([0.5, 0.75]), ["x", "x"])
    assert (one.low, one.high) == (-1.0, 1.0)


@given(SHARES)
def test_it_holds_the_difference_and_is_mirrored_when_the_runs_are_swapped(pairs: list[tuple[float, float]]) -> None:
    before, after = (mean(list(values)) for values in zip(*pairs, strict=True))
    found, swapped = difference_interval(before, after), difference_interval(after, before)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low > 0.01
    assert (found.low, found.high) == pytest.approx((-swapped.high, -swapped.low))


@given(SHARES)
def test_ratios_with_equal_denominators_are_means(pairs: list[tuple[float, float]]) -> None:
    before, after = (mean(list(values)) for values in zip(*pairs, strict=True))
    four = [Ratio(4 * each.numerators, 4 * each.denominators) for each in (before, after)]
    one, other = difference_interval(before, after), difference_interval(*four)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
