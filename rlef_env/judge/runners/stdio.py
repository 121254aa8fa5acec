"""Run programs that read standard input and write standard output: check how a run ended, compare its output."""

from __future__ import annotations

import builtins
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rlef_env.judge.checkers import checker_for
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.checkers.protocols import CheckerError
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import RunOutcome, TestRunner, python_start
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Execution, Limits, Program, Status
from rlef_env.sandbox.execution import require_run

__all__ = ["stdio_runner", "verdict_from_execution"]

MAX_TRACE_BYTES = 2**20  # bytes in which the name of the exception is searched
MAX_NAME_CHARACTERS = 100
TRACEBACK = b"Traceback (most recent call last):\n"
# An uncaught error of Java, whose heap is as large as the memory limit.
OUT_OF_MEMORY = re.compile(rb'^Exception in thread "[^"\n]*" java\.lang\.OutOfMemoryError', re.MULTILINE)
# The end of JavaScript's runtime, which is told the memory limit.
HEAP_FULL = re.compile(rb"^FATAL ERROR: .*JavaScript heap out of memory$", re.MULTILINE)
EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(: |:?$)")

VERDICTS = {
    Status.COMPILE_ERROR: Verdict.COMPILE_ERROR,
    Status.SECURITY_VIOLATION: Verdict.SECURITY_VIOLATION,
    Status.TIME_LIMIT: Verdict.TIME_LIMIT,
    Status.MEMORY_LIMIT: Verdict.MEMORY_LIMIT,
    Status.OUTPUT_LIMIT: Verdict.OUTPUT_LIMIT,
    Status.SIGNALED: Verdict.RUNTIME_ERROR,
}


@contextmanager
def stdio_runner(
    sandboxes: Sandboxes,
    problem: Problem,
    program: Program,
    limits: Limits,
    tests: Sequence[Test],
    gate: int = 0,
    custom_checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
) -> Iterator[TestRunner]:
    """Compile the program once, and run it in a new process for each test.

    The process that compiled it runs the last test itself, but not a shown one that follows hidden ones: it has forked
    the earlier runs, and its CPU clock may show how long that took.
    """
    checker = checker_for(problem, sandboxes, custom_checkers)
    is_shown = [number < gate or test in problem.public_tests for number, test in enumerate(tests)]
    last = -1 if is_shown[-1:] == [True] and not all(is_shown) else len(tests) - 1
    numbers = iter(range(len(tests)))
    with sandboxes.program.load(program, limits, python_start(problem)) as loaded:

        def run(test: Test) -> RunOutcome:
            given = test.input.encode("utf-8", "surrogateescape")
            execution = require_run(loaded.run(given, in_place=next(numbers) == last))
            verdict, category = verdict_from_execution(execution)
            if verdict is Verdict.ACCEPTED:
                try:
                    if not checker(given, execution.stdout, test.output.encode("utf-8", "surrogateescape")):
                        verdict = Verdict.WRONG_ANSWER
                except CheckerError as error:
                    verdict, category = Verdict.NO_VERDICT, str(error)
            return RunOutcome(
                verdict, category, execution.stdout, execution.stderr, execution.cpu_seconds, execution.peak_bytes
            )

        yield run


def verdict_from_execution(execution: Execution) -> tuple[Verdict, str | None]:
    """Return the verdict of an execution before its output is compared, and the category of a failure.

    ``ACCEPTED`` means that the program ended with exit status 0.
    """
    if execution.status is Status.EXITED and execution.exit_code == 0:
        return Verdict.ACCEPTED, None
    verdict = VERDICTS.get(execution.status, Verdict.RUNTIME_ERROR)
    if verdict is Verdict.RUNTIME_ERROR and execution.signal is not None:
        if execution.signal == signal.SIGABRT and HEAP_FULL.search(execution.stderr):
            return Verdict.MEMORY_LIMIT, "heap out of memory"
        return verdict, _signal_name(execution.signal)
    if verdict is Verdict.COMPILE_ERROR:
        name = _exception_name(execution.stderr)
        # Compilers of other languages begin a line with the name of a file or of themselves.
        return verdict, name if name and isinstance(getattr(builtins, name, None), type) else None
    if verdict is Verdict.RUNTIME_ERROR:
        if OUT_OF_MEMORY.search(execution.stderr):
            return Verdict.MEMORY_LIMIT, "OutOfMemoryError"
        traced = TRACEBACK in execution.stderr
        category = (traced and _exception_name(execution.stderr)) or f"exit status {execution.exit_code}"
        if category == "MemoryError":
            return Verdict.MEMORY_LIMIT, category  # the address space was used up before the memory
        return verdict, category
    return verdict, None


def _exception_name(stderr: bytes) -> str | None:
    """Return the type of the exception: it is in the first unindented line after the frames of the last traceback."""
    trace = stderr.rpartition(TRACEBACK)[2][:MAX_TRACE_BYTES]
    for line in trace.decode("utf-8", "replace").splitlines():
        if line and not line[0].isspace():
            match = EXCEPTION.match(line)
            return match[1][:MAX_NAME_CHARACTERS] if match else None
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
