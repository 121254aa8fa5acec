"""Resampled learning curves: moving-block bootstrap over evaluations, and over runs where there are several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rlef_env.analysis.forecast.fitting import Fit, Points, fit, tail_errors
from rlef_env.analysis.forecast.series import Series
from rlef_env.analysis.forecast.shapes import RECENT, Array, Shape, refined, shapes

__all__ = ["Draws", "resample"]

SMOOTHING: Final = 3
"""Evaluations whose rates are averaged for the first estimate of the binomial variance."""
MAX_CURVE_PARAMETERS: Final = 4
SHARE_OF_EVIDENCE: Final = 0.25
"""Weight of a candidate's fit beside its tail error: small, because a good fit says little about a forecast."""
HALF_WINDOW: Final = 1 / 8
"""Half of the window of the moving average, as a share of the evaluations."""
MIN_HALF_WINDOW: Final = 2
"""The same in evaluations, at least."""
SHARE_OF_CHANGE: Final = 0.3
"""Standard deviation of what curves leave out, as a share of the change that they forecast. Calibrated on simulated
curves (benchmarks/forecast.py)."""


@dataclass(frozen=True)
class Draws:
    """Learning curves that agree with the data, as equally likely forecasts.

    Attributes:
        fits: fitted candidates; their curves in order are the draws.
        offset: what each curve lacks to the mean of the last evaluations, shrunk by its noise; shape (draws,). It fades
            as the steps go on.
        normal: a standard normal number of each draw, shape (draws,).
        drift: standard deviation of what no candidate describes, for each factor e by which the steps go on.
        noise: standard error of one evaluation of the second half of the data.
        last: the last step of the data.
        residuals: standardised residuals of the data: 1 is the standard error of a binomial rate.
        candidates: the candidates, fitted to the data themselves.
        errors: tail error of each candidate on the data themselves (see ``tail_errors``), by its name.
    """

    fits: tuple[Fit, ...]
    offset: Array
    normal: Array
    drift: float
    noise: float
    last: float
    residuals: Array
    candidates: tuple[Fit, ...]
    errors: dict[str, float]

    def values(self, steps: Array) -> Array:
        """Return the rates of all draws at some steps, shape (draws, len(steps))."""
        u = np.asarray(steps, dtype=float) / self.last
        rates = np.concatenate([each.values(u) for each in self.fits])
        fading = np.minimum(u, 1.0 / np.maximum(u, 1e-12))
        return self._with_unknown(np.clip(rates + self.offset[:, None] * fading, 0.0, 1.0), np.log(np.maximum(u, 1.0)))

    @property
    def limits(self) -> Array:
        """The plateau of each draw, shape (draws,)."""
        return self._with_unknown(np.concatenate([each.limit for each in self.fits])[:, None], np.ones(1))[:, 0]

    def _with_unknown(self, rates: Array, ahead: Array) -> Array:
        """Add what the curves leave out: its standard deviation grows with the horizon and with the forecast change.

        Args:
            rates: shape (draws, n).
            ahead: logarithm of the step divided by the last one, 0 within the data; shape (n,).
        """
        now = np.median(np.concatenate([each.values(np.ones(1))[:, 0] for each in self.fits]) + self.offset)
        change = np.where(ahead > 0, np.abs(np.median(rates, axis=0) - now), 0.0)
        unknown = self.drift * ahead + SHARE_OF_CHANGE * change
        cut: Array = np.clip(rates + self.normal[:, None] * unknown, 0.0, 1.0)
        return cut


def resample(runs: Sequence[Series], count: int, seed: int) -> Draws:
    """Draw learning curves.

    1. Smooth the rates: the saturating candidate with the best Bayesian information criterion, plus a moving average of
       what it misses. The residuals, divided by their binomial standard error, are the noise. Noise below binomial
       noise is scaled up to it.
    2. Add resampled noise to that curve: moving blocks of neighbouring evaluations, so that their correlation is kept
       (Kuensch, Annals of Statistics 17, 1989). With several runs, each is given the mean deviation of a run drawn at
       random.
    3. Fit all candidates to the result, and draw one of them: the better it forecasts the known tail, the more likely.
    4. Add to the future what no candidate describes: as much as the best of them missed the known tail by, beyond
       noise, as much as noise, and a share of the forecast change.

    Args:
        runs: one series, or several of the same recipe.
        count: number of curves.
        seed: seed of the draws.
    """
    rng = np.random.default_rng(seed)
    last = max(run.steps[-1] for run in runs)
    owner = np.concatenate([np.full(len(run), number) for number, run in enumerate(runs)])
    steps = np.concatenate([run.steps for run in runs])
    trials = np.concatenate([run.trials for run in runs])
    rates = np.concatenate([run.rates for run in runs])
    smoothed = np.concatenate([smooth(run) for run in runs])
    order = np.argsort(steps, kind="stable")
    owner, steps, trials, rates, smoothed = (each[order] for each in (owner, steps, trials, rates, smoothed))
    distinct, places = np.unique(steps, return_inverse=True)
    candidates = shapes(float(np.diff(distinct).min() / last))

    points = Points(steps / last, trials / (smoothed * (1.0 - smoothed)), places)
    candidates = tuple(
        refined(shape, fit(shape, points, rates[None]).grid[0]) if shape.grid.any() else shape for shape in candidates
    )
    curve = smooth_curve(candidates, points, rates)
    inner = np.clip(curve, 1.0 / (trials + 2.0), 1.0 - 1.0 / (trials + 2.0))
    deviation = np.sqrt(inner * (1.0 - inner) / trials)
    residuals = (rates - curve) / deviation
    residuals *= np.sqrt(len(rates) / max(len(rates) - MAX_CURVE_PARAMETERS, 1))
    size = float(np.sqrt((residuals**2).mean()))
    noise = max(size, 1.0)  # in binomial standard errors
    residuals = residuals * (noise / size) if size > 0 else rng.choice((-1.0, 1.0), len(rates))

    resampled = np.concatenate([rates[None], curve + deviation * block_bootstrap(residuals, owner, count, rng)])
    resampled = np.clip(resampled, 0.0, 1.0)
    points = Points(points.u, 1.0 / (deviation * noise) ** 2, places)
    fits = [fit(shape, points, resampled) for shape in candidates]
    errors = np.stack([tail_errors(shape, points, resampled) for shape in candidates])  # (candidates, 1 + count)
    drawn = draw_candidates(errors[:, 1:] + SHARE_OF_EVIDENCE * excess(fits, len(rates))[:, 1:], rng)
    rows = [1 + np.flatnonzero(drawn == number) for number in range(len(fits))]
    kept = [part(each, chosen) for each, chosen in zip(fits, rows, strict=True)]
    order = np.concatenate(rows)
    recent = points.before(points.count - RECENT)
    weights = points.weights[recent:] / points.weights[recent:].sum()
    lacking = (resampled[order, recent:] - np.concatenate([each.values(points.u[recent:]) for each in kept])) @ weights
    lacking *= lacking**2 / (lacking**2 + 1.0 / points.weights[recent:].sum())

    missed = max(float(errors[:, 0].min()) - 1.0, 0.0)  # excess over noise, as a variance
    error = float((deviation * noise)[points.before(points.count // 2) :].mean())
    return Draws(
        tuple(each for each in kept if len(each.start)),
        lacking,
        rng.standard_normal(count),
        float((1.0 + np.sqrt(missed)) * error),
        error,
        last,
        residuals,
        tuple(part(each, np.zeros(1, dtype=int)) for each in fits),
        {shape.name: float(error) for shape, error in zip(candidates, errors[:, 0], strict=True)},
    )


def smooth(run: Series) -> Array:
    """Return moving averages of a run's rates, never 0 or 1, for the first estimate of their variance."""
    rates = (np.array(run.successes) + 1.0) / (np.array(run.trials) + 2.0)
    padded = np.pad(rates, SMOOTHING // 2, mode="edge")
    return np.convolve(padded, np.full(SMOOTHING, 1.0 / SMOOTHING), mode="valid")


def smooth_curve(candidates: Sequence[Shape], points: Points, rates: Array) -> Array:
    """Return smoothed rates, shape (n,)."""
    fitted = [fit(shape, points, rates[None]) for shape in candidates if shape.parameters >= 3]
    penalty = np.log(len(rates))
    best = min(fitted, key=lambda each: float(each.error[0]) + penalty * each.shape.parameters)
    values = best.values(points.u)[0]
    half = max(MIN_HALF_WINDOW, round(HALF_WINDOW * points.count))
    near = np.abs(points.places[:, None] - points.places[None, :]) <= half
    weights = near * points.weights
    smoothed: Array = np.clip(values + (weights @ (rates - values)) / weights.sum(axis=1), 0.0, 1.0)
    return smoothed


def block_bootstrap(residuals: Array, owner: Array, count: int, rng: np.random.Generator) -> Array:
    """Return resampled residuals, shape (count, n): blocks of neighbours of the same run.

    Args:
        residuals: shape (n,), in the order of steps.
        owner: number of the run of each, shape (n,).
        count: number of resamples.
        rng: source of the draws.
    """
    runs = int(owner.max()) + 1
    means = np.array([residuals[owner == run].mean() for run in range(runs)])
    means = (means - means.mean()) * (np.sqrt(runs / (runs - 1.0)) if runs > 1 else 0.0)
    result = np.empty((count, len(residuals)))
    for run in range(runs):
        own = residuals[owner == run]
        own = own - own.mean()
        length = max(1, round(len(own) ** (1 / 3)))
        starts = rng.integers(0, len(own) - length + 1, (count, -(-len(own) // length)))
        places = (starts[:, :, None] + np.arange(length)).reshape(count, -1)[:, : len(own)]
        result[:, owner == run] = own[places] + means[rng.integers(0, runs, count)][:, None]
    return result


def draw_candidates(errors: Array, rng: np.random.Generator) -> Array:
    """Return a candidate for each resample, drawn with probability proportional to exp(-error / 2), shape (b,).

    Args:
        errors: tail errors, shape (candidates, b).
        rng: source of the draws.
    """
    weights = np.exp(-0.5 * (errors - errors.min(axis=0)))
    cumulated = (weights / weights.sum(axis=0)).cumsum(axis=0)
    drawn: Array = (rng.random(errors.shape[1]) > cumulated).sum(axis=0)
    return np.minimum(drawn, len(errors) - 1)


def excess(fits: Sequence[Fit], count: int) -> Array:
    """Return how much worse each candidate's Bayesian information criterion is than the best one's, shape (c, b).

    It is 0 for the two candidates that are fitted to the last evaluations only.
    """
    penalty = float(np.log(count))
    criteria = np.stack([each.error + penalty * each.shape.parameters for each in fits])
    smooth = np.array([each.shape.parameters >= 3 for each in fits])[:, None]
    return np.where(smooth, criteria - criteria[smooth[:, 0]].min(axis=0), 0.0)


def part(whole: Fit, rows: Array) -> Fit:
    """Return a fit of some of the series."""
    return Fit(whole.shape, whole.start[rows], whole.end[rows], whole.grid[rows], whole.error[rows])
