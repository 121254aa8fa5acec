"""Rows to train on: each leads back to its problem, and the prompt is that of the environment."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rlef_env import CodeEnv, Dataset, Judge, Program, Verdict, load_dataset, prompt_rows
from rlef_env.cli import main
from rlef_env.errors import UsageError
from rlef_env.integrations.rows import ROWS, sandbox_fusion_tests, training_rows
from rlef_env.judge import JudgeJob
from tests.integrations.cases import CASES, PROBLEMS, write_dataset


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load_dataset(write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl"))


def problem_id(row: dict[str, Any]) -> str:
    return str((row.get("extra_info") or row.get("verifier_metadata") or row)["problem_id"])


def prompt(row: dict[str, Any]) -> object:
    return row["responses_create_params"]["input"] if "responses_create_params" in row else row["prompt"]


@pytest.mark.parametrize("protocol", ["chat", "tool"])
@pytest.mark.parametrize("system", ROWS)
def test_a_row_has_the_prompt_of_its_problem(problems: Dataset, system: str, protocol: str) -> None:
    env = CodeEnv(problems, protocol=protocol)
    rows = list(training_rows(system, problems, "problems.jsonl", protocol=protocol))
    assert len(rows) == (2 if system == "verl-sandbox" else len(problems))
    for row in rows:
        _, info = env.reset(options={"problem_id": problem_id(row)})
        assert prompt(row) == info["messages"]
    env.close()


def test_only_rows_for_verls_own_scorer_hold_hidden_tests(problems: Dataset) -> None:
    hidden = "20 22"
    for system in ROWS:
        text = json.dumps(list(training_rows(system, problems, "problems.jsonl")))
        assert (hidden in text) == (system == "verl-sandbox")


def compared_as_verl_does(tests: dict[str, Any], program: str) -> bool:
    """verl's rules for its sandbox: outputs are equal without the line ends at their end; assertions end well."""

    def run(source: str, given: str) -> tuple[int, str]:
        process = subprocess.run([sys.executable, "-c", source], input=given, capture_output=True, text=True)
        return process.returncode, process.stdout

    if "assert_case" in tests:
        return all(run(f"{program}\n\n{each}", "")[0] == 0 for each in tests["assert_case"])
    pairs = zip(tests["inputs"], tests["outputs"], strict=True)
    return all(run(program, given)[1].rstrip("\n") == expected.rstrip("\n") for given, expected in pairs)


@pytest.mark.parametrize("case", [case for case in CASES if case.problem_id in ("text", "function")], ids=str)
def test_verls_own_rules_agree_on_exported_rows(problems: Dataset, case: Any) -> None:
    tests = sandbox_fusion_tests(problems.get(case.problem_id))
    with Judge() as judge:
        verdict = judge.judge(JudgeJob(problems.get(case.problem_id), Program(case.program))).verdict
    assert compared_as_verl_does(tests, case.program) == (verdict is Verdict.ACCEPTED) == (case.reward > 0)


def test_rows_follow_the_data_set() -> None:
    rows = list(prompt_rows("starter"))
    assert [row["problem_id"] for row in rows] == [problem.id for problem in load_dataset("starter")]
    assert list(prompt_rows("starter", protocol="tool")) != rows
    with pytest.raises(UsageError, match="got colour"):
        next(prompt_rows("starter", colour=1))


# --- rlef problems export --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("system", ROWS)
def test_the_command_writes_both_formats_alike(system: str, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    data = write_dataset(tmp_path / "problems.jsonl")
    for name in ("rows.jsonl", "rows.parquet"):
        assert main(["problems", "export", data, "--for", system, "-o", str(tmp_path / name)]) == 0
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert parquet.read_table(tmp_path / "rows.parquet").to_pylist() == lines


def test_the_command_says_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_dataset(tmp_path / "problems.jsonl")
    assert main(["problems", "export", data, "--for", "verl-sandbox", "-o", str(tmp_path / "rows.jsonl")]) == 0
    assert f"2 problems written to {tmp_path}/rows.jsonl for verl-sandbox; 2 left out" in capsys.readouterr().err
    assert len(PROBLEMS) == 4


def test_bad_output_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_dataset(tmp_path / "problems.jsonl")
    for out, words in ((data, "expected another file than the input"), (f"{tmp_path}/none/rows.jsonl", "none")):
        assert main(["problems", "export", data, "--for", "trl", "-o", out]) == 2
        errors = capsys.readouterr().err.strip().splitlines()
        assert len(errors) == 1
        assert words in errors[0]
