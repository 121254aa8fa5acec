"""Episodes made by hand: each turn is a verdict and a program."""

from __future__ import annotations

from pathlib import Path

from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.judgement import TestResult
from rlef_env.runs import EpisodeRecord, EpisodeWriter, ProblemFacts, RunFolder, RunIdentity, TurnExtra

W, A, R = Verdict.WRONG_ANSWER, Verdict.ACCEPTED, Verdict.RUNTIME_ERROR
SETTINGS = {"max_turns": 3, "feedback": "public", "full_grid": True}
FIRST = "n = int(input())\nfor i in range(n):\n    print(i)\n"
SECOND = "n = int(input())\nfor i in range(n + 1):\n    print(i)\n"


def turn(
    verdict: Verdict,
    program: str | None = FIRST,
    feedback: str = "Your code failed.",
    response: str | None = None,
    stdout: str = "0\n",
    stderr: str = "",
    category: str | None = None,
) -> Turn:
    """A turn with two public tests, of which the second fails."""
    failed = TestResult("public", 1, verdict, category, stdout if verdict is not A else "", stderr)
    results = () if program is None else (TestResult("public", 0, A), failed)
    judgement = Judgement(verdict, results, len(results), category, test_cpu_seconds=(0.25, 0.5)[: len(results)])
    text = response if response is not None else "I fix the loop.\n\n" * bool(program) + f"```python\n{program}\n```"
    return Turn(text, program, judgement, feedback, {A: 1.0, W: -1.0}.get(verdict, 0.0))


def record(
    problem: str, *turns: Turn, sample: int = 0, extras: tuple[TurnExtra, ...] = (), **place: object
) -> EpisodeRecord:
    """An episode of these turns. It has ended if it was accepted or had three turns, or has no verdict."""
    last = turns[-1].judgement.verdict
    lost = last is Verdict.NO_VERDICT
    ended = last is A or len(turns) == 3
    episode = Episode(problem, "Made", f"Print the numbers of {problem}.", turns, ended and not lost, lost, SETTINGS)
    return EpisodeRecord(episode, sample=sample, turns=extras, **place)  # type: ignore[arg-type]


def run_of(path: Path, records: list[EpisodeRecord], kind: str = "evaluation", compress: bool = True) -> RunFolder:
    """Write a run of these episodes. Problems are tagged with their first letter."""
    ids = dict.fromkeys(each.episode.problem_id for each in records)
    problems = [
        ProblemFacts(each, f"digest of {each}", each, tags=(f"tag {each[:1]}",), difficulty="easy") for each in ids
    ]
    run = RunFolder.create(path, kind, RunIdentity({"name": "made"}, {}, {"dataset": "hand"}), problems=problems)  # type: ignore[arg-type]
    with EpisodeWriter(run, compress=compress) as writer:
        for each in records:
            writer.append(each)
    return run


def small_run(path: Path) -> RunFolder:
    """Ten problems with two samples: half of the first samples are solved at turn 1, all second samples at turn 2."""
    records = []
    for number in range(10):
        name = f"{'ab'[number % 2]}/problem-{number}"
        first = (
            [turn(A, FIRST)]
            if number % 2
            else [turn(R, FIRST, category="IndexError"), turn(W, SECOND), turn(W, SECOND)]
        )
        records.append(record(name, *first))
        off = (TurnExtra("off_by_one", 30, 12, 0.5, {"advantage": -0.75}), TurnExtra(None, 60, 14, 0.5, {"kl": 0.125}))
        records.append(record(name, turn(W, FIRST), turn(A, SECOND), sample=1, extras=off))
    return run_of(path, records)
