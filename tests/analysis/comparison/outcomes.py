"""Runs from tables of outcomes: one letter for each sample of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.judgement import TestResult
from rlef_env.runs import (
    EpisodeFacts,
    EpisodeRecord,
    EpisodeWriter,
    ProblemFacts,
    RunFolder,
    RunIdentity,
    facts_of,
    problem_list,
)

MAX_TURNS = 3
ENDS = {
    "1": (1, Verdict.ACCEPTED),
    "2": (2, Verdict.ACCEPTED),
    "3": (3, Verdict.ACCEPTED),
    "h": (1, Verdict.WRONG_ANSWER),
    "w": (3, Verdict.WRONG_ANSWER),
    "t": (3, Verdict.TIME_LIMIT),
    "?": (1, Verdict.NO_VERDICT),
}
"""Letter -> the turn that ends the episode, and its verdict. ``h`` fails a hidden test only."""


def judgement(verdict: Verdict, public: bool) -> Judgement:
    """Of a program on one public and one hidden test."""
    if verdict is Verdict.NO_VERDICT:
        return Judgement(verdict, (), 2, "worker_lost")
    if public:
        results = [TestResult("public", 0, Verdict.ACCEPTED), TestResult("private", 0, verdict)]
    else:
        results = [TestResult("public", 0, verdict)]
    return Judgement(verdict, tuple(results), 2)


def episode(problem: str, letter: str, name: str, sample: int, max_turns: int = MAX_TURNS) -> Episode:
    """The episode of a letter; its programs differ from those of any other name, problem, sample and turn."""
    ends, verdict = ENDS[letter]
    turns = []
    for number in range(1, min(ends, max_turns) + 1):
        last = number == ends
        program = f"print({name!r}, {problem!r}, {sample}, {number})"
        judged = judgement(verdict, public=letter in "123h") if last else judgement(Verdict.WRONG_ANSWER, public=False)
        turns.append(Turn(f"```python\n{program}\n```", program, judged))
    lost = verdict is Verdict.NO_VERDICT
    settings = {"max_turns": max_turns, "feedback": "public", "full_grid": False}
    return Episode(problem, "Table", "Write a program.", tuple(turns), not lost, lost, settings)


def problem_of(name: str) -> ProblemFacts:
    """A problem; the part before ``/`` is its contest."""
    return ProblemFacts(name, digest=f"digest of {name}", cluster=name.partition("/")[0])


def records(table: Mapping[str, str], name: str, max_turns: int = MAX_TURNS) -> list[EpisodeRecord]:
    """The episodes of a table: problem -> a letter for each sample."""
    return [
        EpisodeRecord(episode(problem, letter, name, sample, max_turns), sample)
        for problem, letters in table.items()
        for sample, letter in enumerate(letters)
    ]


def facts(table: Mapping[str, str], name: str = "agent") -> list[EpisodeFacts]:
    """The episodes of a table, as analyses count them."""
    return [facts_of(record, problem_of(record.episode.problem_id)) for record in records(table, name)]


def run_folder(
    path: Path,
    table: Mapping[str, str],
    name: str = "agent",
    max_turns: int = MAX_TURNS,
    judge: str = "1",
    after: str | None = None,
) -> RunFolder:
    """The run of a table."""
    problems = [problem_of(each) for each in table]
    identity = RunIdentity(
        agent={"name": name},
        episodes={"max_turns": max_turns, "seed": 0},
        problems=problem_list(problems, "table", "test", after),
        judge={"rlef-env": judge},
    )
    run = RunFolder.create(path, "evaluation", identity, {}, problems)
    with EpisodeWriter(run) as writer:
        for record in records(table, name, max_turns):
            writer.append(record)
    return run
