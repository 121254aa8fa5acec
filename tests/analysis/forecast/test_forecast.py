"""Forecasts of curves whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from rlef_env.analysis.forecast import MIN_EVALUATIONS, Bands, Series, forecast
from rlef_env.analysis.forecast.forecast import why_unknown
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


def test_several_runs_forecast_their_mean_and_differences_widen_the_band() -> None:
    equal = forecast([saturating(seed=1), saturating(seed=2)], quick=True).at(600)
    apart = forecast([saturating(seed=1, end=0.6), saturating(seed=2, end=0.8)], quick=True).at(600)
    assert equal.value == pytest.approx(0.7, abs=0.04)
    assert apart.value == pytest.approx(0.7, abs=0.06)
    assert apart.high - apart.low > 1.5 * (equal.high - equal.low)


def test_runs_may_have_other_steps() -> None:
    early = saturating(count=20)
    found = forecast([early, saturating(seed=1).since(45)], quick=True)
    assert found.allowed
    assert (found.first_step, found.last_step) == (0, 300)


def test_targets_are_reached_earlier_if_they_are_lower() -> None:
    found = forecast(saturating(), quick=True)
    steps = [found.reach(target).step for target in (0.2, 0.4, 0.6, 0.65)]
    assert steps == sorted(steps)
    assert found.reach(0.4).step == pytest.approx(60 * np.log(2), abs=8)  # 0.1 + 0.6 * (1 - exp(-s / 60)) = 0.4
    assert found.reach(0.4).never == 0.0
    above = found.reach(0.99)
    assert above.never > 0.5
    assert above.step == np.inf
    with pytest.raises(UsageError, match="target"):
        found.reach(1.2)


def test_a_measured_rate_is_less_certain_than_the_rate() -> None:
    found = forecast(saturating(), quick=True)
    rate, few, many = found.at(320), found.at(320, trials=20), found.at(320, trials=10_000)
    assert few.high - few.low > 2 * (rate.high - rate.low)
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_a_falling_rate_is_forecast_to_fall() -> None:
    falling = saturating(start=0.8, end=0.2)
    found = forecast(falling, quick=True)
    assert found.at(600).value < 0.25
    assert found.at(600).high < 0.35


def test_steps_are_checked() -> None:
    found = forecast(saturating(), quick=True)
    for steps in ([-1.0], [float("nan")], [float("inf")]):
        with pytest.raises(UsageError, match="numbers of at least 0"):
            found.curve(steps)
    with pytest.raises(UsageError, match="expected one of last value, constant slope"):
        found.candidate("MMF4", [1.0])


def test_a_rate_that_has_not_changed_has_no_plateau() -> None:
    found = forecast(saturating(start=0.4, end=0.4), quick=True)
    assert found.plateau is None
    assert "not changed by more than noise" in found.reason
    assert found.at(330).value == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize(
    ("low", "high", "now", "change", "known"),
    [
        (0.50, 0.69, 0.6, 10, True),  # half of the room from 0.6 to 1 is 0.2
        (0.50, 0.71, 0.6, 10, False),
        (0.50, 0.69, 0.6, 2.9, False),  # it has not changed
        (0.88, 0.97, 0.9, 10, True),  # narrow, although half of the room is only 0.05
        (0.85, 0.97, 0.9, 10, False),
        (0.92, 1.00, 0.9, 10, True),  # cut at 1, but narrow
        (0.60, 1.00, 0.1, 10, False),  # cut at 1: less than half of the room, but anything above is possible
        (0.10, 0.24, 0.3, 10, True),  # it falls: half of the room from 0.3 to 0 is 0.15
        (0.08, 0.24, 0.3, 10, False),
    ],
)
def test_when_a_plateau_counts_as_known(low: float, high: float, now: float, change: float, known: bool) -> None:
    middle = (low + high) / 2
    band = Bands(middle, {50: (middle, middle), 80: (low, high), 95: (0.0, 1.0)})
    assert (why_unknown(band, now, change) == "") is known
