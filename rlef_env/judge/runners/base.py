"""What runs a program on one test, whatever the kind of problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from rlef_env.errors import DataError
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import GRADERS, PLAIN_GRADER, Grader, Problem, Test
from rlef_env.sandbox import Limits, Program, PythonStart

__all__ = ["Outcome", "RunnerOf", "TestRunner", "grader_of", "start_of"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a program on one test.

    Attributes:
        verdict: never ``NO_PROGRAM``.
        category: as in ``TestResult``.
        stdout: what the program printed, or how what its function returned is written.
        stderr: what it printed to standard error, its traceback included.
        cpu_seconds: CPU time it took.
        peak_bytes: memory it touched at most.
    """

    verdict: Verdict
    category: str | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    cpu_seconds: float = 0.0
    peak_bytes: int = 0


TestRunner: TypeAlias = Callable[[Test], Outcome]
"""Runs the program on a test. Raises ``SandboxFailure`` for a failure of ours."""


def grader_of(problem: Problem) -> Grader:
    """What the grader of a problem's source puts round a program.

    Raises:
        DataError: ``Problem.grader`` is not one of ``GRADERS``.
    """
    if problem.grader and problem.grader not in GRADERS:
        raise DataError(
            f"grader: expected one of {', '.join(GRADERS)}, got {problem.grader!r}; leave it empty for none"
        )
    return GRADERS.get(problem.grader, PLAIN_GRADER)


def start_of(problem: Problem) -> PythonStart:
    """What a program in Python finds when it starts."""
    grader = grader_of(problem)
    return PythonStart(grader.imports, grader.recursion_limit)


class RunnerOf(Protocol):
    """Opens the test runner of a problem and a program: one for each kind of problem."""

    def __call__(
        self,
        sandboxes: Sandboxes,
        problem: Problem,
        program: Program,
        limits: Limits,
        tests: Sequence[Test],
        gate: int,
        /,
    ) -> AbstractContextManager[TestRunner]:
        """The runner; it will be called for these tests, in this order, perhaps not for all of them.

        What is shown of the tests before the gate must tell nothing of those behind.
        """
        ...
