"""Problems whose tests call a function: the program gets arguments, never what is expected.

Tests that are calls run in one process per program, all of them in order; what each returned comes out as it returns
and is compared here. State that the program keeps from call to call is kept: that is how these formats run. Two things
end a process early, and the next call starts in a fresh one, where the program is loaded anew:

- Tests that are shown have a process of their own, the public ones and those before a gate: what is shown of them must
  not hold the inputs of hidden ones.
- A call in which the process ended (it ran out of a limit, crashed, exited) is made again in a fresh one, unless it
  was the first there. So every call can have the whole limit, none can have more, and no clock is needed that the
  program could set. The calls before it keep their results.

Tests that are code: see `code_tests.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from rlef_env.errors import UsageError
from rlef_env.judge.checkers import Checker
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers, asked_checker
from rlef_env.judge.checkers.program import CheckerBroke
from rlef_env.judge.functions.calls import Call, CallResult, CallRunner, NotReturned, Raised, Target
from rlef_env.judge.functions.values import value_rule
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.assert_tests import CodeTests
from rlef_env.judge.runners.base import Outcome, TestRunner, grader_of, start_of
from rlef_env.judge.runners.stdio import VERDICTS
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import CheckerSpec, FunctionSpec, NotPlain, Problem, Test, format_value, parse_call, parse_value
from rlef_env.sandbox import Execution, Limits, Program, Status

__all__ = ["function_runner"]

MANY = 4  # processes from which on it pays to compile the driver where it runs


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
    """Load the program once per process, call its function, compare here.

    Raises:
        UsageError: the program is not in Python, or the problem's checker is not for values.
        DataError: a test is neither a call nor code.
    """
    function = problem.function or FunctionSpec("solution")
    if program.language != "python":
        raise UsageError(f"program: expected one in Python, as tests call its function, got {program.language!r}")
    check = _check(problem.checker, asked_checker(sandboxes, problem.checker, custom_checkers))
    codes = sum(not test.output for test in tests)
    with ExitStack() as stack:
        start = start_of(problem)
        runner = stack.enter_context(CallRunner(sandboxes.program, limits, codes > MANY, start))
        public = set(problem.public_tests)
        shown = [number < gate or test in public for number, test in enumerate(tests)]
        target = Target(function.entry_point, function.preamble, grader_of(problem).calls_solution)
        calls = _Calls(runner, program, target, tests, shown)
        code_tests = stack.enter_context(CodeTests(sandboxes, runner.loaded, program, target, start))
        numbers = iter(range(len(tests)))

        def run(test: Test) -> Outcome:
            number = next(numbers)
            if not test.output:
                return code_tests.run(test)
            result, execution = calls.result(number)
            return _outcome(test, result, execution, check)

        yield run


Check = Callable[[Test, object], "tuple[bool, bytes]"]


def _check(spec: CheckerSpec, checker: Checker | None) -> Check:
    """Whether a value is right for a test, and how it is written."""
    if checker is None:
        rule = value_rule(spec)
        return lambda test, value: (rule(value, parse_value(test.output)), b"")

    def check(test: Test, value: object) -> tuple[bool, bytes]:
        given, text, expected = (
            each.encode("utf-8", "surrogatepass") for each in (test.input, shown(value), test.output)
        )
        return checker(given, text, expected), text

    return check


def _outcome(test: Test, result: CallResult, execution: Execution | None, check: Check) -> Outcome:
    cpu, peak = (execution.cpu_seconds, execution.peak_bytes) if execution else (0.0, 0)
    if isinstance(result, Raised):
        verdict = Verdict.MEMORY_LIMIT if result.exception == "MemoryError" else Verdict.RUNTIME_ERROR
        trace = result.trace.encode("utf-8", "replace")
        return Outcome(verdict, result.exception or "exception", b"", trace, cpu, peak)
    if isinstance(result, NotReturned):
        verdict = VERDICTS.get(result.status, Verdict.RUNTIME_ERROR)
        category = result.detail if verdict is Verdict.RUNTIME_ERROR else None
        words = result.detail.encode("utf-8", "replace") if verdict is Verdict.COMPILE_ERROR else b""
        if verdict is Verdict.COMPILE_ERROR:
            category = exception_of(result.detail)
        return Outcome(verdict, category, b"", words, cpu, peak)
    try:
        right, text = check(test, result.value)
    except CheckerBroke as error:
        return Outcome(Verdict.NO_VERDICT, str(error), b"", b"", cpu, peak)
    if right:
        return Outcome(Verdict.ACCEPTED, None, b"", b"", cpu, peak)
    text = text or shown(result.value).encode("utf-8", "replace")
    return Outcome(Verdict.WRONG_ANSWER, None, text, b"", cpu, peak)


def exception_of(words: str) -> str | None:
    """The exception's name in the compiler's words."""
    last = words.strip().splitlines()[-1:] or [""]
    name = last[0].partition(":")[0]
    return name[:100] if name.isidentifier() else None


def shown(value: object) -> str:
    """How a value is written: as a test's ``output``, if it is plain."""
    try:
        return format_value(value)
    except NotPlain:
        pass
    try:
        return repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return f"<a {type(value).__name__} with an integer too long to write>"


class _Calls:
    """The results of the tests that are calls, asked for in order; each is run together with those after it."""

    def __init__(
        self,
        runner: CallRunner,
        program: Program,
        target: Target,
        tests: Sequence[Test],
        shown: Sequence[bool],
    ) -> None:
        self._runner, self._program, self._target = runner, program, target
        self._tests, self._shown = tests, shown
        self._results: dict[bool, Iterator[CallResult]] = {}  # of tests that are shown, and of others

    def result(self, number: int) -> tuple[CallResult, Execution | None]:
        """What a call did; and how its process ended, where it was the first in it."""
        is_shown = self._shown[number]
        result = next(self._results.get(is_shown, iter(())), None)
        ended = isinstance(result, NotReturned) and result.status is not Status.COMPILE_ERROR
        if result is not None and not ended:
            return result, None
        self._results[is_shown], execution = self._run_from(number, is_shown)
        return next(self._results[is_shown]), execution

    def _run_from(self, number: int, is_shown: bool) -> tuple[Iterator[CallResult], Execution]:
        numbers = [
            each
            for each in range(number, len(self._tests))
            if self._tests[each].output and self._shown[each] == is_shown
        ]
        calls = []
        for each in numbers:
            call = parse_call(self._tests[each].input)
            calls.append(Call(call.args, call.kwargs))
        return self._runner.run_once(self._program.source, self._target, calls)
