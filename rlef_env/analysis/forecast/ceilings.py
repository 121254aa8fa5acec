"""True ceilings: what no agent can exceed on average on generated problems whose secret only feedback shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from rlef_env.errors import UsageError

__all__ = ["ceiling_of", "metric_ceiling"]


def ceiling_of(dataset: str, turns: int, feedback: str) -> float | None:
    """Return the largest possible solve rate on a generated data set; None where it is not known.

    It is exact over all secrets; on N problems rates scatter about it by up to 1 / sqrt(N).

    Args:
        dataset: name such as ``"procedural/hidden_step?difficulty=3"``.
        turns: number of turns.
        feedback: source of the feedback, as in ``CodeEnv``.
    """
    from rlef_env.problems.procedural import FAMILIES, FeedbackMode, generated_problems

    if dataset.partition("?")[0].partition("/")[0] != "procedural" or feedback not in get_args(FeedbackMode):
        return None
    try:
        recipe = generated_problems(dataset).recipe
    except UsageError:
        return None
    low, high = recipe.difficulty
    found = []
    for name in recipe.families:
        family: Any = FAMILIES[name]
        if family.ceiling is None:
            return None
        found += [family.ceiling(recipe.config(family, grade), turns, feedback) for grade in range(high - low + 1)]
    return float(sum(found) / len(found))


def metric_ceiling(config: Mapping[str, Any], metric: str) -> float | None:
    """Return the true ceiling of a metric of a run, from the run's settings; None where it is not known.

    Args:
        config: settings with ``dataset`` (or ``evaluate_dataset``), ``turns`` (or ``max_turns``) and ``feedback``.
        metric: ``solve_rate`` or ``solved_at_2``.
    """
    dataset = config.get("evaluate_dataset") or config.get("dataset")
    turns = config.get("turns", config.get("max_turns"))
    if not isinstance(dataset, str) or not isinstance(turns, int):
        return None
    if metric.startswith("solved_at_"):
        turns = min(turns, int(metric.removeprefix("solved_at_")))
    elif metric != "solve_rate":
        return None
    return ceiling_of(dataset, turns, str(config.get("feedback", "public")))
