"""Intervals over problems and seeds: resampled problems, and Student's t over the means of seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Mean", "difference", "mean"]

RESAMPLES: Final = 2000
LEVEL: Final = 0.95
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean and its interval.

    Attributes:
        seeds: mean over the problems, for each seed.
        mean: mean over seeds.
        low: lower end of the 95 % interval.
        high: upper end.
    """

    seeds: tuple[float, ...]
    mean: float
    low: float
    high: float


def mean(scores: Floats, lowest: float = 0.0) -> Mean:
    """Return the mean of scores and its interval.

    Its half-width has two parts, of which the squares are added. *Problems* are resampled with replacement, the same in
    each seed: how well these policies were measured. *Seeds* are too few to be resampled (the percentiles of three
    cover 75 %), so their part is that of Student's t: how much training varies. With one seed there is only the first.

    Args:
        scores: [seeds, problems], from ``lowest`` to 1; NaN where an episode has no verdict.
        lowest: the lowest possible score.
    """
    from scipy import stats

    random = np.random.default_rng(0)
    seeds, problems = scores.shape
    of_problems, of_seeds, whole = np.nanmean(scores, axis=0), np.nanmean(scores, axis=1), float(np.nanmean(scores))
    means = np.nanmean(of_problems[random.integers(problems, size=(RESAMPLES, problems))], axis=1)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    varies = 0.0
    if seeds > 1:
        varies = float(stats.t.ppf(1 - tail, seeds - 1)) * float(of_seeds.std(ddof=1)) / seeds**0.5
    return Mean(
        tuple(float(each) for each in of_seeds),
        whole,
        max(lowest, whole - float(np.hypot(whole - low, varies))),
        min(1.0, whole + float(np.hypot(high - whole, varies))),
    )


def difference(first: Floats, second: Floats) -> Mean:
    """Return the mean difference of two arms on the same problems and seeds, paired, and its interval.

    Args:
        first: [seeds, problems].
        second: [seeds, problems], in the same order.
    """
    return mean(first - second, lowest=-1.0)
