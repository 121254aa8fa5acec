"""The judge: runs a program on a problem's tests in the sandbox, compares outside it, and says what is right.

Expected outputs never leave this process, except to a problem's own checker program, which runs in a sandbox of its
own after the judged program has ended.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, overload

from rlef_env.errors import DataError, MachineStarved, SandboxFailure, UsageError
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers, check_custom_checkers
from rlef_env.judge.job import STOPPED, JudgeJob, as_job
from rlef_env.judge.judgement import UNDECIDED, Judgement, Measured, TestResult, Verdict, judgement_of
from rlef_env.judge.runners.base import Outcome, RunnerOf
from rlef_env.judge.runners.function import function_runner
from rlef_env.judge.runners.interactive import interactive_runner
from rlef_env.judge.runners.stdio import stdio_runner
from rlef_env.judge.sandboxes import OnSleep, Sandboxes, ignore_sleep
from rlef_env.problems import Problem, Role, Test
from rlef_env.sandbox import ISOLATIONS, OUT_OF_MEMORY, Limits, Program, Sandbox

__all__ = ["DEFAULT_MEMORY_BYTES", "DEFAULT_TIME_SECONDS", "Judge"]

DEFAULT_TIME_SECONDS = 10.0
"""Where a problem names no time limit (RLEF, section 3: 10 seconds)."""
DEFAULT_MEMORY_BYTES = 1_000_000_000
"""Where a problem names no memory limit (RLEF, section 3: 1 GB)."""
OUTPUT_BYTES = 2**24  # what a program may print, or four times the longest answer
ATTEMPTS = 3
EXCERPT = 4096  # characters of a failing test's output and errors that are kept
STARVED = "starved"  # category of what the machine gave too little time or memory
LONGEST_CATEGORY = 300  # characters
PROBE, SCRATCH_BYTES = Program("print(input())"), 2**20
TimeFactor: TypeAlias = float | Mapping[str, float]
Tests: TypeAlias = Sequence[tuple[Role, int, Test]]


class Interrupted(Exception):
    """The rest of the tests is not wanted any more."""


def factor_of(factor: TimeFactor, program: Program) -> float:
    """What a program's time limit is multiplied by."""
    return factor.get(program.language, 1.0) if isinstance(factor, Mapping) else factor


def kind_of(problem: Problem) -> str:
    """How a problem's programs are run: ``"stdio"``, ``"function"`` or ``"interactive"``."""
    if problem.function is not None:
        return "function"
    return "stdio" if problem.interactor is None else "interactive"


def never() -> bool:
    """Return False: do not interrupt."""
    return False


class Judge:
    """Judges one program at a time, in one sandbox that is started when first needed.

    Not for several threads at once, nor to be carried over a fork; see ``JudgePool`` for many programs at once.

    Args:
        isolation: ``"locked"``, or ``"none"`` for no lock at all.
        time_factor: multiplies every problem's time limit, e.g. for a slower machine; or a factor for each language,
            e.g. ``{"python": 5.0, "java": 2.0}`` for limits that were set for C++, in which languages not named have 1.
        numpy: let programs import numpy.
        checkers: functions ``(input, output, expected) -> bool`` of your own, by name: a problem asks for one with
            ``CheckerSpec(name)``. All three are bytes. They run here, outside of any sandbox and without a limit.
        on_sleep: called with True when the judged program sleeps, so that it holds no core, and with False when it
            runs again.
        interrupt: called before each test; when it returns True, the other tests are not run: ``NO_VERDICT``.

    Raises:
        UsageError: an argument has a value that is not supported.
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
        self._runners: dict[str, RunnerOf] = {
            "stdio": partial(stdio_runner, custom_checkers=checkers),
            "function": partial(function_runner, custom_checkers=checkers),
            "interactive": interactive_runner,
        }
        self._stopped = False
        self._sandboxes = Sandboxes(isolation, numpy, on_sleep)

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> Judge:
        """Itself: Gymnasium copies the arguments of ``make``, and a judge is shared, not copied."""
        return self

    def close(self) -> None:
        """End the sandboxes. Safe to call twice; the next judgement starts new ones."""
        self._sandboxes.close()

    def stop(self) -> None:
        """End what is being judged at once, from any thread, with ``NO_VERDICT``; and so all that is asked later."""
        self._stopped = True
        self._sandboxes.kill()

    @overload
    def judge(self, job: JudgeJob, /) -> Judgement: ...

    @overload
    def judge(self, problem: Problem, program: Program, **options: Any) -> Judgement: ...

    def judge(self, problem: JudgeJob | Problem, program: Program | None = None, **options: Any) -> Judgement:
        """Judge a program on a problem's tests.

        Args:
            problem: the job; or its problem, followed by the program.
            program: the job's program, unless the job itself is given.
            options: further fields of the ``JudgeJob``, such as ``stop_early=False``.

        Returns:
            The judgement. Where the sandbox fails it is retried, then ``NO_VERDICT``. So it is, with the category
            ``"starved"``, where the machine gave too little time or memory. A program that alone brings down fresh
            sandboxes, while an honest one runs in them, has a ``RUNTIME_ERROR``.

        Raises:
            IsolationUnavailable: this machine lacks a required layer of the lock.
            UsageError: the program's language is not supported, or an argument is of the wrong kind.
        """
        job = as_job(problem, program, options)
        tests = job.tests()
        if not tests:
            return Judgement(Verdict.NO_VERDICT, category="no tests", isolation=self.isolation)
        measured, undone = self._measured(job, tests)
        if undone is not None:
            del measured[len(tests) - 1 :]  # the sandbox may be lost after the last test, too
            role, index, _ = tests[len(measured)]
            measured.append(Measured(TestResult(role, index, *undone)))
        judgement = judgement_of(job.problem, measured, len(tests), self.isolation)
        if undone is None or undone[0] is not Verdict.NO_VERDICT:
            return judgement
        return replace(judgement, verdict=undone[0], category=undone[1])  # whatever came before: it is our own failure

    def _measured(self, job: JudgeJob, tests: Tests) -> tuple[list[Measured], tuple[Verdict, str] | None]:
        """What came of the tests; and if they were left before their end, what is to be said of the next one."""
        lost, starved = "", False
        for _ in range(ATTEMPTS):
            measured: list[Measured] = []
            try:
                self._measure(job, tests, measured)
            except Interrupted:
                break
            except MachineStarved:  # it was repeated already
                return measured, (Verdict.NO_VERDICT, STARVED)
            except DataError as error:  # a test that the loader could not look into is no fault of the program
                return measured, (Verdict.NO_VERDICT, str(error))
            except (OSError, SandboxFailure) as error:
                lost, starved = str(error), OUT_OF_MEMORY.happened()
                self.close()
            else:
                return measured, None
            if self._stopped:
                break
        if starved and not self._stopped:
            return measured, (Verdict.NO_VERDICT, STARVED)  # the kernel ended something since the attempt before
        fault = lost and not self._stopped and self._probe(job.problem)
        return measured, (Verdict.RUNTIME_ERROR, "lost") if fault else (Verdict.NO_VERDICT, lost or STOPPED)

    def _measure(self, job: JudgeJob, tests: Tests, measured: list[Measured]) -> None:
        """Add what comes of each test to a list."""
        limits = self._limits(job.problem, job.program)
        runner_of = self._runners[kind_of(job.problem)]
        asked = [test for _, _, test in tests]
        failed = False
        with runner_of(self._sandboxes, job.problem, job.program, limits, asked, job.gate) as run:
            for number, (role, index, test) in enumerate(tests):
                if job.ends(number, failed):
                    return
                if self._stopped or self._interrupt():
                    raise Interrupted
                outcome = run(test)
                measured.append(Measured(_result(role, index, outcome), outcome.cpu_seconds, outcome.peak_bytes))
                failed = failed or outcome.verdict not in UNDECIDED

    def _limits(self, problem: Problem, program: Program) -> Limits:
        factor = factor_of(self.time_factor, program)
        longest = max(len(test.output) for _, _, test in problem.tests())
        return Limits(
            cpu_seconds=(problem.time_limit or DEFAULT_TIME_SECONDS) * factor,
            memory_bytes=problem.memory_limit or DEFAULT_MEMORY_BYTES,
            # A power of two: how long the answers are is nobody's business.
            output_bytes=max(OUTPUT_BYTES, 1 << (4 * longest).bit_length()),
        )

    def _probe(self, problem: Problem) -> bool:
        """Whether fresh sandboxes run an honest program, one with a scratch folder if the problem's own need one."""
        own = problem.interactor is not None or problem.checker.source is not None
        try:
            with Sandbox(self.isolation) as sandbox:
                for limits in (Limits(), Limits(scratch_bytes=SCRATCH_BYTES))[: 1 + own]:
                    with sandbox.load(PROBE, limits) as loaded:
                        if loaded.run(b"probe\n").stdout != b"probe\n":
                            return False
        except (OSError, SandboxFailure):
            return False
        return True


def _result(role: Role, index: int, outcome: Outcome) -> TestResult:
    failed = outcome.verdict is not Verdict.ACCEPTED
    return TestResult(
        role,
        index,
        outcome.verdict,
        _in_a_line(outcome.category),
        stdout=_start(outcome.stdout) if failed else "",
        stderr=_ends(outcome.stderr) if failed else "",
    )


def _in_a_line(category: str | None) -> str | None:
    """What may be the program's own words, such as the name of an exception: bounded, and fit for any page."""
    if category is None:
        return None
    return "".join(each if each.isprintable() else "?" for each in category[:LONGEST_CATEGORY])


def _start(output: bytes) -> str:
    text = output[: 4 * EXCERPT].decode("utf-8", "replace")
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "[...]"


def _ends(errors: bytes) -> str:
    text = errors.decode("utf-8", "replace")
    return text if len(text) <= EXCERPT else text[: EXCERPT // 4] + "[...]" + text[-(EXCERPT * 3 // 4) :]
