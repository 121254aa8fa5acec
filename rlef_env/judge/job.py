"""Judge jobs: a program, and the tests of a problem to run it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from rlef_env.errors import UsageError
from rlef_env.judge.judgement import Judgement, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.problems.problem import ROLES, Role
from rlef_env.sandbox import Program

__all__ = ["STOPPED", "JudgeJob", "as_job", "check_job", "needed_to_judge", "no_verdict"]

STOPPED: Final = "stopped"
TYPES: Final = {"problem": Problem, "program": Program, "roles": tuple, "limit": int | None, "offset": int, "gate": int}


@dataclass(frozen=True, slots=True)
class JudgeJob:
    """A program to judge on a problem.

    Attributes:
        problem: problem to solve.
        program: program to judge.
        roles: roles of the tests to run, in this order.
        stop_early: skip the tests after the first failing one, except those before the gate.
        limit: maximal number of tests to run; None for all.
        offset: number of tests to skip at the beginning.
        gate: number of the following tests that are all run; if one of them fails for certain, the tests after the gate
            are skipped. The environments put shown tests before the gate and hidden ones after it.
    """

    problem: Problem
    program: Program
    roles: tuple[Role, ...] = ROLES
    stop_early: bool = True
    limit: int | None = None
    offset: int = 0
    gate: int = 0

    def tests(self) -> list[tuple[Role, int, Test]]:
        """Return the tests to run: role, index within the role, test."""
        tests = list(self.problem.tests(*self.roles))[self.offset :]
        return tests if self.limit is None else tests[: self.limit]

    def ends(self, number: int, failed: bool) -> bool:
        """Return whether to skip a test and all tests after it.

        Args:
            number: number of the test, counted from 0.
            failed: whether a test before it failed for certain.
        """
        return failed and (number == self.gate or (self.stop_early and number > self.gate))


def as_job(job: JudgeJob | Problem, program: Program | None, options: Mapping[str, Any]) -> JudgeJob:
    """Return the job itself, or the job made of a problem, a program and further fields of ``JudgeJob``.

    Raises:
        UsageError: a field has the wrong type or an unknown value.
    """
    if isinstance(job, JudgeJob) and (program is not None or options):
        raise UsageError("judge: expected a JudgeJob alone, got further arguments; use dataclasses.replace on the job")
    made = job if isinstance(job, JudgeJob) else JudgeJob(job, program, **options)  # type: ignore[arg-type]
    check_job(made)
    return made


def check_job(job: JudgeJob) -> None:
    """Check a job before it is judged or queued.

    Raises:
        UsageError: a field has the wrong type or an unknown value.
    """
    if not isinstance(job, JudgeJob):
        raise UsageError(f"job: expected a JudgeJob, got {type(job).__name__}")
    for name, kind in TYPES.items():
        if not isinstance(value := getattr(job, name), kind):
            type_name = getattr(kind, "__name__", kind)
            raise UsageError(f"JudgeJob: expected {name} to be of the type {type_name}, got {value!r:.100}")
    if unknown := [role for role in job.roles if role not in ROLES]:
        raise UsageError(f"JudgeJob: expected roles to be some of {list(ROLES)}, got {unknown}")
    for name in ("limit", "offset", "gate"):
        if (number := getattr(job, name)) is not None and number < 0:
            raise UsageError(f"JudgeJob: expected {name} to be 0 or more, got {number}")
    if not isinstance(job.program.source, str):
        raise UsageError(f"Program: expected source to be a str, got {type(job.program.source).__name__}")


def needed_to_judge(problem: Problem) -> Problem:
    """Return the problem without the fields that judging does not read: solutions can be as large as the tests."""
    solutions = () if problem.interactor is None else problem.solutions  # control runs of the interactor use them
    return replace(problem, statement="", solutions=solutions, incorrect_solutions=(), extra={})


def no_verdict(job: JudgeJob, isolation: str, reason: str = STOPPED) -> Judgement:
    """Return the judgement of a job that could not be judged."""
    return Judgement(Verdict.NO_VERDICT, total=len(job.tests()), category=reason, isolation=isolation)
