"""Several comparisons at once, and the size that a comparison needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.statistics import (
    Interval,
    detectable_difference,
    holm,
    problems_needed,
    samples_needed,
    sampling_variance,
)


def test_holm_is_that_of_the_textbook() -> None:
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_keeps_the_order_and_lies_between_no_correction_and_bonferronis(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for p, new in zip(p_values, adjusted, strict=True):
        assert p <= new <= min(1, len(p_values) * p) + 1e-12
    assert [adjusted[place] for place in np.argsort(p_values, kind="stable")] == sorted(adjusted)


def test_the_detectable_difference_is_2_8_standard_errors() -> None:
    assert detectable_difference(Interval(0.0, -1.96, 1.96)) == pytest.approx(2.80, abs=0.01)


def test_half_the_difference_needs_four_times_the_problems() -> None:
    assert problems_needed(100, 0.04, 0.02) == 400
    assert problems_needed(100, 0.04, 0.01) == 1600


def test_samples_reduce_only_what_comes_from_sampling() -> None:
    assert samples_needed(5, 0.04, 0.02, within=1.0) == 20
    assert samples_needed(5, 0.04, 0.02, within=0.8) == 80
    assert samples_needed(5, 0.04, 0.02, within=0.7) is None
    assert samples_needed(5, 0.01, 0.02, within=0.7) == 5


def test_the_sampling_variance_is_unbiased() -> None:
    """The mean over many runs of the same problems is the variance between these runs."""
    random = np.random.default_rng(6)
    shares = random.random(40)
    solved = random.binomial(4, shares, (20_000, 40)).astype(np.float64)
    found = np.mean([sampling_variance(run, np.full(40, 4.0)) for run in solved[:4000]])
    assert found == pytest.approx((solved / 4).mean(axis=1).var(), rel=0.05)
    assert sampling_variance(np.array([1.0]), np.array([1.0])) is None
