"""`rlef judge` is scripted against: the shape and the order of its lines are fixed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

KEYS = {"problem", "kind", "index", "verdict", "passed", "total", "cpu_seconds"}
RIGHT = "print(sum(map(int, input().split())))"
OFF_BY_ONE = "print(sum(map(int, input().split())) + 1)"
CPP = "int main() {}"


def row(name: str, **other: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "Add two numbers.",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": ["3 4\n", "5 -5\n"], "output": ["7\n", "0\n"]},
        "generated_tests": {"input": ["10 20\n"], "output": ["30\n"]},
        "solutions": {"language": [2, 3], "solution": [CPP, RIGHT]},
        "incorrect_solutions": {"language": [3, 2, 3], "solution": [OFF_BY_ONE, CPP, "print(3)"]},
        **other,
    }


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(row(name)) + "\n" for name in ("first", "zweites ✓")), encoding="utf-8")
    return path


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_judges_python_only_in_order_on_all_tests(rlef, problems: Path) -> None:
    process = rlef("judge", problems, "--workers", "2")
    assert process.returncode == 0, process.stderr
    found = lines(process.stdout)
    assert all(set(line) == KEYS for line in found)
    assert [
        tuple(line[key] for key in ("problem", "kind", "index", "verdict", "passed", "total")) for line in found
    ] == [
        (name, *rest)
        for name in ("first", "zweites ✓")
        for rest in [
            ("correct", 1, "accepted", 4, 4),
            ("incorrect", 0, "wrong_answer", 0, 4),
            ("incorrect", 2, "wrong_answer", 1, 4),  # no early stop: the test it passes is counted
        ]
    ]
    assert all(0 < line["cpu_seconds"] < 60 for line in found)
    assert "6 programs of 2 problems" in process.stderr


@pytest.mark.parametrize("which", ["correct", "incorrect"])
def test_which(rlef, problems: Path, which: str) -> None:
    found = lines(rlef("judge", problems, "--which", which, "--workers", "1").stdout)
    assert {line["kind"] for line in found} == {which}
    assert len(found) == {"correct": 2, "incorrect": 4}[which]


def test_json_writes_to_a_file_and_nothing_to_standard_output(rlef, problems: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = rlef("judge", problems, "--which", "correct", "--json", out)
    assert (process.returncode, process.stdout) == (0, "")
    assert len(lines(out.read_text())) == 2


def test_the_input_is_never_overwritten(rlef, problems: Path) -> None:
    before = problems.read_bytes()
    process = rlef("judge", problems, "--json", problems)
    assert process.returncode == 2
    assert "--json" in process.stderr
    assert problems.read_bytes() == before


def test_output_is_left_alone_when_the_input_is_bad(rlef, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("precious")
    (tmp_path / "bad.jsonl").write_text("{}\n")
    assert rlef("judge", "bad.jsonl", "--json", out).returncode == 2
    assert out.read_text() == "precious"


def test_output_that_cannot_be_written_is_one_line(rlef, problems: Path) -> None:
    process = rlef("judge", problems, "--json", "no/such/folder/out.jsonl")
    assert process.returncode == 2
    assert process.stderr.startswith("rlef: no/such/folder/out.jsonl")
    assert process.stderr.count("\n") == 1


def test_meta_names_the_checker(rlef, tmp_path: Path) -> None:
    shouting = row("case", solutions={"language": [3], "solution": ["print('YES')"]}, incorrect_solutions=None)
    shouting |= {key: {"input": ["x\n"], "output": ["yes\n"]} for key in ("public_tests", "private_tests")}
    shouting["generated_tests"] = None
    (tmp_path / "p.jsonl").write_text(json.dumps(shouting) + "\n")
    (tmp_path / "m.jsonl").write_text(json.dumps({"name": "case", "checker": {"name": "tokens"}}) + "\n")
    assert [line["verdict"] for line in lines(rlef("judge", "p.jsonl").stdout)] == [
        "accepted"
    ]  # CodeContests: any case
    with_meta = rlef("judge", "p.jsonl", "--meta", "m.jsonl")
    assert [line["verdict"] for line in lines(with_meta.stdout)] == ["wrong_answer"]


def test_meta_without_the_problem_is_said(rlef, problems: Path, tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text(json.dumps({"name": "other", "checker": {"name": "tokens"}}) + "\n")
    process = rlef("judge", problems, "--meta", "m.jsonl", "--which", "correct")
    assert process.returncode == 0
    assert "no checker for 2 of 2 problems" in process.stderr


@pytest.mark.shared
@pytest.mark.slow
def test_a_real_problem(rlef, shared_data: Path, tmp_path: Path) -> None:
    first = (shared_data / "kattis.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "one.jsonl").write_text(first + "\n", encoding="utf-8")
    process = rlef("judge", "one.jsonl", "--meta", shared_data / "meta.jsonl")
    assert process.returncode == 0, process.stderr
    found = lines(process.stdout)
    assert {line["verdict"] for line in found if line["kind"] == "correct"} == {"accepted"}
    assert "accepted" not in {line["verdict"] for line in found if line["kind"] == "incorrect"}
