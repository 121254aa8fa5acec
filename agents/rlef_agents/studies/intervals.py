"""Intervals over problems and seeds: percentiles of means over resampled problems, and over resampled seeds."""

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


def mean(scores: Floats) -> Mean:
    """Return the mean of scores and its interval.

    Problems are resampled with replacement, the same in each seed, and seeds too: an interval over problems alone would
    say how well these policies were measured, and not how much training varies. With one seed only problems are.

    Args:
        scores: [seeds, problems]; NaN where an episode has no verdict.
    """
    random = np.random.default_rng(0)
    seeds, problems = scores.shape
    means = np.empty(RESAMPLES)
    for place in range(RESAMPLES):
        rows, columns = random.integers(seeds, size=seeds), random.integers(problems, size=problems)
        means[place] = np.nanmean(scores[rows][:, columns])
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return Mean(
        tuple(float(each) for each in np.nanmean(scores, axis=1)), float(np.nanmean(scores)), float(low), float(high)
    )


def difference(first: Floats, second: Floats) -> Mean:
    """Return the mean difference of two arms on the same problems and seeds, paired, and its interval.

    Args:
        first: [seeds, problems].
        second: [seeds, problems], in the same order.
    """
    return mean(first - second)
