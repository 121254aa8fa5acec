"""Numbers of a run for the top of a report: metrics with intervals for each set of episodes and each training step."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from rlef_env.analysis.metrics import metric_named, metrics_of
from rlef_env.analysis.report.outlook import ceilings, forecasts
from rlef_env.analysis.statistics.interval import Interval
from rlef_env.problems.parsing.fields import parse_row
from rlef_env.runs import EpisodeFacts, RunFolder
from rlef_env.runs.folder import whole_lines

__all__ = ["metric_meanings", "run_summary"]

MAX_POINTS: Final = 400
"""Points of a series of numbers that training wrote."""
TRAINING_POINTS: Final = 40
"""Points of a curve of the episodes that a policy learns from."""
TRAINING_METRICS: Final = ("solve_rate", "repair_rate")
"""Metrics of the episodes that a policy learns from; there are too many steps for all."""
FIRST_SERIES: Final = (
    "episode_reward", "reference_kl_turn", "policy_entropy", "explained_variance", "clipped", "response_tokens",
    "gradient_norm", "tokens_per_second",
)  # fmt: skip


def run_summary(run: RunFolder, facts: Sequence[EpisodeFacts]) -> dict[str, Any]:
    """Return what the page says about a run, as plain JSON values."""
    agent = run.identity.agent.get("name")
    dataset = run.identity.problems.get("dataset")
    return {
        "name": run.path.resolve().name,
        "subtitle": " on ".join(str(each) for each in (agent, dataset) if each),
        "kind": run.kind,
        "created": run.created,
        "settings": {
            "agent": run.identity.agent,
            "episodes": run.identity.episodes,
            "problems": run.identity.problems,
            "judge": run.identity.judge,
            "config": run.config,
            "machine": run.machine,
        },
        "groups": _groups(facts),
        "ceilings": ceilings(run),
        "forecasts": forecasts(facts),
        "series": _series(run),
    }


def metric_meanings(summaries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the meaning of each metric in the summaries, and whether it is a share."""
    names = dict.fromkeys(name for each in summaries for group in each["groups"] for name in group["metrics"])
    found = {}
    for name in names:
        metric = metric_named(name)
        found[name] = {"meaning": metric.meaning, "share": metric.is_share}
    return found


def _groups(facts: Sequence[EpisodeFacts]) -> list[dict[str, Any]]:
    """Return the metrics of each set of episodes at each step, and of the whole set where it has several steps."""
    sets: dict[tuple[str, str], dict[int | None, list[EpisodeFacts]]] = defaultdict(lambda: defaultdict(list))
    for each in facts:
        sets[each.phase, each.evaluation][each.step].append(each)
    groups = []
    for (phase, evaluation), steps in sets.items():
        place = {"phase": phase, "evaluation": evaluation}
        numbers = sorted(steps, key=lambda step: -1 if step is None else step)
        # Few episodes of a training step are too noisy to show: neighbours are taken together.
        size = 1 if phase != "train" else -(-len(numbers) // TRAINING_POINTS)
        for first in range(0, len(numbers), size):
            part = numbers[first : first + size]
            members = [each for number in part for each in steps[number]]
            groups.append({**place, "from": part[0], "step": part[-1], **_metrics(members, few=phase == "train")})
        if len(numbers) > 1:
            everything = [each for number in numbers for each in steps[number]]
            groups.append({**place, "from": "all", "step": "all", **_metrics(everything)})
    return groups


def _metrics(facts: Sequence[EpisodeFacts], few: bool = False) -> dict[str, Any]:
    if few:
        intervals: Mapping[str, Interval] = {name: metric_named(name).interval(facts) for name in TRAINING_METRICS}
        refusal = ""
    else:
        found = metrics_of(facts)
        intervals, refusal = found, found.refusal
    return {
        "episodes": len(facts),
        "problems": len({each.problem.problem_id for each in facts}),
        "no_verdict": sum(not each.has_verdict for each in facts),
        "refusal": refusal,
        "metrics": {
            name: {key: _finite(value) for key, value in asdict(each).items()} for name, each in intervals.items()
        },
    }


def _series(run: RunFolder) -> dict[str, list[list[float]]]:
    """Return the numbers that training wrote, by name: a list of step and value, thinned; what tells most is first."""
    if not run.metrics.exists():
        return {}
    found: dict[str, list[list[float]]] = {name: [] for name in FIRST_SERIES}
    for line in whole_lines(run.metrics):
        row = parse_row(line, str(run.metrics))
        step = row.get("update", row.get("step"))
        if row.get("kind", "train") != "train" or not isinstance(step, (int, float)):
            continue
        for name, value in row.items():
            if name not in ("update", "step") and type(value) in (int, float) and math.isfinite(value):
                found.setdefault(name, []).append([step, value])
    return {name: _thinned(points) for name, points in found.items() if len({value for _, value in points}) > 1}


def _thinned(points: list[list[float]]) -> list[list[float]]:
    kept = points[:: -(-len(points) // MAX_POINTS)]
    return kept if kept[-1] is points[-1] else [*kept, points[-1]]


def _finite(value: float) -> float | None:
    """Return a number that JSON can hold."""
    return value if math.isfinite(value) else None
