"""The interface of runners: run a program on one test, whatever the kind of problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from rlef_env.errors import DataError
from rlef_env.judge.judgement import Measured, TestResult, Verdict
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Problem, Test
from rlef_env.problems.graders import GRADERS, PLAIN_GRADER, Grader
from rlef_env.problems.problem import Role
from rlef_env.sandbox import Limits, Program
from rlef_env.sandbox.execution import PythonStart

__all__ = ["RunOutcome", "RunnerFactory", "TestRunner", "grader_for", "problem_kind", "python_start"]

EXCERPT_CHARACTERS = 4096  # of a failing test's output and errors
MAX_CATEGORY_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """Outcome of a program on one test.

    Attributes:
        verdict: never ``NO_PROGRAM``.
        category: as in ``TestResult``.
        stdout: output of the program, or the text of the value that its function returned.
        stderr: standard error of the program, with its traceback.
        cpu_seconds: CPU time of the program.
        peak_bytes: peak memory of the program.
    """

    verdict: Verdict
    category: str | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def measured(self, role: Role, index: int) -> Measured:
        """Return the result to keep: excerpts of the texts of a failing test, no texts of an accepted one."""
        if self.verdict is Verdict.ACCEPTED:
            stdout = stderr = ""
        else:
            stdout, stderr = _start(self.stdout), _start_and_end(self.stderr)
        result = TestResult(role, index, self.verdict, _printable(self.category), stdout, stderr)
        return Measured(result, self.cpu_seconds, self.peak_bytes)


def _printable(category: str | None) -> str | None:
    """Bound a category and remove control characters: it can hold text of the program, such as an exception's name."""
    if category is None:
        return None
    return "".join(each if each.isprintable() else "?" for each in category[:MAX_CATEGORY_CHARACTERS])


def _start(output: bytes) -> str:
    text = output[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")
    return text if len(text) <= EXCERPT_CHARACTERS else text[:EXCERPT_CHARACTERS] + "[...]"


def _start_and_end(errors: bytes) -> str:
    text = errors.decode("utf-8", "replace")
    if len(text) <= EXCERPT_CHARACTERS:
        return text
    return text[: EXCERPT_CHARACTERS // 4] + "[...]" + text[-(EXCERPT_CHARACTERS * 3 // 4) :]


TestRunner: TypeAlias = Callable[[Test], RunOutcome]
"""Runs the program on a test. Raises ``SandboxFailure`` if the sandbox fails."""


class RunnerFactory(Protocol):
    """Opens the test runner of a problem and a program; there is one factory for each kind of problem."""

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
        """Return the runner; it is called for these tests in this order, but not always for all of them.

        Results of the tests before the gate are shown, so they must reveal nothing about the tests after it.
        """
        ...


def problem_kind(problem: Problem) -> Literal["stdio", "function", "interactive"]:
    """Return how the problem's programs are run."""
    if problem.function is not None:
        return "function"
    return "stdio" if problem.interactor is None else "interactive"


def grader_for(problem: Problem) -> Grader:
    """Return how the original grader of the problem starts a program.

    Raises:
        DataError: ``Problem.grader`` is not one of ``GRADERS``.
    """
    if problem.grader and problem.grader not in GRADERS:
        raise DataError(
            f"grader: expected one of {', '.join(GRADERS)}, got {problem.grader!r}; leave it empty for none"
        )
    return GRADERS.get(problem.grader, PLAIN_GRADER)


def python_start(problem: Problem) -> PythonStart:
    """Return the imports and the recursion limit with which a Python program starts."""
    grader = grader_for(problem)
    return PythonStart(grader.imports, grader.recursion_limit)
