"""Points of scoring problems."""

from __future__ import annotations

import pytest

from rlef_env.judge import TestResult, Verdict
from rlef_env.judge.groups import scores
from rlef_env.problems import Problem, Test, TestGroup

TESTS = tuple(Test(str(number), "") for number in range(6))


def problem(*groups: TestGroup) -> Problem:
    return Problem("p", "", private_tests=TESTS, groups=groups)


def group(name: str, points: float, tests: str, aggregate: str = "min", requires: str = "") -> TestGroup:
    places = tuple(("private", int(digit)) for digit in tests)
    return TestGroup(name, points, places, aggregate, tuple(requires.split()))  # type: ignore[arg-type]


def results(passed: str, failed: str = "") -> list[TestResult]:
    return [
        TestResult("private", int(digit), Verdict.ACCEPTED if digit in passed else Verdict.WRONG_ANSWER)
        for digit in passed + failed
    ]


A, B = group("a", 30, "01"), group("b", 70, "123")


@pytest.mark.parametrize(
    ("groups", "passed", "failed", "expected"),
    [
        ((A, B), "0123", "", [30, 70]),
        ((A, B), "01", "23", [30, 0]),
        ((A, B), "023", "1", [0, 0]),
        ((A, B), "01", "", [30, 0]),
        ((group("s", 10, "0123", "sum"),), "013", "2", [7.5]),
        ((group("s", 10, "0011", "sum"),), "0", "1", [5]),
        ((group("s", 10, "0123", "sum"),), "01", "", [5]),
        ((A, group("b", 70, "23", requires="a")), "0123", "", [30, 70]),
        ((A, group("b", 70, "23", requires="a")), "123", "0", [0, 0]),
        ((A, group("b", 70, "23", requires="a"), group("c", 5, "4", requires="b")), "234", "01", [0, 0, 0]),
        ((group("b", 70, "23", requires="a"), A), "23", "01", [0, 0]),
        ((group("samples", 0, "0"), group("b", 70, "23", requires="samples")), "23", "0", [0, 0]),
        ((group("samples", 0, "0"), group("b", 70, "23", requires="samples")), "023", "", [0, 70]),
        ((group("b", 70, "23", requires="unknown"),), "23", "", [0]),
        ((group("b", 70, "23", requires="b"),), "23", "", [70]),
        ((), "0", "", []),
    ],
)
def test_points(groups: tuple[TestGroup, ...], passed: str, failed: str, expected: list[float]) -> None:
    assert [group.earned for group in scores(problem(*groups), results(passed, failed))] == expected
