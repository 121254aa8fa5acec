"""The starter set: its contents, that the shipped file is built from the sources, and a proof of every label."""

from __future__ import annotations

import importlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from rlef_env.judge import JudgeJob, JudgePool, Verdict
from rlef_env.problems import Problem, load_dataset
from rlef_env.sandbox import Program
from tools import build_starter

ROWS: dict[str, dict[str, Any]] = {
    row["name"].removeprefix("starter/"): row
    for row in map(json.loads, build_starter.OUTPUT.read_text(encoding="utf-8").splitlines())
}
PROBLEMS: dict[str, Problem] = {problem.id.removeprefix("starter/"): problem for problem in load_dataset("starter")}
SPECIAL = [slug for slug, row in ROWS.items() if row["checker"]["name"] == "python"]
WRONG_VERDICTS = {
    "wrong_answer",
    "time_limit",
    "runtime_error",
    "memory_limit",
    "output_limit",
    "compile_error",
    "security_violation",
}
MAX_BYTES = 1_900_000
MAX_INPUT_BYTES = 60_000
HOSTILE_OUTPUTS = (
    "",
    "\n",
    "\0",
    "-",
    "-1",
    "1",
    "nan",
    "1e3",
    "+1 -0",
    "²",
    "١",  # a digit to str.isdigit() and to int(), but not ours
    "1\u20032",
    "\ud800",
    "9" * 5000,
    "1 " * 200_000,
    "9" * 10_000_000,
    "AB" * 5_000_000,
)


def source_of(slug: str) -> ModuleType:
    return importlib.import_module(f"data.starter.{slug.replace('-', '_')}")


def check_of(slug: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(ROWS[slug]["checker"]["source"], namespace)
    return namespace["check"]


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_the_set_is_large_and_varied() -> None:
    difficulties = Counter(problem.difficulty for problem in PROBLEMS.values())
    verdicts = Counter(wrong.verdict for problem in PROBLEMS.values() for wrong in problem.incorrect_solutions)
    tags = {tag for problem in PROBLEMS.values() for tag in problem.tags}

    assert len(PROBLEMS) >= 62
    assert set(difficulties) == {"easy", "medium", "hard"}
    assert min(difficulties.values()) >= 10
    assert difficulties["easy"] >= 25
    assert set(verdicts) == WRONG_VERDICTS
    assert verdicts["memory_limit"] >= 4
    assert verdicts["compile_error"] >= 8
    assert verdicts["time_limit"] >= 30
    assert len(SPECIAL) >= 7
    assert sum(row["checker"]["name"] == "kattis" for row in ROWS.values()) >= 3
    assert sum(problem.function is not None for problem in PROBLEMS.values()) >= 3
    assert tags >= {"math", "strings", "greedy", "dp", "graphs", "binary search", "two pointers", "sorting"}
    assert tags >= {"geometry", "data structures", "simulation", "bit manipulation", "number theory", "combinatorics"}
    assert tags >= {"games", "constructive", "recursion", "parsing", "palindromes", "probability", "matrices"}
    assert tags >= {"digit dp", "matchings", "bridges", "eulerian paths", "minimum spanning trees", "cycle detection"}
    assert any(not problem.public_tests[1].input.isascii() for problem in PROBLEMS.values())


def test_the_first_problem_is_the_easiest() -> None:
    assert next(iter(PROBLEMS)) == "add-numbers"
    assert PROBLEMS["add-numbers"].solutions[0].source == "print(sum(map(int, input().split())))\n"


def test_the_file_is_small() -> None:
    assert build_starter.OUTPUT.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("slug", PROBLEMS)
def test_a_problem_is_complete(slug: str) -> None:
    problem = PROBLEMS[slug]

    assert len(problem.public_tests) >= 2
    assert len(problem.private_tests) >= 8
    assert len(problem.generated_tests) >= 8
    assert len({solution.source for solution in problem.solutions}) >= 2
    assert len({solution.source for solution in problem.incorrect_solutions}) >= 3
    assert {solution.verdict for solution in problem.incorrect_solutions} <= WRONG_VERDICTS
    assert {solution.verdict for solution in problem.solutions} == {None}
    assert {solution.language for solution in problem.solutions + problem.incorrect_solutions} == {"python"}
    assert problem.time_limit is not None
    assert 0 < problem.time_limit <= 2
    assert problem.memory_limit is not None
    assert problem.memory_limit >= 64_000_000
    assert problem.tags
    assert len({test.input for _, _, test in problem.tests()}) == sum(1 for _ in problem.tests())
    assert all(len(test.input.encode()) <= MAX_INPUT_BYTES for _, _, test in problem.tests())


@pytest.mark.parametrize("slug", PROBLEMS)
def test_a_statement_shows_the_public_tests(slug: str) -> None:
    problem = PROBLEMS[slug]
    examples = problem.statement.partition("\nExamples\n")[2]

    for section in ("Input\n\n", "Output\n\n", "Note\n\n"):
        assert section in problem.statement
    for test in problem.public_tests:
        assert f"Input\n\n{test.input}\nOutput\n\n{test.output}" in examples
    assert all(len(line) <= 110 for line in problem.statement.partition("\nExamples\n")[0].splitlines())


# --- where it comes from ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_shipped_file_is_what_the_sources_give(tmp_path: Any) -> None:
    build_starter.build(tmp_path / "starter.jsonl")

    shipped = build_starter.OUTPUT.read_text(encoding="utf-8").splitlines()
    built = (tmp_path / "starter.jsonl").read_text(encoding="utf-8").splitlines()
    differing = [json.loads(row)["name"] for row in built if row not in shipped]
    assert not differing, "run `python -m tools.build_starter` and commit the file"
    assert shipped == built


@pytest.mark.parametrize("slug", PROBLEMS)
def test_a_validator_refuses_what_is_not_exactly_an_input(slug: str) -> None:
    validate = source_of(slug).validate

    for text in ROWS[slug]["public_tests"]["input"]:
        validate(text)
        for broken in (
            "",
            "\n",
            text[:-1],
            f"{text}\n",
            f"{text}0\n",
            f" {text}",
            f"\n{text}",
            text.replace("\n", " \n"),
        ):
            with pytest.raises(ValueError, match="expected"):
                validate(broken)


# --- special checkers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", SPECIAL)
def test_a_checker_accepts_the_stored_answers_and_nothing_after_them(slug: str) -> None:
    check = check_of(slug)

    for _, _, test in PROBLEMS[slug].tests():
        assert check(test.input, test.output, test.output) is True
        assert check(test.input, f"  {test.output}\n\n", test.output) is True
        assert check(test.input, f"{test.output} 1", test.output) is False
        assert check(test.input, "".join(test.output.split()[:-1]), test.output) is False


@pytest.mark.parametrize("slug", SPECIAL)
def test_a_checker_survives_hostile_output(slug: str) -> None:
    check = check_of(slug)
    tests = [test for _, _, test in PROBLEMS[slug].tests()]
    longest = max(tests, key=lambda test: len(test.input))

    for test in (tests[0], tests[1], longest):
        for output in HOSTILE_OUTPUTS:
            began = time.process_time()
            right = check(test.input, output, test.output)
            assert time.process_time() - began < 1.0
            assert isinstance(right, bool)
            assert not right or output.split() == test.output.split()


# --- the proof of the labels -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool() as judges:
        yield judges


@pytest.mark.parametrize("slug", PROBLEMS)
def test_every_stored_program_gets_the_verdict_of_its_label(slug: str, pool: JudgePool) -> None:
    problem = PROBLEMS[slug]
    stored = problem.solutions + problem.incorrect_solutions
    jobs = [JudgeJob(problem, Program(solution.source)) for solution in stored]

    verdicts = [judgement.verdict.value for judgement in pool.judge_all(jobs)]

    assert verdicts == [solution.verdict or "accepted" for solution in stored]


def test_many_wrong_programs_fail_a_public_test_and_many_pass_them_all(pool: JudgePool) -> None:
    """The former give second turns useful feedback; the latter show the need for private tests."""
    jobs = [
        JudgeJob(problem, Program(wrong.source), roles=("public",))
        for problem in PROBLEMS.values()
        for wrong in problem.incorrect_solutions
        if wrong.verdict == "wrong_answer"
    ]

    passing = [judgement.verdict is Verdict.ACCEPTED for judgement in pool.judge_all(jobs)]

    assert sum(passing) >= 40
    assert len(passing) - sum(passing) >= 60
