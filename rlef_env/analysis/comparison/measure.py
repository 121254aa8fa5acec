"""The difference of one metric: interval and p value, with the problem as unit and its contest or family as cluster."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rlef_env.analysis.comparison.result import MetricDifference
from rlef_env.analysis.metrics import Metric, metric_named
from rlef_env.analysis.metrics.definitions import clusters_of
from rlef_env.analysis.statistics import Ratio, difference_interval, permutation_test, sampling_variance
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts

__all__ = ["comparable_metric", "measure", "sampling_share", "sampling_spread"]

NOT_COMPARED = ("repeated_programs", "distinct_programs")
"""Shares of which more is not better."""


def comparable_metric(name: str) -> Metric:
    """Return a metric that is a share of which more is better.

    Raises:
        UsageError: it is none, or no metric has this name.
    """
    metric = metric_named(name)
    if not metric.is_share or name in NOT_COMPARED:
        raise UsageError(
            "metric: expected solve_rate, solved_at_N, repair_rate, n@k, pass@k or valid_programs (a share of which "
            f"more is better), got {name}"
        )
    return metric


def measure(
    metric: Metric,
    a: Sequence[EpisodeFacts],
    b: Sequence[EpisodeFacts],
    problems: Sequence[ProblemFacts],
    level: float,
    seed: int,
) -> MetricDifference:
    """Return the difference of a metric between two runs on the same problems.

    Args:
        metric: the metric.
        a: episodes before.
        b: episodes after.
        problems: the problems to compare.
        level: of the interval.
        seed: of random permutations.
    """
    before, after, clusters = _ratios(metric, a, b, problems)
    interval = difference_interval(before, after, clusters, level)
    if math.isnan(interval.value):
        return MetricDifference(metric.name, before.value, after.value, math.nan, -1.0, 1.0, 1.0, True, 0, 0)
    test = permutation_test(before, after, clusters, seed)
    counted = (before.denominators + after.denominators) > 0
    return MetricDifference(
        name=metric.name,
        a=before.value,
        b=after.value,
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        p_value=test.p_value,
        exact=test.exact,
        problems=int(counted.sum()),
        clusters=len({name for name, used in zip(clusters, counted, strict=True) if used}),
    )


def _ratios(
    metric: Metric, a: Sequence[EpisodeFacts], b: Sequence[EpisodeFacts], problems: Sequence[ProblemFacts]
) -> tuple[Ratio, Ratio, list[str]]:
    """Return what each problem contributes on both sides, and its cluster.

    A mean of problems is over those that both runs say something about. In a ratio of sums, such as the repair rate,
    a problem may count in one of the runs only.
    """
    wanted = {each.problem_id for each in problems}
    sides = [
        {each.problem.problem_id: each for each in metric.of_problems(facts) if each.problem.problem_id in wanted}
        for facts in (a, b)
    ]
    is_mean = all(each.denominator == 1 for side in sides for each in side.values())
    used = [each for each in problems if (all if is_mean else any)(each.problem_id in side for side in sides)]
    ratios = [
        Ratio(
            *(
                np.array([getattr(side[each.problem_id], part) if each.problem_id in side else 0.0 for each in used])
                for part in ("numerator", "denominator")
            )
        )
        for side in sides
    ]
    return ratios[0], ratios[1], clusters_of(used) or [each.problem_id for each in used]


def sampling_spread(metric: Metric, facts: Sequence[EpisodeFacts], problems: Sequence[ProblemFacts]) -> float | None:
    """Return the variance of a metric that comes from sampling alone; None if it cannot be known.

    It is known of metrics that are a mean over problems of the share of their episodes, with two episodes or more.
    """
    wanted = {each.problem_id for each in problems}
    counts: dict[str, list[float]] = {}
    for each in facts:
        if each.has_verdict and each.problem.problem_id in wanted:
            numerator, denominator = metric.ratio([each])
            if denominator != 1 or numerator not in (0, 1):
                return None
            counts.setdefault(each.problem.problem_id, []).append(numerator)
    if not counts or metric.name.startswith("pass@"):
        return None
    solved = np.array([sum(each) for each in counts.values()], dtype=np.float64)
    return sampling_variance(solved, np.array([len(each) for each in counts.values()], dtype=np.float64))


def sampling_share(spreads: Sequence[float | None], standard_error: float) -> float | None:
    """Return the share of a difference's variance that comes from sampling, from 0 to 1; None if it is not known."""
    if None in spreads or standard_error <= 0:
        return None
    return min(1.0, sum(each or 0.0 for each in spreads) / standard_error**2)
