"""How small a difference a comparison can detect, and what it would take to detect a given one.

Formulas: the power analysis of Miller 2024 (arXiv 2411.00640), with the variance of the clustered comparison at hand.
"""

from __future__ import annotations

import math

from rlef_env.analysis.statistics.clusters import Floats
from rlef_env.analysis.statistics.distributions import normal_quantile
from rlef_env.analysis.statistics.interval import Interval

__all__ = ["POWER", "detectable_difference", "problems_needed", "samples_needed", "sampling_variance"]

POWER = 0.8
"""Probability to detect a difference, by convention."""


def detectable_difference(interval: Interval, level: float = 0.95, power: float = POWER) -> float:
    """Return the difference that a comparison with so wide an interval detects with this power.

    It is (z_level + z_power) standard errors; the interval is z_level standard errors wide on each side.
    """
    z = normal_quantile((1 + level) / 2)
    return (interval.high - interval.low) / 2 * (1 + normal_quantile(power) / z)


def problems_needed(problems: int, detectable: float, difference: float) -> int:
    """Return how many problems of this kind, each with as many samples as now, detect a difference.

    Args:
        problems: number of problems now.
        detectable: ``detectable_difference`` now.
        difference: the difference to detect, above 0.
    """
    return math.ceil(problems * (detectable / difference) ** 2)


def samples_needed(samples: float, detectable: float, difference: float, within: float) -> int | None:
    """Return how many samples of each problem, on the same problems, detect a difference; None if no number does.

    More samples reduce only the part of the variance that comes from sampling.

    Args:
        samples: number of samples of a problem now, in each run.
        detectable: ``detectable_difference`` now.
        difference: the difference to detect, above 0.
        within: share of the variance of the difference that comes from sampling, from 0 to 1.
    """
    wanted = (difference / detectable) ** 2  # of the variance now
    between = 1 - within
    if wanted >= 1:
        return math.ceil(samples)
    return math.ceil(samples * within / (wanted - between)) if wanted > between else None


def sampling_variance(solved: Floats, samples: Floats) -> float | None:
    """Return the variance of the mean of the problems' shares that comes from sampling; None if a problem has 1 sample.

    Args:
        solved: number of samples that count as solved, of each problem.
        samples: number of samples of each problem.
    """
    if len(samples) == 0 or (samples < 2).any():
        return None
    shares = solved / samples
    return float((shares * (1 - shares) / (samples - 1)).sum()) / len(samples) ** 2
