"""Does a frozen policy read the feedback? It repairs its own wrong programs under each of several interventions.

    python -m rlef_agents.studies.reading runs/tiny "procedural/hidden_step?short=true" --split test

The policy plays with true feedback up to a wrong program. Then it answers each intervention on its own, always with the
same seed. The judge says whether the answer solves the problem (it is *right*), and whether it solves the problem that
the message describes (it *follows*).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from rlef_agents.cli.arguments import count, temperature
from rlef_agents.cli.arguments import workers as whole
from rlef_agents.studies.cases import Case, Played, all_told, distinct_problems, play_cases
from rlef_agents.studies.interventions import INTERVENTIONS, Mode, Told
from rlef_agents.studies.rows import as_row
from rlef_env import Dataset, JudgePool, Problem, Scored, load_dataset, score_all
from rlef_env.agents import Agent
from rlef_env.analysis.statistics import Ratio, difference_interval, mean_interval
from rlef_env.command_line import OneLineParser, run_command
from rlef_env.envs import extract_program
from rlef_env.errors import UsageError
from rlef_env.judge import BaseJudgePool, CachedPool, Verdict, VerdictCache
from rlef_env.problems.procedural import variants_of

__all__ = ["Outcome", "answer_cases", "main", "reading", "reading_of", "summary"]

MEASURES: Final = ("right", "follows", "fits", "repeats", "no_program")
"""Shares in a summary, in the order of ``Outcome``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy did after an intervention on one problem.

    Attributes:
        right: whether its program solves the problem.
        follows: whether it solves the problem that the message describes; None where the message describes none.
        fits: whether it passes the tests that the message shows: all that a reader can be sure of where feedback does
            not determine the secret. None likewise.
        repeats: whether it is one of its programs before.
        no_program: whether there is no program.
    """

    right: bool
    follows: bool | None
    fits: bool | None
    repeats: bool
    no_program: bool


def answer_cases(
    agent: Agent, cases: Sequence[Case], told: Sequence[Mapping[str, Told]], pool: BaseJudgePool
) -> dict[str, list[Outcome]]:
    """Let a policy answer every message, and judge the answers.

    Args:
        agent: the policy.
        cases: the cases.
        told: the messages for each case, by intervention.
        pool: judges.

    Returns:
        Outcomes by intervention, in the order of the cases; without those that the judge could not judge.
    """
    asked = [(case, name, each) for case, texts in zip(cases, told, strict=True) for name, each in texts.items()]
    responses = agent.act([case.conversation((*each.before, each.text)) for case, _, each in asked]) if asked else []
    problems = [(case.problem, each.described or case.problem) for case, _, each in asked]
    scores = _scores(
        [(one, response) for both, response in zip(problems, responses, strict=True) for one in both], pool
    )
    found: dict[str, list[Outcome]] = {each.name: [] for each in INTERVENTIONS}
    for (case, name, each), response in zip(asked, responses, strict=True):
        own, described = next(scores), next(scores)
        if own.reward is not None and described.reward is not None:
            found[name].append(_outcome(case, each, response, own, described))
    return found


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the share of each measure with its 95 % interval over problems, and their number.

    ``difference`` is the share that follows less the share that is right, on the same problems.
    """
    found: dict[str, Any] = {name: _share(outcomes, name) for name in MEASURES}
    described = [each for each in outcomes if each.follows is not None]
    right, follows = ([bool(getattr(each, name)) for each in described] for name in ("right", "follows"))
    ones = np.ones(len(described))
    interval = difference_interval(Ratio(np.array(right, float), ones), Ratio(np.array(follows, float), ones))
    return {**found, "difference": as_row(interval) if described else None, "count": len(outcomes)}


def reading_of(
    agent: Agent,
    dataset: Dataset,
    pool: BaseJudgePool,
    problems: int = 200,
    seed: int = 0,
    turn: int = 1,
    mode: Mode = "public",
    likelihood: Callable[[Sequence[Case]], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return what a policy does under every intervention.

    Args:
        agent: the policy.
        dataset: generated problems with a secret.
        pool: judges.
        problems: largest number of problems to play, the first distinct ones.
        seed: seed of all draws.
        turn: number of the wrong program after which the feedback is changed.
        mode: which failures the feedback shows.
        likelihood: measures the policy's likelihoods on the cases; None for none.

    Returns:
        JSON values: for each intervention its ``summary``; ``problems``: how many were played, and how many came to
        what; ``blind``: the share of these problems that a policy solves which picks one of the other secrets without
        reading; ``likelihood``, if measured.

    Raises:
        UsageError: the problems are not generated ones with a secret, or their number is below 1.
    """
    if problems < 1 or turn < 1:
        raise UsageError(f"problems, turn: expected 1 or more, got {problems} and {turn}")
    chosen = distinct_problems(dataset, problems)
    one_of_each = {each.extra.get("family"): each.id for each in chosen}
    if any(len(variants_of(name)) < 2 for name in one_of_each.values()):
        raise UsageError(f"dataset: expected generated problems with a secret, got {dataset.name!r}, which has others")
    played = play_cases(agent, chosen, pool, seed, turn, mode)
    outcomes = answer_cases(agent, played.cases, all_told(played.cases, pool, seed, mode), pool)
    return {
        **{name: summary(each) for name, each in outcomes.items()},
        "problems": _counts(played),
        "blind": _mean([1 / len(case.others) for case in played.cases]),
        **({"likelihood": dict(likelihood(played.cases))} if likelihood else {}),
    }


def reading(
    model_folder: str,
    dataset: str,
    split: str = "test",
    problems: int = 200,
    seed: int = 0,
    temperature: float = 0.2,
    max_new: int = 128,
    turn: int = 1,
    mode: Mode = "public",
    pool: BaseJudgePool | None = None,
) -> dict[str, Any]:
    """Return what a model does under every intervention, and its likelihoods.

    Args:
        model_folder: a model's name, as ``read_model`` takes it: a folder, or that of a run (its best policy), whose
            settings of rendering then count.
        dataset: name of generated problems with a secret.
        split: their split.
        problems: largest number of problems to play, the first distinct ones.
        seed: seed of all draws.
        temperature: temperature of sampling; 0 takes the most likely token.
        max_new: maximum number of tokens of a response.
        turn: number of the wrong program after which the feedback is changed.
        mode: ``public``: feedback shows all failing public tests; ``first``: the first one.
        pool: judges; None makes a pool for all cores.

    Raises:
        UsageError: there is no such model, or the problems are not generated ones with a secret.
    """
    from rlef_agents.studies.frozen import frozen_policy
    from rlef_agents.studies.likelihoods import likelihoods, score_repairs

    if mode not in ("public", "first"):
        raise UsageError(f"mode: expected public or first, got {mode!r}")
    loaded = load_dataset(dataset, split=split)
    policy = frozen_policy(model_folder, temperature, max_new, seed)
    with ExitStack() as stack:
        judges = pool or stack.enter_context(CachedPool(JudgePool(), VerdictCache()))
        return reading_of(
            policy.agent, loaded, judges, problems, seed, turn, mode,
            lambda cases: likelihoods(score_repairs(policy, cases, judges, mode)),
        )  # fmt: skip


def table(result: Mapping[str, Any]) -> str:
    """Return a result as a plain table."""
    rows = [("feedback", "problems", *(name.replace("_", " ") for name in MEASURES))]
    for each in INTERVENTIONS:
        row = result[each.name]
        rows.append((each.name, str(row["count"]), *(_shown(row[name]) for name in MEASURES)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    counts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result["problems"].items())
    blind = "" if result["blind"] is None else f"; another secret, picked blindly, is right in {result['blind']:.2f}"
    lines += ["", f"problems: {counts}{blind}"]
    likelihood = result.get("likelihood")
    if likelihood and likelihood["count"]:
        lines.append(
            f"likelihood: own repair most likely {_shown(likelihood['own_most_likely'])} (chance "
            f"{likelihood['chance']:.2f}), own less others' feedback {_shown(likelihood['difference'])} nats"
        )
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``python -m rlef_agents.studies.reading``; return its exit code."""
    parser = OneLineParser(prog="rlef_agents.studies.reading", description="Does a policy read the feedback?")
    parser.add_argument("model", help="a folder of a model or of a run")
    parser.add_argument("dataset", help="generated problems with a secret")
    parser.add_argument("--split", default="test", metavar="S", help="train, valid or test; default: test")
    parser.add_argument("--problems", type=whole, default=200, metavar="N", help="default: 200")
    parser.add_argument("--seed", type=count, default=0, metavar="N", help="default: 0")
    parser.add_argument("--temperature", type=temperature, default=0.2, metavar="T", help="default: 0.2")
    parser.add_argument("--max-new", type=whole, default=128, metavar="N", help="tokens of a response; default: 128")
    parser.add_argument("--turn", type=whole, default=1, metavar="N", help="turn to intervene after; default: 1")
    parser.add_argument("--mode", default="public", metavar="M", help="public or first; default: public")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")

    def run() -> None:
        arguments = parser.parse_args(argv)
        result = reading(
            arguments.model, arguments.dataset, arguments.split, arguments.problems, arguments.seed,
            arguments.temperature, arguments.max_new, arguments.turn, arguments.mode,
        )  # fmt: skip
        print(table(result))
        if arguments.json is not None:
            arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")

    return run_command(parser.prog, run)


def _scores(pairs: Sequence[tuple[Problem, str]], pool: BaseJudgePool) -> Iterator[Scored]:
    """Yield the scores of responses, each judged once: many answers are equal."""
    keys = [(problem.id, problem.public_tests, response) for problem, response in pairs]
    unique = dict(zip(keys, pairs, strict=True))
    scores = dict(zip(unique, score_all(unique.values(), pool=pool), strict=True))
    return (scores[key] for key in keys)


def _outcome(case: Case, told: Told, response: str, own: Scored, described: Scored) -> Outcome:
    program = extract_program(response)
    before = {extract_program(each) for each in case.responses}
    passed = {
        result.index
        for result in described.judgement.results
        if result.role == "public" and result.verdict is Verdict.ACCEPTED
    }
    return Outcome(
        right=own.solved,
        follows=None if told.described is None else described.solved,
        fits=None if told.described is None else passed.issuperset(told.tests),
        repeats=program in before,
        no_program=program is None,
    )


def _share(outcomes: Sequence[Outcome], name: str) -> dict[str, float | None] | None:
    known = [float(value) for each in outcomes if (value := getattr(each, name)) is not None]
    return as_row(mean_interval(known)) if known else None


def _counts(played: Played) -> dict[str, int]:
    return {
        "asked": played.asked,
        "wrong": len(played.cases),
        "ended": played.ended,
        "without_program": played.without_program,
        "no_verdict": played.no_verdict,
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _shown(share: Mapping[str, float | None] | None) -> str:
    if share is None or share["mean"] is None:
        return "-"
    low, high = ("?" if share[end] is None else f"{share[end]:.2f}" for end in ("low", "high"))
    return f"{share['mean']:.2f} [{low}, {high}]"


if __name__ == "__main__":
    sys.exit(main())
