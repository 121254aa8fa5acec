"""Points of scoring problems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.judge import TestResult, Verdict
from rlef_env.judge.groups import is_needed, scores
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
    assert [points for _, points in scores(problem(*groups), results(passed, failed))] == expected


def test_what_is_still_needed() -> None:
    chain = problem(A, group("b", 70, "23", requires="a"), group("sum", 10, "45", "sum"))
    everything = "012345"
    for passed, failed, needed in [
        ("", "", everything),
        ("0", "", everything),
        ("", "0", "45"),  # a is lost, and b with it
        ("01", "2", "45"),
        ("2", "0", "45"),
        ("0123", "4", "5"),
        ("", "04", "5"),
    ]:
        now = results(passed, failed)
        done = passed + failed
        assert [d for d in everything if d not in done and is_needed(chain, now, "private", int(d))] == [
            d for d in needed if d not in done
        ]


def test_without_groups_the_first_failure_settles_it() -> None:
    assert is_needed(problem(), results("01"), "private", 2)
    assert not is_needed(problem(), results("0", "1"), "private", 2)
    none = TestResult("private", 1, Verdict.NO_VERDICT)
    assert is_needed(problem(), [*results("0"), none], "private", 2)
    assert not is_needed(problem(), [*results("0", "3"), none], "private", 2)


NAMES = "abcd"


@st.composite
def group_lists(draw: st.DrawFn) -> tuple[TestGroup, ...]:
    return tuple(
        group(
            name,
            draw(st.sampled_from([0, 1, 20])),
            draw(st.text("012345", min_size=1, max_size=4)),
            draw(st.sampled_from(["min", "sum"])),
            " ".join(draw(st.sets(st.sampled_from(NAMES[:number]), max_size=2)) if number else ()),
        )
        for number, name in enumerate(NAMES)
    )


@given(group_lists(), st.sets(st.sampled_from("012345")))
def test_leaving_out_what_is_not_needed_changes_nothing(groups: tuple[TestGroup, ...], failing: set[str]) -> None:
    chosen = problem(*groups)
    full = results("".join(d for d in "012345" if d not in failing), "".join(sorted(failing)))
    run: list[TestResult] = []
    for result in sorted(full, key=lambda each: each.index):
        if is_needed(chosen, run, result.role, result.index):
            run.append(result)
    assert scores(chosen, run) == scores(chosen, full)
    assert all(r.verdict is Verdict.ACCEPTED for r in run) == (not failing)
