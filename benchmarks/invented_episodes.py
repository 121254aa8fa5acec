"""Invented episodes that look like real ones: for measuring and looking at reports without playing for hours.

Statements and programs are those of the starter set, with random names and numbers, so that few texts are equal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

from rlef_env.envs import fenced
from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.judgement import TestResult
from rlef_env.problems import Problem, load_dataset
from rlef_env.runs import EpisodeRecord, EpisodeWriter, ProblemFacts, RunFolder, RunIdentity, TurnExtra, judge_version

__all__ = ["Invented", "evaluation_run", "training_run"]

TURNS = 3
TAGS = ("arrays", "strings", "greedy", "dynamic programming", "graphs", "number theory", "geometry", "sorting")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
FAILURES = {
    Verdict.WRONG_ANSWER: (
        "off_by_one",
        "wrong_answer",
        "wrong_on_large",
        "wrong_on_edge",
        "format_only",
        "hard_coded",
    ),
    Verdict.RUNTIME_ERROR: ("index_error", "value_error", "key_error", "name_error", "type_error", "zero_division"),
    Verdict.TIME_LIMIT: ("time_grows", "endless_loop"),
    Verdict.COMPILE_ERROR: ("syntax_error", "indentation_error"),
    Verdict.NO_PROGRAM: ("no_program", "unfinished_response"),
    Verdict.MEMORY_LIMIT: ("memory_limit",),
}
WEIGHTS = (60, 20, 8, 5, 5, 2)


@dataclass(frozen=True)
class Invented:
    """A problem that does not exist.

    Attributes:
        facts: its id, tags and so on.
        model: the problem of the starter set whose texts it has.
        prompt: its prompt.
        difficulty: a skill at which half of the episodes solve it.
    """

    facts: ProblemFacts
    model: Problem
    prompt: str
    difficulty: float


def invented_problems(count: int, seed: int = 0) -> list[Invented]:
    """Return problems."""
    random, models = Random(seed), list(load_dataset("starter"))
    found = []
    for number in range(count):
        model, level = random.choice(models), random.gauss(0, 1.3)
        rating = 100 * round(14 + 4 * level)
        facts = ProblemFacts(
            problem_id=f"contest/{1000 + number // 6}-{LETTERS[number % 6]}-{model.id.rpartition('/')[2]}",
            digest=f"{random.getrandbits(64):016x}",
            cluster=f"contest/{1000 + number // 6}",
            source="contest",
            difficulty=str(max(800, min(2400, rating))),
            published=f"202{random.randrange(2, 6)}-{random.randrange(1, 13):02d}-15",
            tags=tuple(random.sample(TAGS, random.randrange(1, 4))),
        )
        words = " ".join(random.choices(model.statement.split(), k=random.randrange(40, 160)))
        prompt = (
            f"Provide a Python solution for the following competitive programming question: {model.statement}\n{words}."
        )
        found.append(Invented(facts, model, prompt, level))
    return found


def evaluation_run(path: Path, episodes: int, samples: int = 10, skill: float = 0.2, seed: int = 1) -> RunFolder:
    """Write an evaluation of one agent."""
    problems = invented_problems(-(-episodes // samples))
    run = _created(path, "evaluation", problems, {"name": f"model-{path.name}", "temperature": 0.2})
    random = Random(seed)
    with EpisodeWriter(run) as writer:
        for number in range(episodes):
            problem, sample = problems[number // samples], number % samples
            writer.append(replace(_played(problem, skill, random), sample=sample))
    return run


def training_run(path: Path, steps: int = 200, problems: int = 60, seed: int = 2) -> RunFolder:
    """Write a training run: at each step 16 episodes, and an evaluation of 3 samples every 20 steps."""
    every = invented_problems(problems)
    run = _created(path, "training", every, {"name": "ppo", "learning_rate": 2e-6})
    random, metrics = Random(seed), []
    with EpisodeWriter(run) as writer:
        for step in range(steps + 1):
            skill = -1.6 + 2.6 * (1 - math.exp(-step / 70))
            if step % 20 == 0:
                for problem in every:
                    for sample in range(3):
                        record = _played(problem, skill, random)
                        writer.append(replace(record, sample=sample, step=step, evaluation="valid"))
            for sample in range(16):
                record = _played(random.choice(every), skill, random, learns=True)
                writer.append(replace(record, sample=sample, step=step, phase="train"))
            metrics.append(
                f'{{"step": {step}, "reward": {skill / 3 + random.gauss(0, 0.1)}, "kl": {0.02 * step**0.5}, '
                f'"entropy": {1.4 * math.exp(-step / 150) + random.gauss(0, 0.03)}, '
                f'"value_loss": {random.gammavariate(2, 0.1)}}}\n'
            )
    run.metrics.write_text("".join(metrics))
    return run


def _created(path: Path, kind: str, problems: Sequence[Invented], agent: dict[str, object]) -> RunFolder:
    listed = {"dataset": "contest", "split": "valid", "count": len(problems)}
    identity = RunIdentity(agent, {"max_turns": TURNS, "seed": 0}, listed, judge_version())
    return RunFolder.create(path, kind, identity, {"samples": 10}, [each.facts for each in problems])  # type: ignore[arg-type]


def _played(problem: Invented, skill: float, random: Random, learns: bool = False) -> EpisodeRecord:
    turns: list[Turn] = []
    extras = []
    program, truncated = "", False
    for number in range(TURNS):
        program = program if number and random.random() < 0.1 else _program(problem.model, random)
        chance = 1 / (1 + math.exp(problem.difficulty - skill + 0.8 - 0.5 * number))
        verdict = Verdict.ACCEPTED if random.random() < chance else random.choices(list(FAILURES), WEIGHTS)[0]
        truncated = verdict not in (Verdict.NO_PROGRAM, Verdict.ACCEPTED) and random.random() < 0.001
        hidden = verdict is Verdict.WRONG_ANSWER and random.random() < 0.12  # passes the public tests only
        over = verdict is Verdict.ACCEPTED or hidden or truncated or number == TURNS - 1
        turns.append(_turn(Verdict.NO_VERDICT if truncated else verdict, program, hidden, over, random))
        category = None if verdict is Verdict.ACCEPTED or truncated else random.choice(FAILURES[verdict])
        values = {"advantage": random.gauss(0, 1), "kl": random.gammavariate(2, 0.01)} if learns else {}
        extras.append(TurnExtra(category, 300 + 200 * number, len(program) // 3, random.gammavariate(4, 0.5), values))
        if over:
            break
    settings = {"max_turns": TURNS, "feedback": "public", "full_grid": True}
    episode = Episode(
        problem.facts.problem_id, "Contest", problem.prompt, tuple(turns), not truncated, truncated, settings
    )
    return EpisodeRecord(episode, seconds=sum(each.seconds for each in extras), turns=tuple(extras))


def _turn(verdict: Verdict, program: str, hidden: bool, over: bool, random: Random) -> Turn:
    if verdict is Verdict.NO_PROGRAM:
        judgement = Judgement(verdict)
        return Turn("I am not sure how to begin.", None, judgement, "Could not parse your code.", -0.2)
    first = {Verdict.ACCEPTED: 10}.get(verdict, random.randrange(3, 10) if hidden else random.randrange(3))
    results = []
    for index in range(10 if over else 3):
        fails = index == first or (index > first and random.random() < 0.6)
        stdout = f"{random.randrange(10**6)}\n" if fails else ""
        role, place = ("public", index) if index < 3 else ("private", index - 3)
        results.append(TestResult(role, place, verdict if fails else Verdict.ACCEPTED, stdout=stdout))  # type: ignore[arg-type]
    cpu = tuple(random.gammavariate(2, 0.02) for _ in results)
    judgement = Judgement(verdict, tuple(results), len(results), test_cpu_seconds=cpu)
    given, wanted, got = (random.randrange(10**6) for _ in range(3))
    feedback = (
        f"Your code failed the following tests:\n\n- input `{given}\n{wanted} {got}\n` failed:\n"
        f"Expected output `{wanted}\n` but got `{got}\n`\n\nGive it another try."
    )
    before = random.choice(("", "", "The sum has to be kept modulo the second number, so I change the loop.\n\n"))
    reward = 0.0 if not over else 1.0 if verdict is Verdict.ACCEPTED else -1.0
    return Turn(before + fenced(program), program, judgement, "" if verdict is Verdict.ACCEPTED else feedback, reward)


def _program(model: Problem, random: Random) -> str:
    """Return a program of the model with other names and numbers."""
    source = random.choice(_sources(model.id))
    name = "".join(random.choices(LETTERS, k=5))
    lines = source.split("\n")
    lines.insert(random.randrange(len(lines)), f"# {name} {random.randrange(1000)}")
    return re.sub(r"\bn\b", name, "\n".join(lines)).strip()


@cache
def _sources(problem_id: str) -> list[str]:
    problem = load_dataset("starter").get(problem_id)
    found: Iterator[str] = (each.source for each in (*problem.solutions, *problem.incorrect_solutions))
    return list(found)
