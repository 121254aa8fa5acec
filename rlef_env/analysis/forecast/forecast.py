"""Forecast a rate over the steps of a training run: where it ends, and when it reaches a target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from rlef_env.analysis.forecast.resampling import Draws, resample
from rlef_env.analysis.forecast.series import Series
from rlef_env.analysis.forecast.shapes import Array
from rlef_env.errors import UsageError

__all__ = ["LEVELS", "MIN_EVALUATIONS", "Bands", "Curve", "Forecast", "Reach", "forecast"]

LEVELS: Final = (50, 80, 95)
"""Percent of the bands."""
MIN_EVALUATIONS: Final = 6
"""Evaluations at distinct steps that a forecast needs."""
NARROW: Final = 0.1
"""A band of the plateau this narrow is always narrow enough."""
SHARE_OF_ROOM: Final = 0.5
"""Largest width of the plateau's 80 % band, as a share of the room that the curve has left."""
EDGE: Final = 0.01
"""A band of the plateau that comes this close to 0 or 1 is cut there: it has to be narrow to count as known."""
MIN_CHANGE: Final = 3.0
"""Smallest change since the first evaluation that tells a plateau from a start, in standard errors of an evaluation."""
MAX_FACTOR: Final = 1000.0
"""A target that is not reached within so many times the steps so far is never reached."""
RESAMPLES: Final = 500
QUICK_RESAMPLES: Final = 100


@dataclass(frozen=True)
class Bands:
    """A forecast number.

    Attributes:
        value: the median.
        bands: percent -> lowest and highest value, for each of ``LEVELS``.
    """

    value: float
    bands: Mapping[int, tuple[float, float]]

    @property
    def low(self) -> float:
        """Lower end of the 80 % band."""
        return self.bands[80][0]

    @property
    def high(self) -> float:
        """Upper end of the 80 % band."""
        return self.bands[80][1]


@dataclass(frozen=True)
class Curve:
    """The forecast at several steps.

    Attributes:
        steps: the steps.
        values: the medians.
        bands: percent -> lower ends and upper ends, for each of ``LEVELS``.
    """

    steps: tuple[float, ...]
    values: tuple[float, ...]
    bands: Mapping[int, tuple[tuple[float, ...], tuple[float, ...]]]


@dataclass(frozen=True)
class Reach:
    """When a target is reached.

    Attributes:
        target: the rate.
        step: median over resampled curves of the first step at which they are there; infinite where half of them or
            more never are.
        bands: percent -> earliest and latest step; infinite where it is never reached.
        never: share of the resampled curves that never reach it.
    """

    target: float
    step: float
    bands: Mapping[int, tuple[float, float]]
    never: float


@dataclass(frozen=True)
class Forecast:
    """What the evaluations so far say about the following ones.

    Attributes:
        runs: the series; several are runs of one recipe, whose mean is forecast.
        allowed: whether there are enough evaluations for ``curve``, ``at`` and ``reach``.
        reason: why there is no forecast, or no plateau; empty if there are both.
        plateau: the rate after infinitely many steps; None where the data do not determine it.
        chosen: name of the candidate that forecasts the known tail best; empty without a forecast.
        errors: tail error of each candidate; 1 is a forecast without fault.
        draws: the resampled curves; None without a forecast.
    """

    runs: tuple[Series, ...]
    allowed: bool
    reason: str
    plateau: Bands | None = None
    chosen: str = ""
    errors: Mapping[str, float] = field(default_factory=dict)
    draws: Draws | None = field(default=None, repr=False, compare=False)

    @property
    def first_step(self) -> float:
        """The first step with an evaluation; 0 without any."""
        return min((run.steps[0] for run in self.runs if run.steps), default=0.0)

    @property
    def last_step(self) -> float:
        """The last step with an evaluation; 0 without any."""
        return max((run.steps[-1] for run in self.runs if run.steps), default=0.0)

    @property
    def now(self) -> Bands:
        """The rate at the last step, as the curves have it: less noisy than the last evaluation."""
        return self.at(self.last_step)

    @property
    def short_horizon(self) -> float:
        """The step up to which the forecast holds without a plateau: a quarter further than the last evaluation."""
        return math.ceil(1.25 * self.last_step)

    def curve(self, steps: Sequence[float], trials: float | None = None) -> Curve:
        """Return the forecast at some steps.

        Args:
            steps: the steps.
            trials: if given, the bands are those of the measured rate of an evaluation with so many episodes; else
                those of the rate itself, without the noise of measuring it.

        Raises:
            UsageError: ``allowed`` is False, or a step is not a number of at least 0.
        """
        values = self.values(steps, trials)
        bands = {
            level: (numbers(quantile(values, 50 - level / 2)), numbers(quantile(values, 50 + level / 2)))
            for level in LEVELS
        }
        return Curve(numbers(steps), numbers(np.median(values, axis=0)), bands)

    def values(self, steps: Sequence[float] | Array, trials: float | None = None) -> Array:
        """Return the rates of all resampled curves at some steps, shape (curves, steps); see ``curve``."""
        if self.draws is None:
            raise UsageError(f"forecast: {self.reason}")
        wanted = np.asarray(steps, dtype=float)
        if wanted.ndim != 1 or not (np.isfinite(wanted) & (wanted >= 0)).all():
            raise UsageError(f"steps: expected a list of numbers of at least 0, got {steps!r}")
        values = self.draws.values(wanted)
        if trials is None:
            return values
        rng = np.random.default_rng(0)
        noise = rng.choice(self.draws.residuals, size=values.shape)
        inner = np.clip(values, 1.0 / (trials + 2.0), 1.0 - 1.0 / (trials + 2.0))
        measured: Array = np.clip(values + noise * np.sqrt(inner * (1.0 - inner) / trials), 0.0, 1.0)
        return measured

    def at(self, step: float, trials: float | None = None) -> Bands:
        """Return the forecast at one step; see ``curve``."""
        found = self.curve([step], trials)
        return Bands(found.values[0], {level: (low[0], high[0]) for level, (low, high) in found.bands.items()})

    def reach(self, target: float) -> Reach:
        """Return when the rate reaches a target: the first step at which a resampled curve is there.

        Raises:
            UsageError: ``allowed`` is False, or the target is not between 0 and 1.
        """
        if not 0.0 < target <= 1.0:
            raise UsageError(f"target: expected a rate above 0 and at most 1, got {target:g}")
        factors = np.concatenate([np.linspace(0.0, 1.0, 101), np.geomspace(1.0, MAX_FACTOR, 400)[1:]])
        steps = factors * self.last_step
        there = self.values(steps, None) >= target
        first = np.where(there.any(axis=1), steps[there.argmax(axis=1)], np.inf)
        ordered = np.sort(first)
        bands = {level: (rank(ordered, 50 - level / 2), rank(ordered, 50 + level / 2)) for level in LEVELS}
        return Reach(target, rank(ordered, 50), bands, float(np.isinf(first).mean()))

    def candidate(self, name: str, steps: Sequence[float]) -> tuple[float, ...]:
        """Return the values of one candidate, fitted to the evaluations themselves, at some steps.

        Raises:
            UsageError: ``allowed`` is False, or no candidate has this name.
        """
        if self.draws is None:
            raise UsageError(f"forecast: {self.reason}")
        fits = {each.shape.name: each for each in self.draws.candidates}
        if name not in fits:
            raise UsageError(f"candidate: expected one of {', '.join(fits)}, got {name!r}")
        return numbers(fits[name].values(np.asarray(steps, dtype=float) / self.draws.last)[0])

    def sentence(self) -> str:
        """Return the forecast in one plain line."""
        if not self.allowed:
            return f"No forecast: {self.reason}"
        name = self.runs[0].metric
        if self.plateau is None:
            ahead = self.at(self.short_horizon)
            return (
                f"{name} {ahead.value:.3f} at step {self.short_horizon:g} (80 %: {ahead.low:.3f} to {ahead.high:.3f}); "
                f"no plateau: {self.reason}"
            )
        return (
            f"{name} {self.now.value:.3f} at step {self.last_step:g}, plateau {self.plateau.value:.3f} "
            f"(80 %: {self.plateau.low:.3f} to {self.plateau.high:.3f})"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the forecast as plain JSON values; see docs/forecast.md."""
        row: dict[str, Any] = {
            "metric": self.runs[0].metric,
            "evaluation": self.runs[0].evaluation,
            "runs": [run.name for run in self.runs],
            "evaluations": sum(len(run) for run in self.runs),
            "last_step": self.last_step,
            "allowed": self.allowed,
            "reason": self.reason,
            "sentence": self.sentence(),
        }
        if self.allowed:
            row |= {
                "chosen": self.chosen,
                "tail_errors": dict(self.errors),
                "now": bands_row(self.now),
                "plateau": None if self.plateau is None else bands_row(self.plateau),
            }
        return row


def forecast(runs: Series | Sequence[Series], seed: int = 0, quick: bool = False) -> Forecast:
    """Forecast a rate from the evaluations so far. Equal arguments give equal forecasts.

    Args:
        runs: the evaluations of a run, or of several runs of one recipe (other seeds), whose mean is then forecast.
        seed: seed of the resampling.
        quick: draw 100 curves instead of 500, for a display that is updated while a run goes on.

    Returns:
        The forecast; ``allowed`` is False where there are too few evaluations, with the reason.

    Raises:
        UsageError: there is no series, or they are not of the same metric.
    """
    every = (runs,) if isinstance(runs, Series) else tuple(runs)
    if not every or len({(run.metric, run.evaluation) for run in every}) > 1:
        raise UsageError(
            f"runs: expected series of one metric and one evaluation set, got "
            f"{', '.join(f'{run.metric} of {run.name}' for run in every) or 'none'}"
        )
    usable = tuple(run for run in every if run.steps)
    distinct = len({step for run in usable for step in run.steps})
    if distinct < MIN_EVALUATIONS:
        return Forecast(
            every,
            False,
            f"{distinct} evaluation{'' if distinct == 1 else 's'} so far, at least {MIN_EVALUATIONS} are needed",
        )
    draws = resample(usable, QUICK_RESAMPLES if quick else RESAMPLES, seed)
    chosen = min(draws.errors, key=lambda name: draws.errors[name])
    known = Forecast(every, True, "", None, chosen, draws.errors, draws)
    plateau = bands_of(draws.limits)
    change = abs(known.now.value - known.at(known.first_step).value)
    reason = why_unknown(plateau, known.now.value, change / draws.noise)
    return Forecast(every, True, reason, None if reason else plateau, chosen, draws.errors, draws)


def why_unknown(plateau: Bands, now: float, change: float) -> str:
    """Return why the data do not determine a plateau; empty if they do.

    Args:
        plateau: the forecast plateau.
        now: the rate at the last step.
        change: how far the rate has come since the first step, in standard errors of an evaluation.
    """
    if change < MIN_CHANGE:
        return "the rate has not changed by more than noise so far, so its end cannot be told from its start"
    room = 1.0 - now if plateau.value >= now else now
    is_cut = plateau.high > 1.0 - EDGE or plateau.low < EDGE
    if plateau.high - plateau.low > max(NARROW, 0.0 if is_cut else SHARE_OF_ROOM * room):
        return (
            f"the evaluations so far allow any from {plateau.low:.2f} to {plateau.high:.2f} (80 %); evaluate further, "
            "or with more episodes"
        )
    return ""


def bands_of(values: Array) -> Bands:
    """Return median and bands of equally likely values, shape (n,)."""
    return Bands(
        float(np.median(values)),
        {level: (float(quantile(values, 50 - level / 2)), float(quantile(values, 50 + level / 2))) for level in LEVELS},
    )


def bands_row(found: Bands) -> dict[str, float]:
    """Return a number and its bands as plain JSON values."""
    row = {"value": found.value}
    for level, (low, high) in found.bands.items():
        row |= {f"low_{level}": low, f"high_{level}": high}
    return row


def quantile(values: Array, percent: float) -> Any:
    """Return a quantile over the first axis."""
    return np.quantile(values, percent / 100, axis=0)


def rank(ordered: Array, percent: float) -> float:
    """Return a quantile of sorted values, some of which may be infinite: one of the values, not between two."""
    return float(ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)])


def numbers(values: Sequence[float] | Array) -> tuple[float, ...]:
    """Return Python's numbers."""
    return tuple(float(value) for value in values)
