"""Results of a study: read from its run folders, with intervals, ceilings and conclusions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from rlef_agents.studies.edits import edits_and_verdicts
from rlef_agents.studies.intervals import Floats, Mean, difference, mean
from rlef_agents.studies.job import arm_folder, folder_name, reading_file
from rlef_agents.studies.policies import policy_folder
from rlef_agents.studies.study import Arm, Conclusion, Evaluate, Study
from rlef_env import load_dataset
from rlef_env.analysis.metrics import metric_named
from rlef_env.errors import DataError
from rlef_env.problems import Problem
from rlef_env.problems.procedural import FAMILIES, FeedbackMode, generated_problems, programs_of
from rlef_env.runs import RunFolder, read_facts

LEVELS: Final = (0.5, 0.8)
"""Solve rates of training problems whose cost in episodes is reported."""

SMOOTHED: Final = 3

KEPT: Final = ("split", "problems", "samples", "temperature", "n_at_k", "few_shot", "repairs_by")
"""Settings of evaluations that results name."""

__all__ = ["Found", "ceilings", "collect", "conclude", "curve", "scores"]


@dataclass(frozen=True)
class Found:
    """A conclusion and what was found.

    Attributes:
        claim: the sentence.
        value: the difference, or the value where it must reach a number.
        holds: whether the results support it; None if they leave it open, or it was only to be measured.
        measured: whether it was only to be measured.
    """

    claim: str
    value: Mean
    holds: bool | None
    measured: bool = False


def collect(study: Study, seeds: Sequence[int], out: Path) -> dict[str, Any]:
    """Return the results of a study that was run, as plain JSON values.

    Args:
        study: the study.
        seeds: its seeds.
        out: folder of all studies' runs.

    Raises:
        DataError: an evaluation is missing or not complete.
    """
    arms: dict[str, Any] = {}
    for arm in study.arms:
        found = {each.name: mean(scores(study, arm, each, seeds, out)) for each in study.evaluations_of(arm)}
        first, *_ = found.values()
        arms[arm.name] = {
            **shown(first),
            "evaluations": {name: shown(each) for name, each in found.items()},
            "by_turn": by_turn(study, arm, seeds, out),
            "by_secret": by_secret(study, arm, seeds, out),
            "curve": (trained := curve(study, arm, seeds, out)),
            "episodes_to": {
                str(wanted): [episodes_to(row, trained["episodes"], wanted) for row in trained["solved"]]
                for wanted in LEVELS
                if trained
            },
            "cost": [read_json(arm_folder(out, study, arm.name, seed) / "done.json") for seed in seeds],
        }
        if arm.name in study.reading:
            arms[arm.name]["reading"] = {
                str(turn): [read_json(reading_file(arm_folder(out, study, arm.name, seed), turn)) for seed in seeds]
                for turn in range(1, study.task_of(arm)["turns"])
            }
    return {
        "study": study.name,
        "question": study.question,
        "paper": study.paper,
        "seeds": list(seeds),
        "arms": arms,
        "evaluations": {
            each.name: {
                "turns": each.turns or study.task_of(study.arms[0])["turns"],
                "feedback": each.feedback or study.task_of(study.arms[0])["feedback"],
                "dataset": each.dataset or study.task_of(study.arms[0])["dataset"],
                **{name: getattr(each, name) for name in KEPT},
            }
            for each in study.evaluations
        },
        "ceilings": ceilings(study),
        "conclusions": [
            {"claim": each.claim, **shown(each.value), "holds": each.holds, "measured": each.measured}
            for each in conclude(study, seeds, out)
        ],
    }


def shown(value: Mean) -> dict[str, Any]:
    """Return a mean as JSON values."""
    return {"metric": list(value.seeds), "mean": value.mean, "low": value.low, "high": value.high}


def scores(study: Study, arm: Arm, each: Evaluate, seeds: Sequence[int], out: Path) -> Floats:
    """Return an evaluation's estimate for each seed and problem: [seeds, problems]; NaN without a verdict.

    Raises:
        DataError: an episode is missing.
    """
    rows = []
    for seed in seeds:
        folder = arm_folder(out, study, arm.name, seed) / folder_name(each)
        facts = read_facts(RunFolder.open(folder))
        if len(facts) != each.problems * each.samples:
            raise DataError(
                f"{folder}: expected {each.problems * each.samples} episodes, got {len(facts)}; run it again"
            )
        ratios = metric_named(each.n_at_k or "solve_rate").of_problems(facts)
        by_id = {ratio.problem.problem_id: ratio.numerator / ratio.denominator for ratio in ratios}
        rows.append([by_id.get(name, np.nan) for name in sorted({each.problem.problem_id for each in facts})])
    return np.array(rows, np.float64)


def by_turn(study: Study, arm: Arm, seeds: Sequence[int], out: Path) -> list[dict[str, float | None]]:
    """Return, for each turn of the primary evaluation, means over seeds, without episodes that have no verdict.

    ``solved``: share of episodes that were solved by then; ``reached``: share that had this turn; ``chrf`` and
    ``repeats``: see ``edits_and_verdicts``; and the share of each verdict.
    """
    first = study.evaluations_of(arm)[0]
    rows: list[list[dict[str, float | None]]] = []
    for seed in seeds:
        folder = arm_folder(out, study, arm.name, seed) / folder_name(first)
        facts = [each for each in read_facts(RunFolder.open(folder)) if each.has_verdict]
        rows.append([])
        for number, turn in edits_and_verdicts(folder).items():
            solved = sum(0 < each.solved_at <= int(number) for each in facts) / len(facts)
            row = {"solved": solved, "reached": turn["episodes"] / len(facts)}
            row |= {name: None if turn[name] is None else turn[name]["mean"] for name in ("chrf", "repeats")}
            rows[-1].append(row | {name: count / turn["episodes"] for name, count in turn["verdicts"].items()})
    return [averaged([turns[number] for turns in rows if number < len(turns)]) for number in range(max(map(len, rows)))]


def averaged(rows: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """Return means of the values that are known; a verdict that a seed does not have counts as 0."""
    found: dict[str, float | None] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name, 0.0) for row in rows]
        known = [each for each in values if each is not None]
        found[name] = sum(known) / len(known) if known else None
    return found


def episodes_to(solved: Sequence[float], episodes: Sequence[float], wanted: float) -> float | None:
    """Return after how many training episodes the mean of three updates first reaches a solve rate; None if never."""
    width = min(SMOOTHED, len(solved))
    means = np.convolve(solved, np.ones(width) / width, "valid")
    reached = np.flatnonzero(means >= wanted - 1e-9)
    return float(episodes[int(reached[0]) + width - 1]) if len(reached) else None


def curve(study: Study, arm: Arm, seeds: Sequence[int], out: Path) -> dict[str, list[Any]]:
    """Return the solve rate of training over episodes, for each seed; empty where nothing was trained."""
    rows = []
    for seed in seeds:
        path = policy_folder(out, study, arm, seed) / "run" / "metrics.jsonl"
        if not path.is_file():
            return {}
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        rows.append({line["update"]: line for line in lines if line["kind"] == "train"})
    return {
        "episodes": np.cumsum([row["episodes"] for row in rows[0].values()]).tolist(),
        "solved": [[round(row["solve_rate"], 4) for row in each.values()] for each in rows],
        "entropy": [[round(row["entropy"], 4) for row in each.values()] for each in rows],
    }


def ceilings(study: Study) -> dict[str, float]:
    """Return the ceilings of each data set, feedback and number of turns that is evaluated.

    Names are ``DATASET FEEDBACK TURNS``, and ``feedback``, ``one guess`` and ``blind`` for the task of the study:
    ``blind`` is what a policy can solve that reads nothing and knows which secrets are frequent among the problems of
    the primary evaluation.
    """
    task = study.task_of(study.arms[0])
    if not task["dataset"].startswith("procedural/"):
        return {}
    turns, primary = task["turns"], study.evaluations_of(study.arms[0])[0]
    found = {
        "feedback": ceiling(task["dataset"], turns, task["feedback"]),
        "blind": max(
            ceiling(task["dataset"], turns, "random"),
            guesses(primary.dataset or task["dataset"], primary.split, primary.problems, turns),
        ),
        "one guess": ceiling(task["dataset"], 1, task["feedback"]),
    }
    for arm in study.arms:
        own = study.task_of(arm)
        for each in study.evaluations_of(arm):
            name, turns, feedback = (
                each.dataset or own["dataset"], each.turns or own["turns"], each.feedback or own["feedback"]
            )  # fmt: skip
            found[f"{name} {feedback} {turns}"] = ceiling(name, turns, feedback)
    return found


def ceiling(dataset: str, turns: int, feedback: FeedbackMode) -> float:
    """Return the best possible solve rate on generated problems."""
    recipe = generated_problems(dataset).recipe
    family = FAMILIES[recipe.families[0]]
    return 1.0 if family.ceiling is None else family.ceiling(recipe.config(family, 0), turns, feedback)


def guesses(dataset: str, split: str, problems: int, turns: int) -> float:
    """Return the share of problems that the same programs solve, one a turn: those of the most frequent secrets."""
    places = [place_of(each) for each in first_problems(dataset, split, problems)]
    return sum(count for _, count in Counter(places).most_common(turns)) / len(places)


def first_problems(dataset: str, split: str, count: int) -> list[Problem]:
    """Return the first problems of a split."""
    problems = load_dataset(dataset, split=split)
    return [problems[place] for place in range(min(count, len(problems)))]


def place_of(problem: Problem) -> int:
    """Return the number of a generated problem's secret: its place among those that the problem could have."""
    return programs_of(problem.id).index(problem.solutions[0].source)


def by_secret(study: Study, arm: Arm, seeds: Sequence[int], out: Path) -> list[list[float | None]]:
    """Return the share of solved problems of the primary evaluation for each secret and seed: [secrets, seeds].

    None where no problem has the secret. Empty where problems are not generated.
    """
    each, own = study.evaluations_of(arm)[0], study.task_of(arm)
    dataset = each.dataset or own["dataset"]
    if not dataset.startswith("procedural/"):
        return []
    places = {problem.id: place_of(problem) for problem in first_problems(dataset, each.split, each.problems)}
    rows: list[list[float | None]] = []
    for seed in seeds:
        facts = read_facts(RunFolder.open(arm_folder(out, study, arm.name, seed) / folder_name(each)))
        solved: dict[int, list[bool]] = {}
        for fact in facts:
            if fact.has_verdict:
                solved.setdefault(places[fact.problem.problem_id], []).append(fact.solved)
        rows.append([sum(solved[n]) / len(solved[n]) if n in solved else None for n in range(1 + max(places.values()))])
    return [list(column) for column in zip(*rows, strict=True)]


def conclude(study: Study, seeds: Sequence[int], out: Path) -> list[Found]:
    """Compare the results with a study's conclusions."""

    def side(name: str) -> Floats:
        arm, _, evaluation = name.partition("/")
        (each,) = (each for each in study.evaluations if each.name == evaluation)
        return scores(study, study.arm(arm), each, seeds, out)

    known = ceilings(study)
    return [concluded(each, side(each.value), other_of(each, side, known)) for each in study.conclusions]


def other_of(conclusion: Conclusion, side: Any, known: dict[str, float]) -> Floats | float:
    """Return the other side of a comparison: scores, or a number."""
    if isinstance(conclusion.other, str):
        return side(conclusion.other) if "/" in conclusion.other else known[conclusion.other]
    return float(conclusion.other)


def concluded(conclusion: Conclusion, value: Floats, other: Floats | float) -> Found:
    """Decide whether scores support a conclusion."""
    if conclusion.than == "reaches":
        wanted = conclusion.share * (other if isinstance(other, float) else float(np.nanmean(other)))
        found = mean(value)
        return Found(conclusion.claim, found, decided(found.low >= wanted, found.high < wanted))
    found = mean(value - other, lowest=-1.0) if isinstance(other, float) else difference(value, other)
    above, not_above, below, not_below = found.low > 0, found.high <= 0, found.high < 0, found.low >= 0
    holds = {
        "above": decided(above, not_above),
        "below": decided(below, not_below),
        "not above": decided(not_above, above),
        "measured": None,
    }[conclusion.than]
    return Found(conclusion.claim, found, holds, conclusion.than == "measured")


def decided(supported: bool, refuted: bool) -> bool | None:
    """Return True or False where the interval decides, None where it does not."""
    return True if supported else False if refuted else None


def read_json(path: Path) -> Any:
    """Return the content of a file that a job wrote."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
