"""The judge: runs a program on a problem's tests in the sandbox, and compares its outputs outside of it.

Expected outputs never leave this process. The only exception is the problem's own checker program, which runs in a
sandbox of its own after the judged program has ended.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias, overload

from rlef_env.errors import DataError, MachineStarved, SandboxFailure, UsageError
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers, check_custom_checkers
from rlef_env.judge.job import STOPPED, JudgeJob, as_job
from rlef_env.judge.judgement import UNDECIDED, Judgement, Measured, TestResult, Verdict, judgement_of
from rlef_env.judge.runners.base import RunnerFactory, problem_kind
from rlef_env.judge.runners.function import function_runner
from rlef_env.judge.runners.interactive import interactive_runner
from rlef_env.judge.runners.stdio import stdio_runner
from rlef_env.judge.sandboxes import OnSleep, Sandboxes, ignore_sleep
from rlef_env.problems import Problem, Test
from rlef_env.problems.problem import Role
from rlef_env.sandbox import PRINTS_ONE, Limits, Program, Sandbox
from rlef_env.sandbox.machine.out_of_memory import OUT_OF_MEMORY
from rlef_env.sandbox.sandbox import ISOLATIONS

__all__ = ["ATTEMPTS", "DEFAULT_MEMORY_BYTES", "DEFAULT_TIME_SECONDS", "Judge", "TimeFactor", "time_factor_for"]

DEFAULT_TIME_SECONDS = 10.0
"""Time limit of a problem that has none (RLEF, section 3: 10 seconds)."""
DEFAULT_MEMORY_BYTES = 1_000_000_000
"""Memory limit of a problem that has none (RLEF, section 3: 1 GB)."""
MIN_OUTPUT_BYTES = 2**24  # a program can print at least this much, and four times the longest answer
ATTEMPTS = 3
STARVED = "starved"  # category of a test for which the machine gave too little time or memory
PROBE, PROBE_SCRATCH_BYTES = Program("print(input())"), 2**20
TimeFactor: TypeAlias = float | Mapping[str, float]
Tests: TypeAlias = Sequence[tuple[Role, int, Test]]


class Interrupted(Exception):
    """The caller does not need the remaining tests."""


class Failure(NamedTuple):
    """Why the tests were not run to their end: verdict and category of the next test."""

    verdict: Verdict
    category: str


def time_factor_for(factor: TimeFactor, program: Program) -> float:
    """Return the factor for the time limit of a program in its language."""
    return factor.get(program.language, 1.0) if isinstance(factor, Mapping) else factor


def never() -> bool:
    """Return False: do not interrupt."""
    return False


class Judge:
    """Judges one program at a time, in one sandbox that starts when it is first needed.

    A judge serves one thread and cannot be used after a fork; use ``JudgePool`` for many programs at once.

    Args:
        isolation: ``"locked"``, or ``"none"`` for no lock at all.
        time_factor: multiplies the time limit of every problem, for example for a slower machine; or a factor for each
            language, such as ``{"python": 5.0, "java": 2.0}`` for limits that were set for C++. A language that is not
            named has the factor 1.
        numpy: let programs import numpy.
        checkers: the caller's functions ``(input, output, expected) -> bool``, by name; a problem asks for one with
            ``CheckerSpec(name)``. All three arguments are bytes. They run in this process, outside of any sandbox and
            without a limit.
        on_sleep: called with True when the judged program sleeps, so that it holds no core, and with False when it
            runs again.
        interrupt: called before each test; when it returns True, the remaining tests are not run: ``NO_VERDICT``.

    Raises:
        UsageError: an argument has an unsupported value.
    """

    def __init__(
        self,
        isolation: str = "locked",
        time_factor: TimeFactor = 1.0,
        numpy: bool = False,
        checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
        on_sleep: OnSleep = ignore_sleep,
        interrupt: Callable[[], bool] = never,
    ) -> None:
        if isolation not in ISOLATIONS:
            raise UsageError(f"isolation: expected one of {list(ISOLATIONS)}, got {isolation!r}")
        for factor in time_factor.values() if isinstance(time_factor, Mapping) else (time_factor,):
            if type(factor) not in (int, float) or not 0 < factor < math.inf:
                raise UsageError(f"time_factor: expected a number above 0, or one for each language, got {factor!r}")
        check_custom_checkers(checkers)
        self.isolation, self.time_factor, self.numpy = isolation, time_factor, numpy
        self._interrupt = interrupt
        self._stopped = False
        self._sandboxes = Sandboxes(isolation, numpy, on_sleep)
        self._runners: dict[str, RunnerFactory] = {
            "stdio": partial(stdio_runner, custom_checkers=checkers),
            "function": partial(function_runner, custom_checkers=checkers),
            "interactive": interactive_runner,
        }

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> Judge:
        """Return the judge itself: Gymnasium copies the arguments of ``make``, and a judge is shared, not copied."""
        return self

    @property
    def zygotes(self) -> dict[int, bool]:
        """Zygotes of its sandboxes, as in ``Sandbox.zygotes``."""
        return self._sandboxes.zygotes

    def close(self) -> None:
        """Close the sandboxes. Safe to call twice; the next judgement starts new ones."""
        self._sandboxes.close()

    def stop(self) -> None:
        """Stop the current judgement, from any thread. It has ``NO_VERDICT``, and so have all later ones."""
        self._stopped = True
        self._sandboxes.kill()

    @overload
    def judge(self, job: JudgeJob, /) -> Judgement: ...

    @overload
    def judge(self, problem: Problem, program: Program, **options: Any) -> Judgement: ...

    def judge(self, problem: JudgeJob | Problem, program: Program | None = None, **options: Any) -> Judgement:
        """Judge a program on a problem's tests.

        A failure of the sandbox is retried, then the verdict is ``NO_VERDICT``. If the machine gave too little time or
        memory, it is ``NO_VERDICT``, too, with the category ``"starved"``. A program that alone brings down fresh
        sandboxes, while an honest one runs in them, has a ``RUNTIME_ERROR``.

        Args:
            problem: the job; or its problem, followed by the program.
            program: the program, unless a job is given.
            options: further fields of the ``JudgeJob``, such as ``stop_early=False``.

        Raises:
            IsolationUnavailable: this machine lacks a required layer of the lock.
            UsageError: the program's language is not supported, or an argument has the wrong type.
        """
        job = as_job(problem, program, options)
        tests = job.tests()
        if not tests:
            return Judgement(Verdict.NO_VERDICT, category="no tests", isolation=self.isolation)
        measured, failure = self._run_with_retries(job, tests)
        if failure is not None:
            del measured[len(tests) - 1 :]  # the sandbox can fail after the last test, too
            role, index, _ = tests[len(measured)]
            measured.append(Measured(TestResult(role, index, *failure)))
        judgement = judgement_of(job.problem, measured, len(tests), self.isolation)
        if failure is not None and failure.verdict is Verdict.NO_VERDICT:
            # Our own failure decides, whatever the results before it are.
            return replace(judgement, verdict=failure.verdict, category=failure.category, judge_failed=True)
        return judgement

    def _run_with_retries(self, job: JudgeJob, tests: Tests) -> tuple[list[Measured], Failure | None]:
        """Run the tests in up to ``ATTEMPTS`` sandboxes; return the results, and why the last attempt failed."""
        for _ in range(ATTEMPTS):
            measured: list[Measured] = []
            try:
                self._run_tests(job, tests, measured)
                return measured, None
            except Interrupted:
                return measured, Failure(Verdict.NO_VERDICT, STOPPED)
            except MachineStarved:  # the sandbox has repeated the run already
                return measured, Failure(Verdict.NO_VERDICT, STARVED)
            except DataError as error:  # a test that was not validated when it was loaded is not the program's fault
                return measured, Failure(Verdict.NO_VERDICT, str(error))
            except (OSError, SandboxFailure) as error:
                reason = str(error) or type(error).__name__
                out_of_memory = OUT_OF_MEMORY.happened()
                self.close()
            if self._stopped:
                return measured, Failure(Verdict.NO_VERDICT, reason)
        if out_of_memory:  # the kernel killed a process since the attempt before
            return measured, Failure(Verdict.NO_VERDICT, STARVED)
        if self._fresh_sandbox_works(job):
            return measured, Failure(Verdict.RUNTIME_ERROR, "lost")
        return measured, Failure(Verdict.NO_VERDICT, reason)

    def _run_tests(self, job: JudgeJob, tests: Tests, measured: list[Measured]) -> None:
        """Run the program on the tests and append each result to ``measured``."""
        limits = run_limits(job.problem, time_factor_for(self.time_factor, job.program))
        open_runner = self._runners[problem_kind(job.problem)]
        cases = [test for _, _, test in tests]
        failed = False
        with open_runner(self._sandboxes, job.problem, job.program, limits, cases, job.gate) as run:
            for number, (role, index, test) in enumerate(tests):
                if job.ends(number, failed):
                    return
                if self._stopped or self._interrupt():
                    raise Interrupted
                outcome = run(test)
                measured.append(outcome.measured(role, index))
                failed = failed or outcome.verdict not in UNDECIDED

    def _fresh_sandbox_works(self, job: JudgeJob) -> bool:
        """Return whether fresh sandboxes run honest programs, in each language that the job needs.

        If the problem has a program of its own, one with a scratch folder is tried, too.
        """
        problem = job.problem
        own = [each for each in (problem.interactor, problem.checker) if each is not None and each.source is not None]
        has_program = bool(own)
        try:
            with Sandbox(self.isolation) as sandbox:
                for language in sorted({job.program.language, *(each.language for each in own)} - {"python"}):
                    with sandbox.load(Program(PRINTS_ONE[language], language)) as loaded:
                        if loaded.run(b"").stdout != b"1\n":
                            return False
                for limits in (Limits(), Limits(scratch_bytes=PROBE_SCRATCH_BYTES))[: 1 + has_program]:
                    with sandbox.load(PROBE, limits) as loaded:
                        if loaded.run(b"probe\n").stdout != b"probe\n":
                            return False
        except (OSError, SandboxFailure):
            return False
        return True


def run_limits(problem: Problem, time_factor: float) -> Limits:
    """Return the limits of each run of a program on a problem."""
    longest = max(len(test.output) for _, _, test in problem.tests())
    return Limits(
        cpu_seconds=(problem.time_limit or DEFAULT_TIME_SECONDS) * time_factor,
        memory_bytes=problem.memory_limit or DEFAULT_MEMORY_BYTES,
        # Rounded up to a power of two, so that the limit does not leak the length of the expected output.
        output_bytes=max(MIN_OUTPUT_BYTES, 1 << (4 * longest).bit_length()),
    )
