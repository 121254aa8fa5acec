"""`rlef problems`: list, show, stats, convert, verify, augment and dedupe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rlef_env.problems import Problem, Solution, Test, read_jsonl, write_jsonl
from rlef_env.problems.quality_report import Quality, read_reports
from tests.cli.conftest import Rlef

BIGGEST = Problem(
    "biggest",
    "Print the greatest of the n numbers on the second line; the first line holds n.",
    public_tests=(Test("3\n4 1 9\n", "9\n"), Test("4\n-5 2 3 8\n", "8\n")),
    solutions=(
        Solution("input()\nprint(max(map(int, input().split())))"),
        Solution("n = int(input())\nv = sorted(map(int, input().split()))\nprint(v[n - 1])"),
    ),
    incorrect_solutions=(Solution("input()\nprint(input().split()[-1])"),),
    difficulty="easy",
)
ECHO = Problem(
    "écho",
    "Print what you read, a single word, and nothing but it.",
    public_tests=(Test("a\n", "a\n"),),
    private_tests=(Test("b\n", "b\n"), Test("c\n", "c\n")),
    solutions=(Solution("print(input())"),),
    incorrect_solutions=(Solution("print('a')"),),
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_jsonl(tmp_path / "data.jsonl", [BIGGEST, ECHO])
    return tmp_path / "data.jsonl"


def test_list_show_and_stats(rlef: Rlef, data: Path) -> None:
    listed = rlef("problems", "list", data)
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == ["biggest", "écho"]
    shown = rlef("problems", "show", data, "écho")
    assert "a single word" in shown.stdout
    assert "public test 0" in shown.stdout
    assert "private test" not in shown.stdout
    assert "print('a')" not in shown.stdout
    hidden = rlef("problems", "show", data, "écho", "--hidden").stdout
    assert "private test 1" in hidden
    assert "incorrect solution 0 (python)\nprint('a')" in hidden
    stats = rlef("problems", "stats", data).stdout
    assert [line.split()[-1] for line in stats.splitlines()[:4]] == ["2", "3", "2", "0"]


def test_converted_problems_are_read_back_equal(rlef: Rlef, data: Path, tmp_path: Path) -> None:
    done = rlef("problems", "convert", data, "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert read_jsonl(tmp_path / "out.jsonl") == [BIGGEST, ECHO]


def test_convert_gives_each_problem_the_checker_of_a_sidecar(rlef: Rlef, data: Path, tmp_path: Path) -> None:
    (tmp_path / "meta.jsonl").write_text('{"name": "biggest", "checker": {"name": "exact"}}\n')
    done = rlef("problems", "convert", data, "out.jsonl", "--meta", "meta.jsonl")
    assert done.returncode == 0, done.stderr
    assert [problem.checker.name for problem in read_jsonl(tmp_path / "out.jsonl")] == ["exact", "codecontests"]
    (tmp_path / "meta.jsonl").write_text('{"name": "biggest", "checker": {"name": "exactly"}}\n')
    broken = rlef("problems", "convert", data, "new.jsonl", "--meta", "meta.jsonl")
    assert broken.returncode == 2
    assert len(broken.stderr.splitlines()) == 1
    assert not (tmp_path / "new.jsonl").exists()


def test_verify_writes_reports_beside_the_data(rlef: Rlef, data: Path) -> None:
    done = rlef("problems", "verify", data, "--workers", 2)
    assert done.returncode == 0, done.stderr
    reports = read_reports(f"{data}.trust")
    assert {name: report.quality for name, report in reports.items()} == {
        "biggest": Quality.WEAK_TESTS,
        "écho": Quality.VERIFIED,
    }
    assert done.stdout == "weak_tests: biggest: incorrect solution 0 passes all 2 tests\n"
    assert "1 verified, 1 weak_tests" in done.stderr


def test_augment_adds_tests_that_wrong_solutions_fail(rlef: Rlef, data: Path, tmp_path: Path) -> None:
    done = rlef("problems", "augment", data, "more.jsonl", "--tests", 3, "--tries", 60)
    assert done.returncode == 0, done.stderr
    more, echo = read_jsonl(tmp_path / "more.jsonl")
    assert len(more.generated_tests) == 3
    assert echo == ECHO
    assert "1 correct solutions to run, 2 are asked for" in done.stderr
    assert "stored wrong solutions that pass every test: 1 before, 0 now" in done.stderr
    again = rlef("problems", "augment", data, "again.jsonl", "--tests", 3, "--tries", 60)
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "more.jsonl").read_bytes(), again.stderr


def test_dedupe_names_duplicates_and_leaves_them_out(rlef: Rlef, data: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "other.jsonl", [ECHO])
    done = rlef("problems", "dedupe", data, "--against", "other.jsonl", "--out", "rest.jsonl")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"problem": "écho", "other": "écho", "how": "statement", "similarity": 1.0}
    ]
    assert [problem.id for problem in read_jsonl(tmp_path / "rest.jsonl")] == ["biggest"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "nothing.jsonl"], "no such file"),
        (["show", "data.jsonl", "eco"], "similar"),
        (["convert", "data.jsonl", "data.jsonl"], "name another"),
        (["verify", "starter"], "--out"),
        (["dedupe", "data.jsonl", "--against", "data.jsonl", "--similarity", "2"], "--similarity"),
        (["frobnicate", "data.jsonl"], "invalid choice"),
        (["list", "data.jsonl", "--layout", "apps"], "input_output"),
    ],
)
def test_errors_are_one_line(rlef_here: Rlef, data: Path, arguments: list[str], words: str) -> None:
    before = data.read_bytes()
    done = rlef_here("problems", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert data.read_bytes() == before
