"""Forecasts of curves whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from rlef_env.analysis.forecast import MIN_EVALUATIONS, Series, forecast
from rlef_env.errors import DataError, UsageError


def saturating(count: int = 31, trials: int = 1000, seed: int = 0, start: float = 0.1, end: float = 0.7) -> Series:
    """A noisy exponential approach that is nearly at its end."""
    steps = np.arange(count) * 10.0
    truth = start + (end - start) * (1 - np.exp(-steps / 60))
    return Series(tuple(steps), tuple(np.random.default_rng(seed).binomial(trials, truth)), (trials,) * count)


def test_a_plateau_is_found() -> None:
    found = forecast(saturating(), quick=True)
    assert found.allowed
    assert found.reason == ""
    assert found.plateau is not None
    assert found.plateau.value == pytest.approx(0.7, abs=0.04)
    assert found.plateau.low <= found.plateau.value <= found.plateau.high
    assert f"plateau {found.plateau.value:.3f}" in found.sentence()


def test_equal_seeds_give_equal_forecasts_and_others_other_ones() -> None:
    series = saturating()
    first, second, other = (forecast(series, seed=seed, quick=True) for seed in (3, 3, 4))
    assert first.as_json() == second.as_json()
    assert first.curve([400, 800]) == second.curve([400, 800])
    assert first.curve([400, 800]) != other.curve([400, 800])


def test_bands_are_nested_and_widen_with_the_horizon() -> None:
    curve = forecast(saturating(count=9), quick=True).curve([80, 120, 240, 480])
    for place, value in enumerate(curve.values):
        ends = [curve.bands[level][0][place] for level in (95, 80, 50)]
        ends += [value, *(curve.bands[level][1][place] for level in (50, 80, 95))]
        assert ends == sorted(ends)
    widths = [high - low for low, high in zip(*curve.bands[80], strict=True)]
    assert widths == sorted(widths)


@pytest.mark.parametrize("count", range(MIN_EVALUATIONS))
def test_too_few_evaluations_are_refused_in_one_line(count: int) -> None:
    found = forecast(saturating(count=count))
    assert not found.allowed
    assert found.plateau is None
    assert (
        f"{count} evaluation{'' if count == 1 else 's'} so far, at least {MIN_EVALUATIONS} are needed" in found.reason
    )
    assert found.sentence() == f"No forecast: {found.reason}"
    with pytest.raises(UsageError, match="evaluation"):
        found.curve([10])


def test_a_plateau_that_the_data_do_not_determine_is_refused_with_a_short_forecast() -> None:
    """A straight rise says nothing about where it ends."""
    steps = tuple(range(0, 100, 10))
    found = forecast(Series(steps, tuple(100 + step for step in steps), (1000,) * 10), quick=True)
    assert found.allowed
    assert found.plateau is None
    assert "at step 113" in found.sentence()
    assert "no plateau" in found.sentence()
    assert found.at(100).value == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("successes", [0, 50])
def test_a_constant_rate_of_none_or_all_is_no_error(successes: int) -> None:
    found = forecast(Series(tuple(range(8)), (successes,) * 8, (50,) * 8), quick=True)
    assert found.at(16).value == pytest.approx(successes / 50, abs=0.03)


@pytest.mark.parametrize(
    ("steps", "successes", "trials", "said"),
    [
        ((0, 1), (1,), (2, 2), "as many successes"),
        ((1, 1), (1, 1), (2, 2), "steps of at least 0 that grow"),
        ((0, float("nan")), (1, 1), (2, 2), "steps of at least 0 that grow"),
        ((0, 1), (1, 3), (2, 2), "rate from 0 to 1"),
        ((0, 1), (0, 0), (2, 0), "at least one episode"),
    ],
)
def test_wrong_series_are_refused(
    steps: tuple[float, ...], successes: tuple[float, ...], trials: tuple[float, ...], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        Series(steps, successes, trials)


def test_series_of_different_metrics_are_refused() -> None:
    with pytest.raises(UsageError, match="one metric"):
        forecast([saturating(), Series((0,), (1,), (2,), metric="solved_at_1")])
    with pytest.raises(UsageError, match="one metric"):
        forecast([])
