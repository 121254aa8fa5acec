"""Back-test: cut runs that have ended, forecast their end from what was known then, and compare.

As ScaleRL (arXiv 2510.13786) does with the first half of a run, here at a quarter, a half and three quarters of its
steps.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.analysis.forecast.forecast import LEVELS, Bands, bands_row, forecast
from rlef_env.analysis.forecast.series import Series

__all__ = ["BASELINES", "CUTS", "Backtest", "CutForecast", "Score", "backtest"]

CUTS: Final = (0.25, 0.5, 0.75)
"""Shares of a run's last step."""
BASELINES: Final = ("last value", "constant slope")
"""Candidates that a forecast has to beat; the last value is the mean of the last three evaluations."""


@dataclass(frozen=True)
class CutForecast:
    """The end of a run, forecast at a cut.

    Attributes:
        name: name of the run.
        cut: share of the run's last step.
        evaluations: number of evaluations up to the cut.
        measured: rate that the run's last evaluation measured.
        reason: why there is no forecast, or no plateau; empty if there are both.
        end: forecast of ``measured``, its noise included; None if refused.
        baselines: forecasts of each of ``BASELINES``; empty if refused.
        plateau: forecast plateau; None if refused.
    """

    name: str
    cut: float
    evaluations: int
    measured: float
    reason: str
    end: Bands | None = None
    baselines: tuple[float, ...] = ()
    plateau: Bands | None = None


@dataclass(frozen=True)
class Score:
    """Scores of forecasts.

    Attributes:
        forecasts: number of forecasts.
        refused: number of cuts that were refused.
        median_error: median of the absolute errors at the end; None without a forecast.
        coverage: percent of the band -> share of ends in it.
        width: median width of the 80 % band.
        skill: baseline -> 1 - mean absolute error / that of the baseline: 0 is no better, 1 is perfect.
        plateaus: number of forecasts with a plateau.
        plateau_error: median absolute difference between plateau and true ceiling; None where there is none.
        plateau_coverage: share of the plateaus' 80 % bands that hold the true ceiling; None where there is none.
    """

    forecasts: int
    refused: int
    median_error: float | None
    coverage: dict[int, float]
    width: float | None
    skill: dict[str, float]
    plateaus: int
    plateau_error: float | None = None
    plateau_coverage: float | None = None


@dataclass(frozen=True)
class Backtest:
    """Forecasts at all cuts of all runs.

    Attributes:
        cuts: the forecasts.
        ceilings: name of a run -> its true ceiling, where it is known.
    """

    cuts: tuple[CutForecast, ...]
    ceilings: dict[str, float]

    def score(self, kept: Callable[[CutForecast], bool] = lambda _: True) -> Score:
        """Return the scores of the forecasts for which ``kept`` is true."""
        every = [each for each in self.cuts if kept(each)]
        made = [(each, each.end) for each in every if each.end is not None]
        errors = [abs(end.value - each.measured) for each, end in made]
        with_plateau = [
            (each.plateau, self.ceilings[each.name]) for each, _ in made if each.plateau and each.name in self.ceilings
        ]
        return Score(
            forecasts=len(made),
            refused=len(every) - len(made),
            median_error=_median(errors),
            coverage={
                level: _share(end.bands[level][0] <= each.measured <= end.bands[level][1] for each, end in made)
                for level in LEVELS
                if made
            },
            width=_median([end.high - end.low for _, end in made]),
            skill={
                name: 1.0 - sum(errors) / baseline
                for place, name in enumerate(BASELINES)
                if (baseline := sum(abs(each.baselines[place] - each.measured) for each, _ in made)) > 0
            },
            plateaus=sum(each.plateau is not None for each, _ in made),
            plateau_error=_median([abs(found.value - true) for found, true in with_plateau]),
            plateau_coverage=_share(found.low <= true <= found.high for found, true in with_plateau)
            if with_plateau
            else None,
        )

    def as_json(self) -> dict[str, Any]:
        """Return scores and forecasts as plain JSON values."""
        return {
            "scores": {
                f"{cut:g}": score_row(self.score(lambda each, cut=cut: each.cut == cut))  # type: ignore[misc]
                for cut in dict.fromkeys(each.cut for each in self.cuts)
            }
            | {"all": score_row(self.score())},
            "cuts": [
                {
                    "run": each.name,
                    "cut": each.cut,
                    "evaluations": each.evaluations,
                    "measured": each.measured,
                    "reason": each.reason,
                    "end": None if each.end is None else bands_row(each.end),
                    "plateau": None if each.plateau is None else bands_row(each.plateau),
                    "ceiling": self.ceilings.get(each.name),
                    **{name.replace(" ", "_"): value for name, value in zip(BASELINES, each.baselines, strict=False)},
                }
                for each in self.cuts
            ],
        }


def backtest(
    runs: Sequence[Series],
    ceilings: dict[str, float] | None = None,
    cuts: Sequence[float] = CUTS,
    seed: int = 0,
    quick: bool = False,
) -> Backtest:
    """Forecast the end of each run from its evaluations up to each cut.

    Args:
        runs: series of runs that have ended, at least one evaluation each.
        ceilings: name of a run -> its true ceiling, where it is known.
        cuts: shares of a run's last step.
        seed: seed of the resampling.
        quick: see ``forecast``.
    """
    found = [cut_forecast(run, cut, seed, quick) for cut in cuts for run in runs if run.steps]
    return Backtest(tuple(found), dict(ceilings or {}))


def cut_forecast(run: Series, cut: float, seed: int, quick: bool) -> CutForecast:
    """Forecast the end of a run from its evaluations up to a cut."""
    last, measured = run.steps[-1], run.rates[-1]
    known = run.until(cut * last)
    made = forecast(known, seed=seed, quick=quick)
    if not made.allowed:
        return CutForecast(run.name, cut, len(known), measured, made.reason)
    return CutForecast(
        run.name,
        cut,
        len(known),
        measured,
        made.reason,
        made.at(last, trials=run.trials[-1]),
        tuple(made.candidate(name, [last])[0] for name in BASELINES),
        made.plateau,
    )


def score_row(score: Score) -> dict[str, Any]:
    """Return scores as plain JSON values."""
    return {
        "forecasts": score.forecasts,
        "refused": score.refused,
        "median_error": score.median_error,
        **{f"coverage_{level}": share for level, share in score.coverage.items()},
        "width": score.width,
        **{f"skill_against_{name.replace(' ', '_')}": value for name, value in score.skill.items()},
        "plateaus": score.plateaus,
        "plateau_error": score.plateau_error,
        "plateau_coverage": score.plateau_coverage,
    }


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _share(values: Iterable[bool]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)
