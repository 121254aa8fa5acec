"""Resampled learning curves: moving-block bootstrap over evaluations, and over runs where there are several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rlef_env.analysis.forecast.fitting import Fit, Points, fit, tail_errors
from rlef_env.analysis.forecast.series import Series
from rlef_env.analysis.forecast.shapes import Array, Shape, shapes

__all__ = ["Draws", "resample"]

SMOOTHING: Final = 3
"""Evaluations whose rates are averaged for the first estimate of the binomial variance."""
MAX_CURVE_PARAMETERS: Final = 4


@dataclass(frozen=True)
class Draws:
    """Learning curves that agree with the data, as equally likely forecasts.

    Attributes:
        fits: fitted candidates; their curves in order are the draws.
        drift: what each draw adds after the last step, times 1 - last / step; shape (draws,).
        last: the last step of the data.
        residuals: standardised residuals of the data: 1 is the standard error of a binomial rate.
        errors: tail error of each candidate on the data itself (see ``tail_errors``), by its name.
    """

    fits: tuple[Fit, ...]
    drift: Array
    last: float
    residuals: Array
    errors: dict[str, float]

    def values(self, steps: Array) -> Array:
        """Return the rates of all draws at some steps, shape (draws, len(steps))."""
        u = np.asarray(steps, dtype=float) / self.last
        rates = np.concatenate([each.values(u) for each in self.fits])
        ahead = self.drift[:, None] * (1.0 - 1.0 / np.maximum(u, 1.0))
        cut: Array = np.clip(rates + ahead, 0.0, 1.0)
        return cut

    @property
    def limits(self) -> Array:
        """The plateau of each draw, shape (draws,)."""
        rates: Array = np.clip(np.concatenate([each.limit for each in self.fits]) + self.drift, 0.0, 1.0)
        return rates


def resample(runs: Sequence[Series], count: int, seed: int) -> Draws:
    """Draw learning curves.

    1. Fit the smooth candidate with the best Bayesian information criterion to all evaluations; its residuals, divided
       by their binomial standard error, are the noise. Noise below binomial noise is scaled up to it.
    2. Add resampled noise to that curve: moving blocks of neighbouring evaluations, so that their correlation is kept
       (Kuensch, Annals of Statistics 17, 1989). With several runs, each is given the mean deviation of a run drawn at
       random.
    3. Fit all candidates to the result, and draw one of them: the better it forecasts the known tail, the more likely.
    4. Where candidates missed the known tail by more than noise explains, add a drift of that size to the future.

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
    drawn = draw_candidates(errors[:, 1:], rng)
    kept = [part(each, 1 + np.flatnonzero(drawn == number)) for number, each in enumerate(fits)]

    missed = max(float(errors[:, 0].min()) - 1.0, 0.0)  # excess over noise, as a variance
    sigma = float(np.sqrt(missed) * (deviation * noise)[points.before(points.count // 2) :].mean())
    return Draws(
        tuple(each for each in kept if len(each.start)),
        sigma * rng.standard_normal(count),
        last,
        residuals,
        {shape.name: float(error) for shape, error in zip(candidates, errors[:, 0], strict=True)},
    )


def smooth(run: Series) -> Array:
    """Return moving averages of a run's rates, never 0 or 1, for the first estimate of their variance."""
    rates = (np.array(run.successes) + 1.0) / (np.array(run.trials) + 2.0)
    padded = np.pad(rates, SMOOTHING // 2, mode="edge")
    return np.convolve(padded, np.full(SMOOTHING, 1.0 / SMOOTHING), mode="valid")


def smooth_curve(candidates: Sequence[Shape], points: Points, rates: Array) -> Array:
    """Return the values of the saturating candidate with the best Bayesian information criterion, shape (n,)."""
    fitted = [fit(shape, points, rates[None]) for shape in candidates if shape.parameters >= 3]
    penalty = np.log(len(rates))
    best = min(fitted, key=lambda each: float(each.error[0]) + penalty * each.shape.parameters)
    values: Array = best.values(points.u)[0]
    return values


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


def part(whole: Fit, rows: Array) -> Fit:
    """Return a fit of some of the series."""
    return Fit(whole.shape, whole.start[rows], whole.end[rows], whole.grid[rows], whole.error[rows])
