"""`rlef select` and `rlef regressions`: what they write is read by the commands that it is for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rlef_agents.ppo.sft import read_chats
from rlef_env.runs import RunFolder, read_facts
from tests.analysis.backtest.played import PROBLEM, RIGHT, WRONG, played_run
from tests.cli.test_query import assert_one_line

UNSOLVED = "SELECT problem_id FROM episodes WHERE NOT solved"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three episodes: solved at turn 2, at turn 1, and not at all."""
    pytest.importorskip("duckdb")
    programs = [(WRONG, RIGHT), (RIGHT,), (WRONG, WRONG, WRONG)]
    return played_run(tmp_path_factory.mktemp("select") / "run", programs).path


def test_a_selected_problem_set_is_evaluated(rlef_here, played: Path, tmp_path: Path) -> None:
    process = rlef_here("select", played, UNSOLVED, "--to", "problems", "-o", "hard.jsonl", "--why", "still open")
    assert (process.returncode, process.stdout) == (0, "")
    assert "1 problems written to hard.jsonl" in process.stderr
    process = rlef_here("eval", "oracle", "--set", "hard.jsonl", "--out", "again", "--plain")
    assert process.returncode == 0, process.stderr
    folder = RunFolder.open(tmp_path / "again")
    assert [(facts.problem.problem_id, facts.solved) for facts in read_facts(folder)] == [(PROBLEM, True)]
    # A run of a problem set names the set; what is selected from it names the data set again.
    assert rlef_here("select", "again", "FROM episodes", "--to", "problems", "-o", "solved.jsonl").returncode == 0
    rows = [json.loads((tmp_path / name).read_text()) for name in ("hard.jsonl", "solved.jsonl")]
    assert [(row["dataset"], row["problem_id"], row["why"]) for row in rows] == [
        ("starter", PROBLEM, "still open"),
        ("starter", PROBLEM, ""),
    ]
    assert json.loads(rlef_here("rescore", "again", "--json").stdout)["unchanged"] is True


def test_conversations_are_read_by_sft(rlef_here, played: Path, tmp_path: Path) -> None:
    process = rlef_here("select", played, "FROM episodes", "--to", "sft", "-o", "sft.jsonl")
    assert process.returncode == 0, process.stderr
    assert "2 of 3 selected episodes written" in process.stderr
    assert [len(chat) for chat in read_chats(tmp_path / "sft.jsonl")] == [4, 2]
    rlef_here("select", played, "FROM episodes", "--to", "sft", "--all", "-o", "sft.jsonl")
    assert [len(chat) for chat in read_chats(tmp_path / "sft.jsonl")] == [4, 2, 6]


def test_preference_pairs(rlef_here, played: Path, tmp_path: Path) -> None:
    assert rlef_here("select", played, "FROM episodes", "--to", "preferences", "-o", "pairs.jsonl").returncode == 0
    pairs = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text().splitlines()]
    assert [(len(row["prompt"]), row["turn"]) for row in pairs] == [(1, 1), (3, 2)]
    assert all(RIGHT in row["chosen"][0]["content"] and WRONG in row["rejected"][0]["content"] for row in pairs)


@pytest.mark.parametrize(
    ("sql", "options", "fragment"),
    [
        ("SELECT verdict FROM turns", ("--to", "sft"), "a column episode or problem_id, got verdict"),
        ("SELECT episode FROM turns WHERE turn > 9", ("--to", "sft"), "expected rows, got none"),
        (UNSOLVED.replace("problem_id", "episode"), ("--to", "sft"), "expected a selection with solved episodes"),
        ("SELECT episode FROM episodes WHERE sample = 1", ("--to", "preferences"), "a right and a wrong response"),
        (UNSOLVED, ("--to", "sft", "--data", "starter"), "--data: expected it with --to problems only"),
        (UNSOLVED, ("--to", "csv"), "invalid choice: 'csv'"),
        (UNSOLVED, (), "--to"),
    ],
)
def test_what_cannot_be_selected_costs_one_line_and_writes_nothing(
    rlef_here, played: Path, tmp_path: Path, sql: str, options: tuple[str, ...], fragment: str
) -> None:
    assert_one_line(rlef_here("select", played, sql, "-o", "out.jsonl", *options), fragment)
    assert list(tmp_path.iterdir()) == []


def test_a_regression_set_grows_and_is_evaluated(rlef_here, played: Path, tmp_path: Path) -> None:
    shown = rlef_here("query", played, UNSOLVED.replace("problem_id", "episode"), "--json").stdout
    number = json.loads(shown)[0]["episode"]
    process = rlef_here("regressions", "add", played, str(number))
    assert process.returncode == 0, process.stderr
    assert process.stderr == f"rlef: {PROBLEM} (wrong_answer at turn 3) added to regressions.jsonl\n"
    assert "replaced in" in rlef_here("regressions", "add", played, PROBLEM, "--why", "off by one").stderr
    listed = rlef_here("regressions", "list").stdout
    assert PROBLEM in listed
    assert "off by one" in listed
    assert "1 problems in regressions.jsonl" in listed
    (entry,) = json.loads(rlef_here("regressions", "list", "--json").stdout)
    assert (entry["episode"], entry["run"]) == (number, str(played))
    process = rlef_here("eval", "oracle", "--set", "regressions.jsonl", "--out", "now", "--plain")
    assert process.returncode == 0, process.stderr
    assert [facts.solved for facts in read_facts(RunFolder.open(tmp_path / "now"))] == [True]
    assert rlef_here("regressions", "remove", PROBLEM).returncode == 0
    assert rlef_here("regressions", "list").stdout == "0 problems in regressions.jsonl\n"


def test_wrong_regressions_cost_one_line(rlef_here, played: Path, tmp_path: Path) -> None:
    assert_one_line(rlef_here("regressions", "add", played, PROBLEM, "99"), "got '99'", "rlef query")
    assert not (tmp_path / "regressions.jsonl").exists()
    assert_one_line(rlef_here("regressions", "remove", "x"), "regressions.jsonl: expected a readable problem set")
    assert_one_line(rlef_here("regressions"), "ACTION")
    assert_one_line(rlef_here("eval", "oracle", "--set", "none.jsonl"), "none.jsonl: expected a readable problem set")
    run = Path(shutil.copytree(played, tmp_path / "run"))
    (run / "run.json").write_text((run / "run.json").read_text().replace('"dataset": "starter"', '"dataset": null'))
    assert_one_line(rlef_here("regressions", "add", run, PROBLEM), "names its data set", "--data")
    assert rlef_here("regressions", "add", run, PROBLEM, "--data", "starter").returncode == 0
