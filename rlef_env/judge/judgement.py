"""Verdicts, results of single tests, and the judgement that they make together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from rlef_env.judge.points import GroupScore, Place, group_scores
from rlef_env.problems import Problem
from rlef_env.problems.problem import Role

__all__ = ["UNDECIDED", "Judgement", "Measured", "TestResult", "Verdict", "judgement_of"]


class Verdict(str, Enum):
    """Whether a program is right, and if not, how it failed."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    COMPILE_ERROR = "compile_error"
    SECURITY_VIOLATION = "security_violation"
    NO_PROGRAM = "no_program"
    """The response held no program."""
    NO_VERDICT = "no_verdict"
    """The judge itself failed. Never a wrong answer, never a reward."""


UNDECIDED: Final = (Verdict.ACCEPTED, Verdict.NO_VERDICT)
"""Verdicts of a test that has not failed for certain: the next tests are run, also with ``stop_early``."""


class TestResult(NamedTuple):
    """Result of one test. Equal results can be the same object: a learner keeps many thousands of them.

    Attributes:
        role: ``"public"``, ``"private"`` or ``"generated"``.
        index: index of the test within its role.
        verdict: never ``NO_PROGRAM``.
        category: finer name for a failure: the exception's type (``"IndexError"``), ``"SIGSEGV"``,
            ``"exit status 3"``; None if there is none.
        stdout: start of the program's output, decoded; empty for an accepted test.
        stderr: the program's standard error, decoded and cut in the middle; empty for an accepted test.
    """

    role: Role
    index: int  # type: ignore[assignment]  # hides tuple.index, which is not used here
    verdict: Verdict
    category: str | None = None
    stdout: str = ""
    stderr: str = ""


TestResult.__test__ = False  # type: ignore[attr-defined]  # not a pytest class


class Measured(NamedTuple):
    """Result of one test, and the resources that the program used.

    Attributes:
        result: result of the test.
        cpu_seconds: CPU time of the program.
        peak_bytes: peak memory of the program.
    """

    result: TestResult
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict on a program, with the results of its tests.

    Attributes:
        verdict: verdict of the first failing test; if none fails, ``NO_VERDICT`` if a test has none, else
            ``ACCEPTED``. So a certain failure counts even if another test has no verdict.
        results: results of the tests that were run, in order.
        total: number of tests that there were to run.
        category: category of the first failing test.
        isolation: ``"locked"``, or ``"none"`` if the caller asked for no lock.
        groups: points of each group of tests, if the problem has a score.
        test_cpu_seconds: CPU time of each result; empty if it was not measured. It differs from run to run, so it does
            not count for equality.
        test_peak_bytes: peak memory of each result, likewise.
        judge_failed: whether the judge itself failed on the last result: then the verdict is ``NO_VERDICT`` whatever
            the other results are. It is not stored, and does not count for equality.
    """

    verdict: Verdict
    results: tuple[TestResult, ...] = ()
    total: int = 0
    category: str | None = None
    isolation: str = "locked"
    groups: tuple[GroupScore, ...] = ()
    test_cpu_seconds: tuple[float, ...] = field(default=(), compare=False)
    test_peak_bytes: tuple[int, ...] = field(default=(), compare=False)
    judge_failed: bool = field(default=False, compare=False)

    def measured(self) -> list[Measured]:
        """Return each result with its resources; zeros if they were not measured."""
        none = (0,) * len(self.results)
        each = zip(self.results, self.test_cpu_seconds or none, self.test_peak_bytes or none, strict=True)
        return list(map(Measured._make, each))

    @property
    def passed(self) -> int:
        """Number of accepted tests."""
        return [result.verdict for result in self.results].count(Verdict.ACCEPTED)

    @property
    def cpu_seconds(self) -> float:
        """Sum of the CPU time of all tests."""
        return math.fsum(self.test_cpu_seconds)

    @property
    def score(self) -> float | None:
        """Points earned; None if the problem has no points, or a test has no verdict."""
        if not self.groups or any(result.verdict is Verdict.NO_VERDICT for result in self.results):
            return None
        return sum(group.earned for group in self.groups)


def judgement_of(problem: Problem, measured: Iterable[Measured], total: int, isolation: str = "locked") -> Judgement:
    """Return the judgement that test results make, with the points that groups of tests earned.

    If nothing failed, but not every test was run, the verdict is ``NO_VERDICT``.

    Args:
        problem: problem that was judged.
        measured: results of the tests that were run, in order.
        total: number of tests that there were to run.
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
        groups=group_scores(problem.groups, _accepted(results)) if problem.groups else (),
        test_cpu_seconds=cpu_seconds,
        test_peak_bytes=peak_bytes,
    )


def _accepted(results: Iterable[TestResult]) -> set[Place]:
    return {(result.role, result.index) for result in results if result.verdict is Verdict.ACCEPTED}
