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
from rlef_env.integrations.rows import ROWS, sandbox_fusion_call, sandbox_fusion_tests, training_rows
from rlef_env.judge import JudgeJob
from rlef_env.problems import Problem, Test
from tests.integrations.cases import CASES, PROBLEMS, Case, write_dataset


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


CALL = """

import json as _json, sys as _sys
_given = _sys.stdin.read()
_value = FUNCTION(*map(_json.loads, _given.split("\\n") if _given.strip() else []))
print(_json.dumps(_value) if _value is None or isinstance(_value, (bool, dict, list, tuple)) else str(_value))
"""


def compared_as_verl_does(tests: dict[str, Any], program: str) -> float:
    """verl's rules for its sandbox: the share of the first ten tests that pass; line ends at the end do not count."""

    def passes(given: str, expected: str | None, assertion: str) -> bool:
        source = f"{program}\n\n{assertion}" + (
            CALL.replace("FUNCTION", tests["fn_name"]) if "fn_name" in tests else ""
        )
        process = subprocess.run([sys.executable, "-c", source], input=given, capture_output=True, text=True)
        right = expected is None or process.stdout.rstrip("\n") == expected.rstrip("\n")
        return process.returncode == 0 and right

    assertions = tests.get("assert_case", [""] * len(tests.get("inputs", ())))
    inputs, outputs = tests.get("inputs", [""] * len(assertions)), tests.get("outputs", [None] * len(assertions))
    passed = list(map(passes, inputs[:10], outputs, assertions))
    return sum(passed) / len(passed)


def exported(problems: Dataset, problem_id: str) -> dict[str, Any]:
    tests = sandbox_fusion_tests(problems.get(problem_id))
    assert tests is not None
    return dict(json.loads(json.dumps(tests)))


@pytest.mark.parametrize("case", [case for case in CASES if case.problem_id in ("text", "function")], ids=str)
def test_verls_own_rules_agree_on_exported_rows(problems: Dataset, case: Case) -> None:
    with Judge() as judge:
        verdict = judge.judge(JudgeJob(problems.get(case.problem_id), Program(case.program))).verdict
    score = compared_as_verl_does(exported(problems, case.problem_id), case.program)
    assert (score == 1.0) == (verdict is Verdict.ACCEPTED) == (case.reward > 0)


@pytest.mark.parametrize("problem_id", ["text", "function"])
@pytest.mark.parametrize("program", ["raise SystemExit", "import os\nos._exit(0)", "double = lambda x: exit()"])
def test_a_program_that_only_exits_passes_no_exported_test(problems: Dataset, problem_id: str, program: str) -> None:
    """It would pass verl's ``assert_case``, which the program's own process checks."""
    assert compared_as_verl_does(exported(problems, problem_id), program) == 0.0


def test_public_tests_do_not_take_the_place_of_hidden_ones() -> None:
    """verl counts ten tests. A program that only knows those of the statement must not pass."""
    public, private = (
        tuple(Test(f"{number}\n", f"{number}\n") for number in range(start, start + 10)) for start in (0, 50)
    )
    tests = sandbox_fusion_tests(Problem("echo", "Print the number.", public, private))
    assert tests is not None
    assert compared_as_verl_does(tests, "number = int(input())\nprint(number if number < 50 else 0)") == 0.0


@pytest.mark.parametrize(
    ("call", "value", "written"),
    [
        ("f(1, 'a')", "[True, None]", ('1\n"a"', "[true, null]")),
        ("f()", "'x'", ("", "x")),
        ("f([1.5])\n", "{'a': 2}\n", ("[1.5]", '{"a": 2}')),
        ("f((1, 2))", "1", None),  # JSON would make it a list
        ("f(1)", "(1, 2)", None),
        ("f({1: 2})", "1", None),
        ("f({1})", "1", None),
        ("f(x=1)", "1", None),
        ("f(*[1])", "1", None),
        ("f(g())", "1", None),
        ("g(1)", "1", None),
        ("assert f(1) == 1", "", None),
        ("f(1)", "", None),
        ("f(float('nan'))", "1", None),
    ],
)
def test_calls_are_exported_only_if_json_keeps_them(call: str, value: str, written: object) -> None:
    assert sandbox_fusion_call(Test(call, value), "f") == written


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
