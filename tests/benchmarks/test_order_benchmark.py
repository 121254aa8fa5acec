"""The benchmark of the order of hidden tests, on figures computed by hand."""

from __future__ import annotations

import ast

import pytest

from benchmarks.order import WrongProgram, measure
from benchmarks.program_mutants import mutants
from rlef_env.judge import Verdict
from rlef_env.judge.points import Place
from rlef_env.problems import Problem, Test

PROBLEM = Problem("p", "", private_tests=tuple(Test(f"{n}", f"{n}") for n in range(4)))


def wrong(digit: str, failed: dict[Place, Verdict]) -> WrongProgram:
    return WrongProgram(digit, True, failed)


def test_each_half_is_measured_in_the_order_of_the_other() -> None:
    """In the old order 3 and 4 tests are run; in the order of the other half test 3, then test 2 comes first."""
    programs = [
        wrong("0", {("private", 2): Verdict.TIME_LIMIT, ("private", 3): Verdict.WRONG_ANSWER}),
        wrong("1", {("private", 3): Verdict.WRONG_ANSWER}),
    ]
    none, half, all_programs = measure("source", [PROBLEM], {"p": programs})
    assert (none.before, none.after, none.other_failure) == (7, 7, 0)
    # The first program: test 3 is first. The second one: tests 2 and 3 of the first program are first.
    assert (half.before, half.after, half.other_failure) == (7, 1 + 2, 1)
    assert (all_programs.after, all_programs.best, all_programs.other_failure) == (2, 2, 1)
    assert half.ratio == pytest.approx(3 / 7, abs=1e-3)


def test_a_mutant_differs_by_one_change() -> None:
    found = mutants("n = int(input())\nif n < 3 and n:\n    print(n + 1)", 20)
    assert "n = int(input())\nif n <= 3 and n:\n    print(n + 1)" in found
    assert "n = int(input())\nif n < 3 or n:\n    print(n - 1)" not in found
    # Constants 3 and 1 (two each), <, and, +.
    assert len(found) == len(set(found)) == 7
    assert all(ast.parse(each) for each in found)
    assert mutants("n = int(input())\nif n < 3 and n:\n    print(n + 1)", 2) == found[:2]
    assert mutants("print 1", 3) == []
