"""The nouns of the judge: verdict, the result of one test, and a judgement over all tests."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from rlef_env.problems import Role

__all__ = ["UNDECIDED", "GroupScore", "Judgement", "Measured", "TestResult", "Verdict"]


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


class GroupScore(NamedTuple):
    """What a group of tests of a scoring problem earned.

    Attributes:
        name: the group's name.
        earned: points.
        points: what it earns at most.
    """

    name: str
    earned: float
    points: float


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
