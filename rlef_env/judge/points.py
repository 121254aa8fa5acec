"""Points of a scoring problem: what each group of its tests earns. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from rlef_env.problems import TestGroup
from rlef_env.problems.problem import Role

__all__ = ["GroupScore", "Place", "group_scores"]

Place: TypeAlias = tuple[Role, int]
"""Role of a test and its index within the role."""


class GroupScore(NamedTuple):
    """Points that one group of tests earned.

    Attributes:
        name: name of the group.
        earned: points earned.
        points: maximal points.
    """

    name: str
    earned: float
    points: float


def group_scores(groups: Sequence[TestGroup], passed: Collection[Place]) -> tuple[GroupScore, ...]:
    """Return the points that each group earned, in the order of the groups; their sum is the problem's score.

    With ``aggregate="min"`` a group earns its points if all of its tests passed, with ``"sum"`` the share of them that
    passed. A test that was not run has not passed. A group earns nothing unless all groups that it requires are
    complete.

    Args:
        groups: groups of the problem.
        passed: places of the tests that were accepted.
    """
    complete = _complete_groups(groups, passed)
    return tuple(
        GroupScore(
            group.name,
            _points(group, passed) if all(complete.get(name, False) for name in group.requires) else 0.0,
            float(group.points),
        )
        for group in groups
    )


def _points(group: TestGroup, passed: Collection[Place]) -> float:
    if group.aggregate == "sum" and group.tests:
        return float(group.points * float(sum(test in passed for test in group.tests)) / len(group.tests))
    return float(group.points) if all(test in passed for test in group.tests) else 0.0


def _complete_groups(groups: Sequence[TestGroup], passed: Collection[Place]) -> Mapping[str, bool]:
    """Return for each group whether all of its tests passed, and all tests of the groups that it requires.

    Earned points do not decide this: a group of sample tests, worth nothing, can be required, too. Groups can stand in
    any order, and can require each other in a circle.
    """
    complete = {group.name: all(test in passed for test in group.tests) for group in groups}
    required_by: dict[str, list[str]] = {}
    for group in groups:
        for name in group.requires:
            required_by.setdefault(name, []).append(group.name)
    incomplete = [name for name in (*complete, *required_by) if not complete.get(name, False)]
    while incomplete:
        for name in required_by.pop(incomplete.pop(), ()):
            complete[name] = False
            incomplete.append(name)
    return complete
