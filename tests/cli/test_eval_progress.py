"""What `rlef eval` says while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.analysis import Run
from rlef_env.analysis.evaluation import PlannedEpisode
from rlef_env.cli import evaluate_progress
from rlef_env.cli.evaluate_progress import EvalProgress
from rlef_env.episodes import Episode, Turn
from rlef_env.errors import UsageError
from rlef_env.judge import Judgement, Verdict
from rlef_env.runs import EpisodeRecord, ProblemFacts, RunFolder, RunIdentity, facts_of

Clock = list[float]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    now: Clock = [0.0]
    monkeypatch.setattr(evaluate_progress.time, "monotonic", lambda: now[0])
    return now


def record(problem_id: str, verdict: Verdict, sample: int = 0) -> EpisodeRecord:
    lost = verdict is Verdict.NO_VERDICT
    turn = Turn("r", "p", Judgement(verdict, total=1))
    return EpisodeRecord(Episode(problem_id, "D", "?", (turn,), not lost, lost, {"max_turns": 1}), sample)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    facts = [ProblemFacts(f"p{n}", cluster=f"p{n}") for n in range(4)]
    folder = RunFolder.create(tmp_path / "run", "evaluation", RunIdentity(), {}, facts)
    opened = Run(folder)
    opened.facts = [facts_of(record("p0", Verdict.ACCEPTED)), facts_of(record("p1", Verdict.NO_VERDICT))]
    return opened


def test_the_solve_rate_the_time_left_and_the_slowest_problem(
    run: Run, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = EvalProgress(run, total=5, plain=True)
    assert progress.done == 1, "what has no verdict is played again"
    assert progress.status() == "solved 100.0% (20.7% to 100.0%)"
    for problem_id in ("p1", "p2", "p3"):
        progress.began(PlannedEpisode(problem_id, 0, 0))
    clock[0] = 20.0
    progress.ended(record("p1", Verdict.WRONG_ANSWER))
    assert capsys.readouterr().err == "", "a line now and then"
    clock[0] = 40.0
    progress.ended(record("p3", Verdict.WRONG_ANSWER))
    assert capsys.readouterr().err.startswith("rlef: 3 of 5 episodes; solved 33.3% (")
    progress.failed(PlannedEpisode("p2", 0, 0), UsageError("agent x: failed"))
    assert capsys.readouterr().err == "rlef: agent x: failed\n"
    assert "slowest" not in progress.status()


def test_the_line_names_the_slowest_problem_and_the_time_left(
    run: Run, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = EvalProgress(run, total=61, plain=True)
    progress.began(PlannedEpisode("slow\x1b[31m\nproblem", 0, 0))
    clock[0] = 10.0
    progress.began(PlannedEpisode("p2", 0, 0))
    clock[0] = 60.0
    progress.ended(record("p2", Verdict.ACCEPTED))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("; slowest: slow\\x1b[31m problem, 60 s; about 59 min left")
