"""Points of a scoring problem, from the results of its tests: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rlef_env.judge.verdict import TestResult, Verdict
from rlef_env.problems import Problem, Role, TestGroup

__all__ = ["is_needed", "scores"]

Place: TypeAlias = tuple[Role, int]


def scores(problem: Problem, results: Iterable[TestResult]) -> tuple[tuple[str, float], ...]:
    """Points that each group of tests earned, in the problem's own order; their sum is the problem's score.

    A group earns its points times the least of its tests' shares (``"min"``) or their mean (``"sum"``). The share of a
    test is 1 where it was accepted, else 0; a test that was not run earns nothing. A group whose required groups are
    not complete earns nothing. Where a result has no verdict, neither have these points a meaning.

    Args:
        problem: one with groups; without, there are no points.
        results: of the tests that were run, in any order.
    """
    shares = _shares(results)
    complete = _complete(problem.groups, shares)
    return tuple((group.name, _points(group, shares) if _met(group, complete) else 0.0) for group in problem.groups)


def is_needed(problem: Problem, results: Iterable[TestResult], role: Role, index: int) -> bool:
    """Whether a test that was not run yet can still change the verdict or the points.

    So one failing test ends its own group, and those that require it, but not the others.

    Args:
        problem: what is judged.
        results: of the tests that were run so far.
        role: the test's role.
        index: its place within the role.
    """
    results = list(results)
    if all(result.verdict in (Verdict.ACCEPTED, Verdict.NO_VERDICT) for result in results):
        return True  # a first certain failure would change the verdict
    shares = _shares(results)
    lost = _lost(problem.groups, shares)
    required = {name for group in problem.groups if group.name not in lost for name in group.requires}
    return any(
        group.name not in lost and (group.points != 0 or group.name in required) and (role, index) in group.tests
        for group in problem.groups
    )


def _shares(results: Iterable[TestResult]) -> dict[Place, float]:
    return {(result.role, result.index): float(result.verdict is Verdict.ACCEPTED) for result in results}


def _points(group: TestGroup, shares: Mapping[Place, float]) -> float:
    of_tests = [shares.get(test, 0.0) for test in group.tests]
    if not of_tests:
        return float(group.points)
    if group.aggregate == "min":
        return float(group.points * min(of_tests))
    return float(group.points * sum(of_tests) / len(of_tests))


def _met(group: TestGroup, complete: Mapping[str, bool]) -> bool:
    return all(complete.get(name, False) for name in group.requires)


def _complete(groups: Iterable[TestGroup], shares: Mapping[Place, float]) -> dict[str, bool]:
    """Group -> whether all its tests were passed, and those of the groups that it requires.

    Not whether it earned all of its points: a group of sample tests, worth nothing, may be required, too.
    """
    groups = list(groups)
    complete = {group.name: all(shares.get(test, 0.0) == 1 for test in group.tests) for group in groups}
    return _settled(groups, complete)


def _lost(groups: Iterable[TestGroup], shares: Mapping[Place, float]) -> frozenset[str]:
    """The groups that no further test can give points to, or complete."""
    groups = list(groups)
    unbroken = {group.name: all(shares.get(test, 1.0) == 1 for test in group.tests) for group in groups}
    possible = _settled(groups, unbroken)
    return frozenset(
        group.name
        for group in groups
        if not _met(group, possible)
        or (group.aggregate == "min" and any(shares.get(test, 1.0) == 0 for test in group.tests))
    )


def _settled(groups: list[TestGroup], state: dict[str, bool]) -> dict[str, bool]:
    """``state`` without the groups that require one which is not in it; groups may stand in any order."""
    changed = True
    while changed:
        changed = False
        for group in groups:
            if state[group.name] and not _met(group, state):
                state[group.name], changed = False, True
    return state
