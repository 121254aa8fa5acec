"""`rlef rescore`: every verdict that changes is listed, and the judge's own flip rate is kept in the run."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path

import pytest

from rlef_env.analysis.backtest.judge_flips import JudgeFlips, read_judge_flips
from rlef_env.episodes import read_episodes, write_episodes
from rlef_env.problems import load_dataset, write_jsonl
from rlef_env.runs import RunFolder, read_facts, read_records
from tests.analysis.backtest.played import PROBLEM, RIGHT, WRONG, played_run
from tests.cli.test_query import assert_one_line


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two episodes: solved at turn 2, and at turn 1."""
    return played_run(tmp_path_factory.mktemp("rescore") / "run", [(WRONG, RIGHT), (RIGHT,)]).path


@pytest.fixture
def run(played: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(played, tmp_path / "run"))


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """Another version of the problem, whose first hidden test expects something else."""
    starter = Path(str(resources.files("rlef_env.problems") / "starter.jsonl")).read_text()
    row = next(row for row in map(json.loads, starter.splitlines()) if row["name"] == PROBLEM)
    row["private_tests"]["output"][0] = "1000\n"
    path = tmp_path / "stricter.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def test_an_unchanged_run_measures_the_judge(rlef_here, run: Path) -> None:
    before = (run / "run.json").read_bytes(), list(read_records(RunFolder.open(run)))
    for _ in range(2):
        process = rlef_here("rescore", run)
        assert process.returncode == 0, process.stderr
        assert "Verdicts:   0 of 3 changed (0.00%)" in process.stdout
        assert "Solved:     2 of 2 episodes before, 2 now" in process.stdout
        assert "the judge's own flip rate" in process.stdout
    assert read_judge_flips(RunFolder.open(run)) == JudgeFlips(programs=6, flips=0)
    assert ((run / "run.json").read_bytes(), list(read_records(RunFolder.open(run)))) == before


def test_other_tests_change_verdicts(rlef_here, run: Path, stricter: Path, tmp_path: Path) -> None:
    process = rlef_here("rescore", run, "--data", stricter, "--out", "again")
    assert process.returncode == 0, process.stderr
    rows = [line.split() for line in process.stdout.splitlines() if line.strip().startswith(PROBLEM)]
    decided = ["accepted", "wrong", "answer", "private", "test", "0:", "accepted,", "now", "wrong", "answer"]
    assert rows == [[PROBLEM, "0", "2", *decided], [PROBLEM, "1", "1", *decided]]
    assert "Verdicts:   2 of 3 changed (66.67%)" in process.stdout
    assert "Solved:     2 of 2 episodes before, 0 now" in process.stdout
    assert "flip rate" not in process.stdout
    assert read_judge_flips(RunFolder.open(run)) is None
    new = RunFolder.open(tmp_path / "again")
    assert [facts.solved_at for facts in read_facts(new)] == [0, 0]
    assert new.identity.agent == RunFolder.open(run).identity.agent
    assert new.identity.problems["digest"] != RunFolder.open(run).identity.problems["digest"]
    assert new.config["rescored"]["changed_problems"] == 1
    # Judged again with the tests that it names now, the new run keeps its verdicts.
    assert json.loads(rlef_here("rescore", "again", "--json").stdout)["unchanged"] is True


def test_limits_and_public_tests(rlef_here, run: Path, tmp_path: Path) -> None:
    process = rlef_here("rescore", run, "--time-limit-factor", "1e-6", "--json", "out.json")
    assert (process.returncode, process.stdout) == (0, "")
    found = json.loads((tmp_path / "out.json").read_text())
    assert {(each["turn"], each["after"]) for each in found["changes"]} == {(1, "time_limit"), (2, "time_limit")}
    assert (found["solved_after"], found["open"], found["unchanged"]) == (0, 2, False)
    found = json.loads(rlef_here("rescore", run, "--tests", "public", "--json").stdout)
    assert (found["changed"], found["changed_problems"], found["unchanged"]) == (0, 1, False)


def test_another_checker(rlef_here, run: Path, tmp_path: Path) -> None:
    checker = {"name": "kattis", "flags": ["float_tolerance", "100"]}
    (tmp_path / "meta.jsonl").write_text(json.dumps({"name": PROBLEM, "checker": checker}) + "\n")
    found = json.loads(rlef_here("rescore", run, "--meta", "meta.jsonl", "--json").stdout)
    assert (found["checkers"], found["changed_problems"], found["unchanged"]) == (1, 1, False)
    assert {"turn": 1, "before": "wrong_answer", "after": "accepted"}.items() <= found["changes"][0].items()
    assert (found["shorter"], found["solved_after"]) == (1, 2)


def test_a_file_of_episodes(rlef_here, run: Path, tmp_path: Path) -> None:
    path = tmp_path / "episodes.jsonl"
    write_episodes(path, [record.episode for record in read_records(RunFolder.open(run))])
    before = path.read_bytes()
    found = json.loads(rlef_here("rescore", path, "--json", "--out", "again").stdout)
    assert (found["episodes"], found["programs"], found["changed"], found["unchanged"]) == (2, 3, 0, False)
    assert [facts.sample for facts in read_facts(RunFolder.open(tmp_path / "again"))] == [0, 1]
    assert path.read_bytes() == before
    assert len(read_episodes(path)) == 2


def test_wrong_arguments_cost_one_line_and_nothing_is_judged(rlef_here, run: Path, tmp_path: Path) -> None:
    assert_one_line(rlef_here("rescore", "missing"), "missing: expected the folder of a run")
    other = tmp_path / "other.jsonl"
    write_jsonl(other, [load_dataset("starter")[7]])
    assert_one_line(rlef_here("rescore", run, "--data", other, "--out", "new"), repr(PROBLEM))
    assert not (tmp_path / "new").exists()
    assert_one_line(rlef_here("rescore", run, "--out", run), "expected a folder without a run")
    assert_one_line(rlef_here("rescore", run, "--time-limit-factor", "0"), "expected a number above 0, got '0'")
    assert_one_line(rlef_here("rescore", run, "--time-limit-factor", "nan"), "expected a number above 0, got 'nan'")
    identity = json.loads((run / "run.json").read_text())
    identity["identity"]["problems"] = {}
    (run / "run.json").write_text(json.dumps(identity))
    assert_one_line(rlef_here("rescore", run), "names its data set", "--data")
    identity["identity"]["problems"] = {"dataset": "gone.jsonl"}
    (run / "run.json").write_text(json.dumps(identity))
    assert_one_line(rlef_here("rescore", run), "gone.jsonl")
