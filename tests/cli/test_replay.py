"""`rlef replay`: another agent plays the same problems, samples and seeds, and each difference is listed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rlef_env.analysis.backtest.replay_run import EpisodeChange, episode_changes
from rlef_env.runs import EpisodeFacts, ProblemFacts, RunFolder, read_facts
from tests.analysis.backtest.played import PROBLEM, RIGHT, WRONG, played_run
from tests.cli.test_query import assert_one_line

FACTS = EpisodeFacts(ProblemFacts("p"), 0, "evaluate", "", None, 3, 0, True, ())


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [(0, 2, "won"), (1, 0, "lost"), (3, 1, "earlier"), (1, 3, "later"), (2, 2, "same"), (0, 0, "same")],
)
def test_outcomes(before: int, after: int, outcome: str) -> None:
    first, second = replace(FACTS, solved_at=before), replace(FACTS, solved_at=after)
    assert EpisodeChange(first, second).outcome == outcome
    assert EpisodeChange(first, replace(second, has_verdict=False)).outcome == "unknown"
    assert EpisodeChange(replace(first, has_verdict=False), second).outcome == "unknown"


def test_episodes_are_paired_by_problem_and_sample() -> None:
    runs = [
        [replace(FACTS, sample=n, solved_at=solved) for n in numbers]
        for solved, numbers in ((1, (2, 0, 1)), (2, (0, 2, 5)))
    ]
    assert [(each.before.sample, each.after.sample, each.after.solved_at) for each in episode_changes(*runs)] == [
        (2, 2, 2),
        (0, 0, 2),
    ]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes: solved at turn 2, at turn 1, and not at all."""
    programs = [(WRONG, RIGHT), (RIGHT,), (WRONG, WRONG, WRONG)]
    return played_run(tmp_path_factory.mktemp("replay") / "run", programs).path


def test_every_episode_is_played_again_and_compared(rlef_here, played: Path, tmp_path: Path) -> None:
    process = rlef_here("replay", played, "--agent", "oracle", "--out", "again", "--plain")
    assert process.returncode == 0, process.stderr
    rows = [line.split() for line in process.stdout.splitlines() if PROBLEM in line]
    assert rows == [
        ["won", PROBLEM, "2", *["wrong", "answer", "at", "turn", "3", "solved", "at", "turn", "1"]],
        ["earlier", PROBLEM, "0", *["solved", "at", "turn", "2", "solved", "at", "turn", "1"]],
    ]
    assert (
        "Solved: 2 of 3 episodes before, 3 now\n1 won, 0 lost, 1 earlier, 0 later, 1 same, 0 unknown" in process.stdout
    )
    assert f"rlef compare {played} again" in process.stdout
    old, new = RunFolder.open(played), RunFolder.open(tmp_path / "again")
    assert sorted(facts.sample for facts in read_facts(new)) == [0, 1, 2]
    assert (new.identity.problems, new.identity.episodes) == (old.identity.problems, old.identity.episodes)
    assert new.config["replay_of"] == str(played)


def test_what_is_lost_comes_first_and_json_has_everything(rlef_here, played: Path, tmp_path: Path) -> None:
    (tmp_path / "silent_agent.py").write_text(
        "class Silent:\n    def act(self, conversations):\n        return ['no program' for _ in conversations]\n"
    )
    process = rlef_here("replay", played, "--agent", "silent_agent:Silent", "--out", "again", "--plain", "--json")
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout)
    counts = {
        name: found[name] for name in ("episodes", "missing", "solved_before", "solved_after", "lost", "won", "same")
    }
    assert list(counts.values()) == [3, 0, 2, 0, 2, 0, 1]
    assert found["changes"][0] == {
        "problem": PROBLEM,
        "sample": 0,
        "outcome": "lost",
        "before": {"solved_at": 2, "turns": 2, "verdict": "accepted"},
        "after": {"solved_at": None, "turns": 3, "verdict": "no_program"},
    }


def test_what_cannot_be_played_again_costs_one_line(rlef_here, played: Path, tmp_path: Path) -> None:
    replay = ("replay", played, "--agent", "oracle", "--out", "again")
    assert_one_line(rlef_here("replay", played, "--out", "again"), "--agent")
    assert_one_line(rlef_here("replay", played, "--agent", "nobody", "--out", "again"), "nobody")
    assert_one_line(rlef_here(*replay[:-1], played), "expected a folder without a run")
    run = Path(shutil.copytree(played, tmp_path / "run"))
    problems = run / "problems.jsonl"
    row = json.loads(problems.read_text())
    problems.write_text(json.dumps({**row, "digest": "0" * 32}) + "\n")
    assert_one_line(rlef_here("replay", run, *replay[2:]), repr(PROBLEM), "as the run played it")
    shutil.rmtree(run / "episodes")
    (run / "episodes").mkdir()
    assert_one_line(rlef_here("replay", run, *replay[2:]), "expected episodes to play again, got none")
    assert not (tmp_path / "again").exists()
