"""pass@k against integrals and simulation; training against sampling."""

from __future__ import annotations

import numpy as np
import pytest

from rlef_env.analysis.forecast import Series, forecast
from rlef_env.analysis.forecast.payoff import payoffs
from rlef_env.analysis.forecast.sampling import ProblemCounts, pass_at_k, problem_counts, sample_forecast
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts

stats = pytest.importorskip("scipy.stats")
integrate = pytest.importorskip("scipy.integrate")


def counts(w: float, a: float, b: float, problems: int, samples: int, seed: int = 0) -> ProblemCounts:
    rng = np.random.default_rng(seed)
    rates = np.where(rng.random(problems) < w, 0.0, rng.beta(a, b, problems))
    return ProblemCounts(tuple(map(int, rng.binomial(samples, rates))), (samples,) * problems)


@pytest.mark.parametrize(("w", "a", "b"), [(0.0, 1.0, 1.0), (0.3, 0.5, 2.0), (0.6, 3.0, 0.7)])
@pytest.mark.parametrize("k", [1, 2, 10])
def test_pass_at_k_is_the_integral(w: float, a: float, b: float, k: int) -> None:
    expected = (1 - w) * (1 - integrate.quad(lambda p: (1 - p) ** k * stats.beta.pdf(p, a, b), 0, 1)[0])
    assert pass_at_k(np.array([[w, a, b]]), k)[0] == pytest.approx(expected, rel=1e-6)


def test_pass_at_1_of_a_uniform_rate_is_a_half_and_pass_at_k_is_k_of_k_plus_1() -> None:
    """By hand: 1 - 1 / (k + 1)."""
    assert [pass_at_k(np.array([[0.0, 1.0, 1.0]]), k)[0] for k in (1, 3, 9)] == pytest.approx([0.5, 0.75, 0.9])


def test_many_problems_and_samples_give_the_true_distribution() -> None:
    found = sample_forecast(counts(0.3, 0.8, 2.0, problems=2000, samples=30))
    truth = np.array([[0.3, 0.8, 2.0]])
    assert found.limit.value == pytest.approx(0.7, abs=0.05)
    for k in (1, 10, 100):
        assert found.pass_at(k).value == pytest.approx(pass_at_k(truth, k)[0], abs=0.03)
        assert found.pass_at(k).high - found.pass_at(k).low < 0.1


def test_problems_that_no_sample_solves_leave_their_limit_open() -> None:
    found = sample_forecast(ProblemCounts((0,) * 20 + (2,) * 20, (2,) * 40))
    assert 0.4 < found.limit.low < 0.62
    assert found.limit.high > 0.65
    assert found.pass_at(1).value == pytest.approx(0.5, abs=0.06)


def test_bands_hold_the_truth_about_as_often_as_they_say() -> None:
    """20 simulated sets of 100 problems with 8 samples: 16 of them +- 3 standard errors of their number."""
    inside = 0
    rng = np.random.default_rng(5)
    for number in range(20):
        truth = rng.uniform(0, 0.8), rng.uniform(0.3, 3), rng.uniform(0.3, 3)
        band = sample_forecast(counts(*truth, problems=100, samples=8, seed=number)).pass_at(32)
        inside += band.low <= pass_at_k(np.array([truth]), 32)[0] <= band.high
    assert 11 <= inside <= 20


@pytest.mark.parametrize("given", [ProblemCounts((), ()), ProblemCounts((1,) * 50, (1,) * 50)])
def test_too_few_samples_are_refused(given: ProblemCounts) -> None:
    found = sample_forecast(given)
    assert not found.allowed
    assert "at least 10 are needed" in found.reason
    with pytest.raises(UsageError, match="at least 10"):
        found.pass_at(2)
    with pytest.raises(UsageError, match="at least 10"):
        _ = found.limit


def test_only_the_last_step_is_counted() -> None:
    def facts(step: int | None, sample: int, solved_at: int, verdict: bool = True) -> EpisodeFacts:
        return EpisodeFacts(ProblemFacts("a"), sample, "evaluate", "", step, 3, solved_at, verdict, ())

    found = problem_counts([facts(1, 0, 1), facts(2, 0, 0), facts(2, 1, 2), facts(2, 2, 1, verdict=False)])
    assert found == ProblemCounts((1,), (2,))
    assert problem_counts([facts(None, 0, 1), facts(None, 1, 0)]) == ProblemCounts((1,), (2,))


def test_training_pays_where_it_rises_and_samples_where_it_has_ended() -> None:
    steps = tuple(range(0, 200, 10))
    flat = Series(steps, (100,) * 3 + (500,) * 17, (1000,) * 20)
    rising = Series(steps, tuple(100 + 4 * step for step in steps), (1000,) * 20)
    halves = sample_forecast(counts(0.0, 5.0, 5.0, problems=200, samples=8))
    certain = sample_forecast(ProblemCounts((0,) * 100 + (8,) * 100, (8,) * 200))
    (more_samples,) = payoffs(forecast(flat, quick=True), halves, 100.0, 200, (4,))
    assert more_samples.verdict == "samples"
    assert more_samples.episodes == 600
    assert more_samples.step == 196
    (more_training,) = payoffs(forecast(rising, quick=True), certain, 20.0, 200, (4,))
    assert more_training.verdict == "training"
