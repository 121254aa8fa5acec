"""Classes of problems by their stored solutions: real programs, judged by the real judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rlef_env.judge import JudgePool
from rlef_env.problems import CheckerSpec, Problem, Solution, Test, problem_from_row
from rlef_env.problems.quality_report import Quality, QualityReport
from rlef_env.quality import verify

DOUBLE = "print(2 * int(input()))"
ADD_TWO = "print(2 + int(input()))"
SUM = Problem(
    "double",
    "Print twice the number that is given on the only line of the input, and nothing else.",
    public_tests=(Test("2\n", "4\n"),),
    private_tests=(Test("3\n", "6\n"), Test("10\n", "20\n")),
    solutions=(Solution(DOUBLE), Solution("n = int(input())\nprint(n + n)")),
    incorrect_solutions=(Solution(ADD_TWO),),
)


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(2) as pool:
        yield pool


def report(problem: Problem, pool: JudgePool) -> QualityReport:
    (found,) = verify([problem], pool)
    return found


def test_a_problem_whose_solutions_are_told_apart_is_verified(pool: JudgePool) -> None:
    found = report(SUM, pool)
    assert (found.quality, found.reasons) == (Quality.VERIFIED, ())
    assert (found.correct_passed, found.correct_total) == (2, 2)
    assert (found.incorrect_refused, found.incorrect_total) == (1, 1)


def test_an_incorrect_solution_that_passes_is_named(pool: JudgePool) -> None:
    found = report(replace(SUM, private_tests=()), pool)
    assert found.quality is Quality.WEAK_TESTS
    assert found.reasons == ("incorrect solution 0 passes all 1 tests",)


def test_a_correct_solution_that_fails_beside_one_that_passes_has_a_wrong_label(pool: JudgePool) -> None:
    found = report(replace(SUM, solutions=(Solution(DOUBLE), Solution(ADD_TWO))), pool)
    assert found.quality is Quality.WRONG_LABEL
    assert found.reasons == ("correct solution 1: wrong_answer on private test 0 and 1 more",)


def test_a_test_that_nobody_passes_is_bad(pool: JudgePool) -> None:
    found = report(replace(SUM, private_tests=(Test("3\n", "6\n"), Test("10\n", "21\n"))), pool)
    assert found.quality is Quality.BAD_TEST
    assert found.reasons[-1] == "no correct solution passes private test 1"


def test_answers_that_differ_in_case_need_a_checker(pool: JudgePool) -> None:
    yes = Solution("print('YES' if int(input()) % 2 else 'NO')")
    problem = Problem(
        "odd",
        "Is it odd?",
        public_tests=(Test("3\n", "Yes\n"), Test("4\n", "No\n")),
        checker=CheckerSpec("tokens"),
        solutions=(yes,),
    )
    found = report(problem, pool)
    assert (found.quality, found.checker) == (Quality.NEEDS_CHECKER, ("kattis",))


def test_several_answers_and_a_statement_that_says_so_are_ambiguous(pool: JudgePool) -> None:
    statement = "Print two numbers whose sum is the number given. If there are several answers, print any of them."
    problem = Problem("split", statement, (Test("5\n", "1 4\n"),), solutions=(Solution("print(0, int(input()))"),))
    assert report(problem, pool).quality is Quality.AMBIGUOUS
    assert report(replace(problem, statement="Print two numbers."), pool).quality is Quality.BAD_TEST


def test_solutions_that_all_take_too_long_are_too_slow(pool: JudgePool) -> None:
    slow = Solution("while True: pass")
    assert report(replace(SUM, time_limit=0.1, solutions=(slow, slow)), pool).quality is Quality.TOO_SLOW


def test_without_a_solution_to_run_a_problem_is_unverified(pool: JudgePool) -> None:
    assert report(replace(SUM, solutions=()), pool).quality is Quality.UNVERIFIED
    assert report(replace(SUM, solutions=(Solution("print(1)", "unknown"),)), pool).quality is Quality.UNVERIFIED


LACKING = [
    "import no_such_module\n",
    "print(np.sum([2, int(input())]))\n",
    "print raw_input()\n",
    "x = bytearray(10**10)\n",
]
LACKING += ["open('input.txt')\n", "import os\nos.kill(1, 9)\n", "def f(n):\n    return f(n + 1)\nf(0)\n"]


@pytest.mark.parametrize("source", LACKING)
def test_a_solution_that_cannot_run_here_blames_neither_test_nor_label(source: str, pool: JudgePool) -> None:
    alone = report(replace(SUM, solutions=(Solution(source), Solution(source))), pool)
    assert alone.quality is Quality.UNVERIFIED
    assert alone.reasons[0].startswith("correct solution 0 cannot run here: ")
    beside = report(replace(SUM, solutions=(Solution(DOUBLE), Solution(source))), pool)
    assert (beside.quality, beside.correct_passed, beside.correct_total) == (Quality.VERIFIED, 1, 2)
    assert beside.reasons == (alone.reasons[0].replace("solution 0", "solution 1"),)
    broken = replace(SUM, private_tests=(Test("3\n", "7\n"),), solutions=(Solution(DOUBLE), Solution(source)))
    assert report(broken, pool).quality is Quality.BAD_TEST


def test_an_exception_on_a_test_that_others_survive_is_about_the_test(pool: JudgePool) -> None:
    cut = replace(SUM, private_tests=(Test("3\n", "6\n"), Test("\n", "20\n")))
    found = report(cut, pool)
    assert (found.quality, found.reasons[-1]) == (Quality.BAD_TEST, "no correct solution passes private test 1")


def test_starter_code_of_apps_is_no_reason_to_blame_a_test(pool: JudgePool) -> None:
    solution = "class Solution:\n    def top(self, nums: List[int]) -> int:\n        return max(nums)\n"
    row = {
        "problem_id": 1, "question": "Largest.", "solutions": json.dumps([solution]),
        "input_output": json.dumps({"fn_name": "top", "inputs": [[[3, 1, 2]], [[5]]], "outputs": [3, 5]}),
    }  # fmt: skip
    assert report(problem_from_row(row), pool).quality is Quality.VERIFIED


def test_a_repeated_problem_is_a_duplicate_of_the_first(pool: JudgePool) -> None:
    again = replace(SUM, id="again", statement="DOUBLE   it: " + SUM.statement)
    first, second, third = verify([SUM, again, replace(SUM, id="third", private_tests=())], pool)
    assert (first.quality, second.quality, third.quality) == (Quality.VERIFIED, Quality.DUPLICATE, Quality.DUPLICATE)
    assert second.reasons[0] == third.reasons[0] == "repeats problem 'double'"


def test_reports_come_in_the_order_of_the_problems(pool: JudgePool) -> None:
    empty = Problem("empty", "Nothing to run at all.", (Test("1\n", "1\n"),))
    problems = [replace(SUM if number % 3 else empty, id=f"p{number}") for number in range(12)]
    assert [found.problem for found in verify(problems, pool)] == [problem.id for problem in problems]
