"""Metrics of played episodes, by the definitions that `rlef eval` and reports use."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from rlef_env import Verdict
from rlef_env.analysis.metrics import NAtK, metric_named, metrics_of
from rlef_env.runs import EpisodeFacts

__all__ = ["evaluation_metrics", "training_metrics"]

STARVED: Final = "starved"
"""Category of a judgement without a verdict because the machine was too slow."""

IN_TRAINING: Final = ("solve_rate", "repair_rate", "repeated_programs", "valid_programs")
"""Metrics of each update, beside those by turn."""


def evaluation_metrics(facts: Sequence[EpisodeFacts], wanted: Sequence[NAtK] = ()) -> dict[str, float]:
    """Compute the metrics of an evaluation; episodes without a verdict are counted apart.

    Args:
        facts: the episodes of all processes.
        wanted: n@k to estimate, beside 1@k for one whole episode.

    Returns:
        Those of ``rlef_env.analysis.metrics``, as far as they are known; of shares also the ends of the 95 % interval
        (``solve_rate_low``, ``solve_rate_high``); and episodes (that have a verdict), no_verdict, starved (episodes of
        no_verdict that the machine caused).
    """
    max_turns = max((each.max_turns for each in facts), default=1)
    found = metrics_of(facts, list(dict.fromkeys((NAtK(1, max_turns), *wanted))), max_no_verdict=1.0)
    row: dict[str, float] = {}
    for metric in found.definitions:
        interval = found[metric.name]
        if math.isfinite(interval.value):
            row[metric.name] = interval.value
            if metric.is_share:
                row |= {f"{metric.name}_low": interval.low, f"{metric.name}_high": interval.high}
    return {**row, **counts(facts)}


def training_metrics(facts: Sequence[EpisodeFacts]) -> dict[str, float]:
    """Compute the metrics of the episodes of an update.

    Args:
        facts: the episodes of all processes.

    Returns:
        solve_rate, solved_at_1, solved_at_2, ..., repair_rate, repeated_programs, valid_programs, as far as they are
        known; and verdict_accepted, verdict_wrong_answer, ...: number of responses with each verdict.
    """
    max_turns = max((each.max_turns for each in facts), default=1)
    names = [*IN_TRAINING, *(f"solved_at_{turn}" for turn in range(1, max_turns + 1))]
    values = {name: metric_named(name).interval(facts).value for name in names}
    verdicts = Counter(turn.verdict for each in facts for turn in each.turns)
    return {
        **{name: value for name, value in values.items() if math.isfinite(value)},
        **{f"verdict_{verdict.value}": float(verdicts[verdict.value]) for verdict in Verdict},
    }


def counts(facts: Sequence[EpisodeFacts]) -> dict[str, float]:
    """Count episodes with a verdict, without one, and without one because of the machine."""
    lost = [each.turns[-1].category for each in facts if not each.has_verdict and each.turns]
    kept = sum(each.has_verdict for each in facts)
    return {
        "episodes": float(kept),
        "no_verdict": float(len(facts) - kept),
        "starved": float(lost.count(STARVED)),
    }
