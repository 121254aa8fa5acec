"""Problems whose programs read standard input and write standard output: run one, look at how it ended, compare."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rlef_env.judge.checkers import make_checker
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers, asked_checker
from rlef_env.judge.checkers.program import CheckerBroke
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import Outcome, TestRunner, start_of
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Execution, Limits, Program, Status, require_run

__all__ = ["stdio_runner", "verdict_of"]

LONGEST_TRACE = 2**20  # bytes looked at for an exception's name
LONGEST_NAME = 100  # characters of that name
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


@contextmanager
def stdio_runner(
    sandboxes: Sandboxes,
    problem: Problem,
    program: Program,
    limits: Limits,
    _: Sequence[Test],
    __: int = 0,
    custom_checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
) -> Iterator[TestRunner]:
    """Compile the program once, and run it in a process of its own for each test."""
    checker = asked_checker(sandboxes, problem.checker, custom_checkers) or make_checker(problem.checker)
    with sandboxes.program.load(program, limits, start_of(problem)) as loaded:

        def run(test: Test) -> Outcome:
            given = test.input.encode("utf-8", "surrogateescape")
            execution = require_run(loaded.run(given))
            verdict, category = verdict_of(execution)
            if verdict is Verdict.ACCEPTED:
                try:
                    if not checker(given, execution.stdout, test.output.encode("utf-8", "surrogateescape")):
                        verdict = Verdict.WRONG_ANSWER
                except CheckerBroke as error:
                    verdict, category = Verdict.NO_VERDICT, str(error)
            return Outcome(
                verdict, category, execution.stdout, execution.stderr, execution.cpu_seconds, execution.peak_bytes
            )

        yield run


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
