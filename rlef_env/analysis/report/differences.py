"""How two runs of a report differ: intervals and p values on the problems that both have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from rlef_env.analysis.comparison.measure import measure
from rlef_env.analysis.metrics import standard_metrics
from rlef_env.runs import EpisodeFacts

__all__ = ["differences"]

MIN_PROBLEMS: Final = 2
LEVEL: Final = 0.95


def differences(runs: Sequence[Sequence[EpisodeFacts]]) -> list[dict[str, Any]]:
    """Return how each run differs from the first, as plain JSON values: an empty object for the first.

    Of training runs, the episodes of the last step are compared. ``metrics`` has, by name of a share, the difference,
    the ends of its 95 % interval, and the p value of a permutation test.
    """
    sets = [(each.phase, each.evaluation) for each in sorted(runs[0], key=lambda each: each.phase == "train")[:1]]
    if not sets:
        return [{} for _ in runs]
    (phase, evaluation) = sets[0]
    first, *others = (_last_step(facts, phase, evaluation) for facts in runs)
    return [{}, *({"phase": phase, "evaluation": evaluation, "metrics": _compared(first, other)} for other in others)]


def _last_step(facts: Sequence[EpisodeFacts], phase: str, evaluation: str) -> list[EpisodeFacts]:
    members = [each for each in facts if (each.phase, each.evaluation) == (phase, evaluation)]
    steps = [each.step for each in members if each.step is not None]
    return [each for each in members if each.step == max(steps)] if steps else members


def _compared(before: Sequence[EpisodeFacts], after: Sequence[EpisodeFacts]) -> dict[str, dict[str, float]]:
    names = {each.problem.problem_id for each in before} & {each.problem.problem_id for each in after}
    before, after = ([each for each in side if each.problem.problem_id in names] for side in (before, after))
    problems = list({each.problem.problem_id: each.problem for each in before}.values())
    if len(problems) < MIN_PROBLEMS:
        return {}
    both, found = [*before, *after], {}
    for metric in standard_metrics(max(each.max_turns for each in both), max(each.sample for each in both) + 1):
        if not metric.is_share:
            continue
        each = measure(metric, before, after, problems, LEVEL, seed=0)
        if not math.isnan(each.difference):
            ends = {"low": each.low, "high": each.high}
            found[metric.name] = {"difference": each.difference, **ends, "p_value": each.p_value}
    return found
