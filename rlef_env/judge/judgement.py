"""The nouns of the judge: verdict, the result of one test, and a judgement over all tests."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from rlef_env.judge.points import GroupScore, Place, group_scores
from rlef_env.problems import Problem, Role

__all__ = ["UNDECIDED", "Judgement", "Measured", "TestResult", "Verdict", "judgement_of"]


class Verdict(str, Enum):
    """Is the program right?"""

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
"""A test with one of these says nothing against the program, and a later one may fail for certain."""


class TestResult(NamedTuple):
    """What came of one test. Equal ones may be one object: a learner keeps many thousands of them.

    Attributes:
        role: ``"public"``, ``"private"`` or ``"generated"``.
        index: the test's place within its role.
        verdict: never ``NO_PROGRAM``.
        category: a finer name for a failure: the exception's type (``"IndexError"``), ``"SIGSEGV"``,
            ``"exit status 3"``; None where there is none.
        stdout: start of what the program printed, decoded; empty for an accepted test.
        stderr: the program's standard error, decoded and cut in the middle; empty for an accepted test.
    """

    role: Role
    index: int  # type: ignore[assignment]  # hides a method of tuples that nobody needs here
    verdict: Verdict
    category: str | None = None
    stdout: str = ""
    stderr: str = ""


TestResult.__test__ = False  # type: ignore[attr-defined]  # not a pytest class


class Measured(NamedTuple):
    """What came of one test, and what the program took for it.

    Attributes:
        result: what came of it.
        cpu_seconds: CPU time.
        peak_bytes: memory that it touched at most.
    """

    result: TestResult
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A program judged on a problem's tests.

    Attributes:
        verdict: the first failing test's verdict; where none fails, ``NO_VERDICT`` if a test has none, else
            ``ACCEPTED``. So a failure that is certain counts whatever befell the other tests.
        results: the tests that were run, in order public, private, generated.
        total: how many tests there were to run.
        category: the first failing test's category.
        isolation: ``"locked"``, or ``"none"`` where the caller asked for no lock by name.
        groups: the points that each group of tests earned, where the problem has a score.
        test_cpu_seconds: CPU time of each result; empty where nobody measured. What differs from run to run does not
            count for equality.
        test_peak_bytes: memory that the program touched at most, for each result. Likewise.
    """

    verdict: Verdict
    results: tuple[TestResult, ...] = ()
    total: int = 0
    category: str | None = None
    isolation: str = "locked"
    groups: tuple[GroupScore, ...] = ()
    test_cpu_seconds: tuple[float, ...] = field(default=(), compare=False)
    test_peak_bytes: tuple[int, ...] = field(default=(), compare=False)

    def measured(self) -> list[Measured]:
        """Each result with what it took; zeros where nobody measured."""
        none = (0,) * len(self.results)
        each = zip(self.results, self.test_cpu_seconds or none, self.test_peak_bytes or none, strict=True)
        return list(map(Measured._make, each))

    @property
    def passed(self) -> int:
        """How many tests were accepted."""
        return [result.verdict for result in self.results].count(Verdict.ACCEPTED)

    @property
    def cpu_seconds(self) -> float:
        """CPU time of all tests together."""
        return math.fsum(self.test_cpu_seconds)

    @property
    def score(self) -> float | None:
        """Points earned; None where the problem has none, or a test has no verdict."""
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
