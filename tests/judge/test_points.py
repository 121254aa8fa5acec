"""Points of scoring problems."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.judge.points import group_scores
from rlef_env.problems import TestGroup


def group(name: str, points: float, tests: str, aggregate: str = "min", requires: str = "") -> TestGroup:
    places = tuple(("private", int(digit)) for digit in tests)
    return TestGroup(name, points, places, aggregate, tuple(requires.split()))  # type: ignore[arg-type]


A, B = group("a", 30, "01"), group("b", 70, "123")


@pytest.mark.parametrize(
    ("groups", "passed", "expected"),
    [
        ((A, B), "0123", [30, 70]),
        ((A, B), "01", [30, 0]),
        ((A, B), "023", [0, 0]),
        ((group("s", 10, "0123", "sum"),), "013", [7.5]),
        ((group("s", 10, "0011", "sum"),), "0", [5]),
        ((group("s", 10, "0123", "sum"),), "01", [5]),
        ((A, group("b", 70, "23", requires="a")), "0123", [30, 70]),
        ((A, group("b", 70, "23", requires="a")), "123", [0, 0]),
        ((A, group("b", 70, "23", requires="a"), group("c", 5, "4", requires="b")), "234", [0, 0, 0]),
        ((group("b", 70, "23", requires="a"), A), "23", [0, 0]),
        ((group("samples", 0, "0"), group("b", 70, "23", requires="samples")), "23", [0, 0]),
        ((group("samples", 0, "0"), group("b", 70, "23", requires="samples")), "023", [0, 70]),
        ((group("b", 70, "23", requires="unknown"),), "23", [0]),
        ((group("b", 70, "23", requires="b"),), "23", [70]),
        ((), "0", []),
    ],
)
def test_points(groups: tuple[TestGroup, ...], passed: str, expected: list[float]) -> None:
    places = {("private", int(digit)) for digit in passed}
    assert [group.earned for group in group_scores(groups, places)] == expected


@given(st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 8), max_size=3)), max_size=8))
def test_a_group_earns_points_if_all_groups_that_it_requires_passed(drawn: list[tuple[bool, set[int]]]) -> None:
    """Requirements can form circles, and can name groups that do not exist."""
    groups = tuple(
        TestGroup(f"g{place}", 1.0, (("private", place),), "min", tuple(f"g{other}" for other in sorted(others)))
        for place, (_, others) in enumerate(drawn)
    )
    places = {("private", place) for place, (passed, _) in enumerate(drawn) if passed}

    def reached(start: int) -> set[int]:
        found, todo = set(), [start]
        while todo:
            place = todo.pop()
            if place not in found:
                found.add(place)
                todo += drawn[place][1] if place < len(drawn) else ()
        return found

    for place, score in enumerate(group_scores(groups, places)):
        earns = all(other < len(drawn) and drawn[other][0] for other in reached(place))
        assert score.earned == (1.0 if earns else 0.0)
