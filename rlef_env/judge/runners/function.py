"""Run programs whose function the tests call: the program gets arguments, never an expected value.

All tests that are calls run in one process per program, in order. Each returned value leaves the process at once and is
compared here. State that the program keeps between calls is kept, as in the original formats. Two things end a process
early; the next call then starts in a new process that loads the program again:

- Shown tests (public ones, and those before the gate) have a process of their own: their results are shown, so they
  must not contain the inputs of hidden tests.
- A call in which the process ended (limit, crash, exit) is repeated in a new process, unless it was the first call
  there. So each call can use the whole limit and none can use more, without a clock that the program could set. The
  earlier calls keep their results.

Tests that are code: see `assert_tests.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.checkers import Checker, checker_for
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.checkers.protocols import CheckerError
from rlef_env.judge.functions.calls import Call, CallResult, CallRunner, NotReturned, Raised, Target
from rlef_env.judge.functions.values import ValueChecker
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.assert_tests import AssertTests
from rlef_env.judge.runners.base import RunOutcome, TestRunner, grader_for, python_start
from rlef_env.judge.runners.stdio import VERDICTS
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import FunctionSpec, Problem, Test
from rlef_env.problems.parsing.literals import NotPlain, format_value, parse_call
from rlef_env.sandbox import Execution, Limits, Program, Status

__all__ = ["function_runner"]

MANY_PROCESSES = 4  # with more processes than this, compiling the driver in the sandbox pays off


@contextmanager
def function_runner(
    sandboxes: Sandboxes,
    problem: Problem,
    program: Program,
    limits: Limits,
    tests: Sequence[Test],
    gate: int = 0,
    custom_checkers: CustomCheckers = NO_CUSTOM_CHECKERS,
) -> Iterator[TestRunner]:
    """Load the program once per process, call its function, and compare the values in this process.

    Raises:
        UsageError: the program is not in Python, or the problem's checker does not compare values.
        DataError: a test is neither a call nor code.
    """
    function = problem.function or FunctionSpec("solution")
    if program.language != "python":
        raise UsageError(f"program: expected one in Python, as tests call its function, got {program.language!r}")
    check = _value_check(checker_for(problem, sandboxes, custom_checkers))
    code_tests = sum(not test.output for test in tests)
    with ExitStack() as stack:
        start = python_start(problem)
        runner = stack.enter_context(CallRunner(sandboxes.program, limits, code_tests > MANY_PROCESSES, start))
        public = set(problem.public_tests)
        is_shown = [number < gate or test in public for number, test in enumerate(tests)]
        target = Target(function.entry_point, function.preamble, grader_for(problem).calls_solution)
        calls = _Calls(runner, program, target, tests, is_shown)
        assert_tests = stack.enter_context(AssertTests(sandboxes, runner.loaded, program, target, start))
        numbers = iter(range(len(tests)))

        def run(test: Test) -> RunOutcome:
            number = next(numbers)
            if not test.output:
                return assert_tests.run(test)
            result, execution = calls.result(number)
            return _outcome(test, result, execution, check)

        yield run


ValueCheck: TypeAlias = Callable[[Test, object], "tuple[bool, bytes]"]
"""Returns whether a value is right for a test, and the text of the value if the checker needed it."""


def _value_check(checker: Checker) -> ValueCheck:
    def check(test: Test, value: object) -> tuple[bool, bytes]:
        given, expected = (text.encode("utf-8", "surrogatepass") for text in (test.input, test.output))
        if isinstance(checker, ValueChecker):
            return checker(given, value, expected), b""
        text = value_text(value).encode("utf-8", "surrogatepass")
        return checker(given, text, expected), text

    return check


def _outcome(test: Test, result: CallResult, execution: Execution | None, check: ValueCheck) -> RunOutcome:
    cpu, peak = (execution.cpu_seconds, execution.peak_bytes) if execution else (0.0, 0)
    if isinstance(result, Raised):
        verdict = Verdict.MEMORY_LIMIT if result.exception == "MemoryError" else Verdict.RUNTIME_ERROR
        trace = result.trace.encode("utf-8", "replace")
        return RunOutcome(verdict, result.exception or "exception", b"", trace, cpu, peak)
    if isinstance(result, NotReturned):
        verdict = VERDICTS.get(result.status, Verdict.RUNTIME_ERROR)
        if verdict is Verdict.COMPILE_ERROR:
            message = result.detail.encode("utf-8", "replace")
            return RunOutcome(verdict, exception_name(result.detail), b"", message, cpu, peak)
        category = result.detail if verdict is Verdict.RUNTIME_ERROR else None
        return RunOutcome(verdict, category, b"", b"", cpu, peak)
    try:
        right, text = check(test, result.value)
    except CheckerError as error:
        return RunOutcome(Verdict.NO_VERDICT, str(error), b"", b"", cpu, peak)
    if right:
        return RunOutcome(Verdict.ACCEPTED, None, b"", b"", cpu, peak)
    text = text or value_text(result.value).encode("utf-8", "replace")
    return RunOutcome(Verdict.WRONG_ANSWER, None, text, b"", cpu, peak)


def exception_name(message: str) -> str | None:
    """Return the name of the exception in a message of the compiler."""
    last = message.strip().splitlines()[-1:] or [""]
    name = last[0].partition(":")[0]
    return name[:100] if name.isidentifier() else None


def value_text(value: object) -> str:
    """Return a value as text, in the form of a test's ``output`` if it is plain."""
    try:
        return format_value(value)
    except NotPlain:
        pass
    try:
        return repr(value)
    except ValueError:  # an integer with more digits than Python converts
        return f"<a {type(value).__name__} with an integer too long to write>"


class _Calls:
    """Results of the tests that are calls, requested in order; each call runs together with the calls after it."""

    def __init__(
        self,
        runner: CallRunner,
        program: Program,
        target: Target,
        tests: Sequence[Test],
        is_shown: Sequence[bool],
    ) -> None:
        self._runner, self._program, self._target = runner, program, target
        self._tests, self._is_shown = tests, is_shown
        self._results: dict[bool, Iterator[CallResult]] = {}  # of the shown tests (True) and of the hidden ones

    def result(self, number: int) -> tuple[CallResult, Execution | None]:
        """Return the result of a call; with it the execution of its process, if the call was the first there."""
        is_shown = self._is_shown[number]
        result = next(self._results.get(is_shown, iter(())), None)
        process_ended = isinstance(result, NotReturned) and result.status is not Status.COMPILE_ERROR
        if result is not None and not process_ended:
            return result, None
        self._results[is_shown], execution = self._run_from(number, is_shown)
        return next(self._results[is_shown]), execution

    def _run_from(self, number: int, is_shown: bool) -> tuple[Iterator[CallResult], Execution]:
        calls = []
        for test, test_is_shown in zip(self._tests[number:], self._is_shown[number:], strict=True):
            if test.output and test_is_shown == is_shown:
                call = parse_call(test.input)
                calls.append(Call(call.args, call.kwargs))
        return self._runner.run_once(self._program.source, self._target, calls)
