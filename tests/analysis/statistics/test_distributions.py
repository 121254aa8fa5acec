"""Quantiles, against SciPy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rlef_env.analysis.statistics.distributions import normal_quantile, t_cdf, t_quantile


@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.5, 1e6))
def test_quantiles_of_t_are_scipys(probability: float, df: float) -> None:
    assert t_quantile(probability, df) == pytest.approx(stats.t.ppf(probability, df), rel=1e-6, abs=1e-8)


@given(st.floats(-1e6, 1e6), st.floats(0.2, 1e6))
def test_probabilities_of_t_are_scipys(value: float, df: float) -> None:
    assert t_cdf(value, df) == pytest.approx(stats.t.cdf(value, df), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("df", "known"), [(1, 12.706), (4, 2.776), (30, 2.042)])
def test_quantiles_are_those_of_the_tables(df: int, known: float) -> None:
    assert t_quantile(0.975, df) == pytest.approx(known, abs=5e-4)


def test_the_normal_quantile_is_that_of_the_tables() -> None:
    assert normal_quantile(0.975) == pytest.approx(1.959964, abs=1e-6)
