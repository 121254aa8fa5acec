"""Points of a scoring problem, from the results of its tests: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rlef_env.judge.judgement import GroupScore, Judgement, Measured, TestResult, Verdict
from rlef_env.problems import Problem, Role, TestGroup

__all__ = ["judgement_of", "scores"]

Place: TypeAlias = tuple[Role, int]


def judgement_of(problem: Problem, measured: Iterable[Measured], total: int, isolation: str = "locked") -> Judgement:
    """The judgement that results make, with the points that groups of tests earned.

    Where nothing failed, but not every test was run, it has no verdict.

    Args:
        problem: what was judged.
        measured: the results of the tests that were run, in order.
        total: how many tests there were to run.
        isolation: as in ``Judgement``.
    """
    results, cpu_seconds, peak_bytes = tuple(zip(*measured, strict=True)) or ((), (), ())
    failing = [result for result in results if result.verdict is not Verdict.ACCEPTED]
    failing.sort(key=lambda result: result.verdict is Verdict.NO_VERDICT)  # stable: the first of each kind
    if failing:
        verdict, category = failing[0].verdict, failing[0].category
    elif len(results) < total:
        verdict, category = Verdict.NO_VERDICT, f"{len(results)} of {total} tests were run"
    else:
        verdict, category = Verdict.ACCEPTED, None
    return Judgement(
        verdict=verdict,
        results=results,
        total=total,
        category=category,
        isolation=isolation,
        groups=scores(problem, results),
        test_cpu_seconds=cpu_seconds,
        test_peak_bytes=peak_bytes,
    )


def scores(problem: Problem, results: Iterable[TestResult]) -> tuple[GroupScore, ...]:
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
    return tuple(
        GroupScore(group.name, _points(group, shares) if _met(group, complete) else 0.0, float(group.points))
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


def _settled(groups: list[TestGroup], state: dict[str, bool]) -> dict[str, bool]:
    """``state`` without the groups that require one which is not in it; groups may stand in any order."""
    requiring: dict[str, list[str]] = {}
    for group in groups:
        for name in group.requires:
            requiring.setdefault(name, []).append(group.name)
    todo = [name for name in (*state, *requiring) if not state.get(name, False)]
    while todo:
        for name in requiring.pop(todo.pop(), ()):
            state[name] = False
            todo.append(name)
    return state
