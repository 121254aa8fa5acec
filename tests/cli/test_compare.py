"""`rlef compare`: exit codes, what a person reads, the JSON for scripts, and one line for each wrong use."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.analysis.comparison.outcomes import run_folder

SOLVED = {f"{number}/p": "11" for number in range(20)}
TABLES = {
    "before": SOLVED | {f"{number}/p": "ww" for number in range(20, 40)},
    "same": SOLVED | {f"{number}/p": "ww" for number in range(20, 40)},
    "worse": dict.fromkeys(SOLVED, "tt") | {f"{number}/p": "ww" for number in range(20, 40)},
    "near": {**SOLVED, "0/p": "1w"} | {f"{number}/p": "ww" for number in range(20, 40)},
    "fewer": SOLVED,
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of the tables; ``same`` has the programs of ``before``."""
    folder = tmp_path_factory.mktemp("runs")
    for name, table in TABLES.items():
        run_folder(folder / name, table, "before" if name == "same" else name)
    return folder


@pytest.mark.parametrize(("other", "code", "verdict"), [("same", 0, "no_regression"), ("worse", 1, "regression")])
def test_exit_codes_are_those_of_the_verdicts(rlef, runs: Path, tmp_path: Path, other, code, verdict) -> None:
    process = rlef("compare", runs / "before", runs / other, "--json", tmp_path / "out.json")
    assert (process.returncode, process.stderr) == (code, "")
    assert json.loads((tmp_path / "out.json").read_text())["verdict"] == verdict


def test_cannot_tell_is_2_with_a_report_and_a_refusal_is_2_without(rlef_here, runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    process = rlef_here("compare", runs / "before", runs / "fewer", "--json", out)
    assert (process.returncode, process.stdout, out.exists()) == (2, "", False)
    assert process.stderr.count("\n") == 1
    assert (
        f"20 only in {runs / 'before'} (20/p, 21/p, 22/p, ...); --common compares the 20 common ones" in process.stderr
    )
    process = rlef_here("compare", runs / "before", runs / "near", "--json", out)
    assert (process.returncode, process.stderr) == (2, "")
    assert "Cannot tell: solve_rate may be up to" in process.stdout
    assert json.loads(out.read_text())["verdict"] == "cannot_tell"
    assert rlef_here("compare", runs / "before", runs / "fewer", "--common", "--margin", "0.3").returncode == 0


def test_a_person_reads_the_verdict_the_numbers_and_what_changed(rlef_here, runs: Path) -> None:
    process = rlef_here("compare", runs / "before", runs / "worse", "--flips", 3)
    lines = [" ".join(line.split()) for line in process.stdout.splitlines()]
    assert lines[0] == f"A = {runs / 'before'}: 2 samples of each of 40 problems"
    assert re.fullmatch(r"Regression: solve_rate is .* points lower in B \(95 % interval\)\.", lines[3])
    assert any(re.fullmatch(r"solve_rate 50\.0 % 0\.0 % -50\.0 -6\d\.\d to -\d+\.\d <0\.0001", line) for line in lines)
    assert "Problems that changed: 20 worse, 0 better." in lines
    assert "0/p accepted, turn 1 time limit, turn 3" in lines
    assert "... and 17 more; --flips 20 lists all" in lines


def test_json_is_that_of_the_comparison(rlef_here, runs: Path, tmp_path: Path) -> None:
    rlef_here("compare", runs / "before", runs / "worse", "--json", tmp_path / "out.json", "--metric", "solved_at_1")
    row = json.loads((tmp_path / "out.json").read_text())
    assert {"metric", "a", "b", "difference", "low", "high", "p_value", "verdict", "flips", "least_detectable"} <= set(
        row
    )
    assert (row["metric"], row["a"], row["b"], row["difference"]) == ("solved_at_1", 0.5, 0.0, -0.5)
    assert row["flips"][0]["turn_after"] == 1


def test_several_candidates_have_the_worst_code(rlef_here, runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    process = rlef_here("compare", runs / "before", runs / "same", runs / "worse", "--json", out)
    assert process.returncode == 1
    assert process.stdout.count("97.5 % interval") == 1
    row = json.loads(out.read_text())
    assert [each["verdict"] for each in row["comparisons"]] == ["no_regression", "regression"]


def test_the_run_with_itself(rlef_here, runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    process = rlef_here("compare", runs / "before", "--aa", "--margin", "0.2", "--json", out)
    assert process.returncode == 0
    assert "The run with itself" in process.stdout
    assert json.loads(out.read_text())["difference"] == 0
    process = rlef_here("compare", runs / "before", runs / "worse", "--aa", runs / "worse", "--json", out)
    assert process.returncode == 1
    assert json.loads(out.read_text())["aa"]["run_a"].startswith(str(runs / "worse"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "expected two runs or more to compare, got 0"),
        (("before",), "expected two runs or more to compare, got 1"),
        (("before", "nowhere"), "nowhere: expected the folder of a run"),
        (("before", "worse", "--margin", "3"), "expected a share from 0 to 1 (0.03 is 3 points), got '3'"),
        (("before", "worse", "--metric", "speed"), "metric: expected solve_rate"),
        (("before", "worse@7"), "expected the step of an evaluation in this run (none), got 7"),
        (("before", "worse", "--evaluation", "hard"), "expected --evaluation to name one of its evaluation sets"),
    ],
)
def test_wrong_use_is_one_line(rlef_here, runs: Path, arguments, said: str) -> None:
    names = [runs / name if name.partition("@")[0] in TABLES else name for name in arguments]
    process = rlef_here("compare", *names)
    assert (process.returncode, process.stdout) == (2, "")
    assert said in process.stderr
    assert process.stderr.count("\n") == 1
