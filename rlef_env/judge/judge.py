"""The judge: runs a program on a problem's tests in the sandbox, compares outside it, and says what is right.

Expected outputs never leave this process, except to a problem's own checker program, which runs in a sandbox of its
own after the judged program has ended.
"""

from __future__ import annotations

import math
import re
import signal
from collections.abc import Iterator, Sequence

from rlef_env.errors import SandboxFailure, UsageError
from rlef_env.judge.checkers import Checker, make_checker
from rlef_env.judge.program_checker import CheckerBroke, ProgramChecker
from rlef_env.judge.verdict import Judgement, TestResult, Verdict
from rlef_env.problems import ROLES, Problem, Role, Test
from rlef_env.sandbox import ISOLATIONS, Execution, Limits, LoadedProgram, Program, Sandbox, Status

__all__ = ["DEFAULT_MEMORY_BYTES", "DEFAULT_TIME_SECONDS", "Judge"]

DEFAULT_TIME_SECONDS = 10.0
"""Where a problem names no time limit (RLEF, section 3: 10 seconds)."""
DEFAULT_MEMORY_BYTES = 1_000_000_000
"""Where a problem names no memory limit (RLEF, section 3: 1 GB)."""
OUTPUT_BYTES = 2**24  # what a program may print, or four times the longest answer
ATTEMPTS = 3
LONGEST_TRACE = 2**20  # bytes looked at for an exception's name, and characters of that name
LONGEST_NAME = 100
EXCERPT = 4096  # characters of a failing test's output and errors that are kept
PROBE = Program("print(input())")
TRACEBACK = b"Traceback (most recent call last):\n"
EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(: |:?$)")

VERDICTS = {
    Status.COMPILE_ERROR: Verdict.COMPILE_ERROR,
    Status.SECURITY_VIOLATION: Verdict.SECURITY_VIOLATION,
    Status.TIME_LIMIT: Verdict.TIME_LIMIT,
    Status.MEMORY_LIMIT: Verdict.MEMORY_LIMIT,
    Status.OUTPUT_LIMIT: Verdict.OUTPUT_LIMIT,
    Status.SIGNALED: Verdict.RUNTIME_ERROR,
}


class Judge:
    """Judges one program at a time, in one sandbox that is started when first needed.

    Not for several threads at once, nor to be carried over a fork; see ``JudgePool`` for many programs at once.

    Args:
        isolation: ``"locked"``, or ``"none"`` for no lock at all.
        time_factor: multiplies every problem's time limit, e.g. for a slower machine.
        numpy: let programs import numpy.

    Raises:
        UsageError: an argument has a value that is not supported.
    """

    def __init__(self, isolation: str = "locked", time_factor: float = 1.0, numpy: bool = False) -> None:
        if isolation not in ISOLATIONS:
            raise UsageError(f"isolation: expected one of {list(ISOLATIONS)}, got {isolation!r}")
        if type(time_factor) not in (int, float) or not 0 < time_factor < math.inf:
            raise UsageError(f"time_factor: expected a number above 0, got {time_factor!r}")
        self.isolation, self.time_factor, self.numpy = isolation, time_factor, numpy
        self._stopped = False
        self._sandbox: Sandbox | None = None
        self._checkers_sandbox: Sandbox | None = None

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> Judge:
        """Itself: Gymnasium copies the arguments of ``make``, and a judge is shared, not copied."""
        return self

    def close(self) -> None:
        """End the sandboxes. Safe to call twice; the next judgement starts new ones."""
        for sandbox in (self._sandbox, self._checkers_sandbox):
            if sandbox is not None:
                sandbox.close()
        self._sandbox = self._checkers_sandbox = None

    def stop(self) -> None:
        """End what is being judged at once, from any thread, with ``NO_VERDICT``; and so all that is asked later."""
        self._stopped = True
        for sandbox in (self._sandbox, self._checkers_sandbox):
            if sandbox is not None:
                sandbox.kill()

    def judge(
        self,
        problem: Problem,
        program: Program,
        roles: Sequence[Role] = ROLES,
        stop_early: bool = True,
        limit: int | None = None,
    ) -> Judgement:
        """Judge a program on a problem's tests.

        Args:
            problem: what it is to solve.
            program: what was submitted.
            roles: which tests to run, in this order.
            stop_early: leave the tests after the first failing one out.
            limit: run at most this many tests.

        Returns:
            The judgement. Where the sandbox fails it is retried, then ``NO_VERDICT``; a program that alone brings
            down fresh sandboxes, while an honest one runs in them, has a ``RUNTIME_ERROR``.

        Raises:
            IsolationUnavailable: this machine lacks a required layer of the lock.
            UsageError: the program's language is not supported, or an argument is of the wrong kind.
        """
        if not isinstance(program, Program):
            raise UsageError(f"program: expected a Program(source), got {type(program).__name__}")
        if unknown := [role for role in roles if role not in ROLES]:
            raise UsageError(f"roles: expected some of {list(ROLES)}, got {unknown}")
        tests = list(problem.tests(*roles))[:limit]
        if not tests:
            return Judgement(Verdict.NO_VERDICT, category="no tests", isolation=self.isolation)
        lost = ""
        for _ in range(ATTEMPTS):
            try:
                return self._judgement(list(self._results(problem, program, tests, stop_early)), len(tests))
            except (OSError, SandboxFailure) as error:
                lost = str(error)
                self.close()
            if self._stopped:
                break
        fault = not self._stopped and self._probe()
        verdict, category = (Verdict.RUNTIME_ERROR, "lost") if fault else (Verdict.NO_VERDICT, lost or "stopped")
        role, index, _ = tests[0]
        return self._judgement([TestResult(role, index, verdict, category)], len(tests))

    def _judgement(self, results: list[TestResult], total: int) -> Judgement:
        failing = [result for result in results if result.verdict is not Verdict.ACCEPTED]
        failing.sort(key=lambda result: result.verdict is not Verdict.NO_VERDICT)  # stable: the first of each kind
        first = failing[0] if failing else None
        return Judgement(
            verdict=first.verdict if first else Verdict.ACCEPTED,
            results=tuple(results),
            total=total,
            category=first.category if first else None,
            isolation=self.isolation,
        )

    def _results(
        self, problem: Problem, program: Program, tests: list[tuple[Role, int, Test]], stop_early: bool
    ) -> Iterator[TestResult]:
        if self._sandbox is None:
            self._sandbox = Sandbox(self.isolation, numpy=self.numpy)
        longest = max(len(test.output) for _, _, test in tests)
        limits = Limits(
            cpu_seconds=(problem.time_limit or DEFAULT_TIME_SECONDS) * self.time_factor,
            memory_bytes=problem.memory_limit or DEFAULT_MEMORY_BYTES,
            # A power of two: how long the answers are is nobody's business.
            output_bytes=max(OUTPUT_BYTES, 1 << (4 * longest).bit_length()),
        )
        with self._sandbox.load(program, limits) as loaded:
            for role, index, test in tests:
                result = self._result(problem, loaded, role, index, test)
                yield result
                if stop_early and result.verdict is not Verdict.ACCEPTED:
                    return

    def _result(self, problem: Problem, loaded: LoadedProgram, role: Role, index: int, test: Test) -> TestResult:
        if self._stopped:
            raise SandboxFailure("stopped")
        execution = loaded.run(test.input.encode("utf-8", "surrogateescape"))
        if execution.status is Status.FAILED:
            raise SandboxFailure(execution.message)
        verdict, category = verdict_of(execution)
        if verdict is Verdict.ACCEPTED:
            verdict, category = self._check(problem, test, execution.stdout)
        failed = verdict is not Verdict.ACCEPTED
        return TestResult(
            role,
            index,
            verdict,
            category,
            stdout=_start(execution.stdout) if failed else "",
            stderr=_ends(execution.stderr) if failed else "",
            cpu_seconds=execution.cpu_seconds,
            peak_bytes=execution.peak_bytes,
        )

    def _check(self, problem: Problem, test: Test, output: bytes) -> tuple[Verdict, str | None]:
        """Compare the output of a program that ended well."""
        try:
            right = self._checker(problem)(test.input.encode("utf-8", "surrogateescape"), output, test.output.encode())
        except CheckerBroke as error:
            return Verdict.NO_VERDICT, str(error)
        return (Verdict.ACCEPTED if right else Verdict.WRONG_ANSWER), None

    def _checker(self, problem: Problem) -> Checker:
        if problem.checker.name != "python":
            return make_checker(problem.checker)
        if self._checkers_sandbox is None:
            self._checkers_sandbox = Sandbox(self.isolation)
        return ProgramChecker(self._checkers_sandbox, problem.checker.source or "")

    def _probe(self) -> bool:
        """Whether a fresh sandbox runs an honest program."""
        try:
            with Sandbox(self.isolation) as sandbox, sandbox.load(PROBE) as loaded:
                return loaded.run(b"probe\n").stdout == b"probe\n"
        except (OSError, SandboxFailure):
            return False


def verdict_of(execution: Execution) -> tuple[Verdict, str | None]:
    """What an execution says before its output is looked at, and the category of a failure.

    ``ACCEPTED`` here means that it ended well.
    """
    if execution.status is Status.EXITED and execution.exit_code == 0:
        return Verdict.ACCEPTED, None
    verdict = VERDICTS.get(execution.status, Verdict.RUNTIME_ERROR)
    if verdict is Verdict.RUNTIME_ERROR and execution.signal is not None:
        return verdict, _signal_name(execution.signal)
    if verdict in (Verdict.RUNTIME_ERROR, Verdict.COMPILE_ERROR):
        traced = verdict is Verdict.COMPILE_ERROR or TRACEBACK in execution.stderr
        category = (traced and _exception(execution.stderr)) or f"exit status {execution.exit_code}"
        if category == "MemoryError" and verdict is Verdict.RUNTIME_ERROR:
            return Verdict.MEMORY_LIMIT, category  # the address space ran out before the touched memory did
        return verdict, category
    return verdict, None


def _exception(stderr: bytes) -> str | None:
    """The exception's type: the first line that is not indented, after the last traceback's frames."""
    trace = stderr.rpartition(TRACEBACK)[2][:LONGEST_TRACE]
    for line in trace.decode("utf-8", "replace").splitlines():
        if line and not line[0].isspace():
            match = EXCEPTION.match(line)
            return match[1][:LONGEST_NAME] if match else None
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _start(output: bytes) -> str:
    text = output[: 4 * EXCERPT].decode("utf-8", "replace")
    return text if len(text) <= EXCERPT else text[:EXCERPT] + "[...]"


def _ends(errors: bytes) -> str:
    text = errors.decode("utf-8", "replace")
    return text if len(text) <= EXCERPT else text[: EXCERPT // 4] + "[...]" + text[-(EXCERPT * 3 // 4) :]
