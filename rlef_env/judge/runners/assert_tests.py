"""Run tests that are code: each runs in a process of its own, which knows what is expected and calls the program's.

    test's process (locked) --arguments--> judge --> program's process (locked)
                            <--values----- judge <--

Test and program are both untrusted. The verdict is the exit status of the test's process; the program can only choose
what its function returns. It cannot end the test: if it exits early, sends no valid answer, or does not answer in time,
it fails.

A test can call the function with plain values, and gets plain values back. For any other returned value it gets a
placeholder, which equals nothing, is true or false as the program reported when it returned the value, and can be
iterated over (a generator, a ``range``, a ``deque``). An exception becomes one of the nearest built-in type with the
same arguments. Changes that the function makes to its arguments are not seen. A test that passes a function (a
callback) or an object of its own class, or imports a module that is not installed, cannot be judged in this way:
``NO_VERDICT`` for every program.
"""

from __future__ import annotations

from contextlib import ExitStack

from rlef_env.judge.functions.calls import Target, blob, driver_source, program_blobs
from rlef_env.judge.functions.value_codec import (
    TEST_ENDED,
    TEST_NOT_COMPILED,
    TEST_NOT_JUDGED,
    TEST_NOT_LOADED,
    TEST_PASSED,
    TEST_RAISED,
    EncodingError,
    decode,
    encode,
)
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import RunOutcome
from rlef_env.judge.runners.stdio import VERDICTS, verdict_from_execution
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Test
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, Status
from rlef_env.sandbox.execution import PythonStart, require_run
from rlef_env.sandbox.interact import interact

__all__ = ["AssertTests"]

TEST_LIMITS = Limits(cpu_seconds=30.0, memory_bytes=2 * 10**9)  # of the test's process; the program has its own


class AssertTests:
    """Runs those tests of a program that are code.

    Args:
        sandboxes: sandboxes for the tests and the program.
        driver: loaded driver that calls the program's function (``CallRunner.loaded``).
        program: program that is judged.
        target: function that is called.
        start: start of a test's process, with the same imports as the program.
    """

    def __init__(
        self, sandboxes: Sandboxes, driver: LoadedProgram, program: Program, target: Target, start: PythonStart
    ) -> None:
        self._sandboxes, self._driver, self._target, self._start = sandboxes, driver, target, start
        self._program = program_blobs(program.source, target)
        self._open = ExitStack()
        self._test_driver: LoadedProgram | None = None

    def __enter__(self) -> AssertTests:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, test: Test) -> RunOutcome:
        """Run one test; raises ``SandboxFailure``."""
        if self._test_driver is None:
            source = Program(driver_source(many=True, name="assert_driver.py"))
            self._test_driver = self._open.enter_context(self._sandboxes.data.load(source, TEST_LIMITS, self._start))
        texts = [text.encode("utf-8", "surrogatepass") for text in (self._target.preamble, test.input)]
        code = b"".join(map(blob, [*texts, encode(self._target.entry_point, plain=True)]))
        both = interact(self._test_driver, self._driver, ([code], [self._program]))
        tested, called = require_run(both.first), require_run(both.second)
        verdict, category, message, last_value = _verdict(tested, called)
        return RunOutcome(
            verdict, category, last_value.encode("utf-8", "replace"), message.encode("utf-8", "replace"),
            called.cpu_seconds, called.peak_bytes,
        )  # fmt: skip


def _verdict(tested: Execution, called: Execution) -> tuple[Verdict, str | None, str, str]:
    """Return verdict, category, message, and the last value that the program returned, as text.

    Args:
        tested: execution of the test.
        called: execution of the program.
    """
    name, message, last_value = _report(tested.stderr)
    status = tested.exit_code if tested.status is Status.EXITED else None
    if status == TEST_NOT_JUDGED:
        return Verdict.NO_VERDICT, message, "", ""
    if called.status in VERDICTS and called.status is not Status.SIGNALED:  # a limit counts before the test's result
        return VERDICTS[called.status], None, "", ""
    if status is None:
        # A value of the program may have caused this; it must not turn a wrong answer into no verdict.
        return Verdict.WRONG_ANSWER, f"test: {tested.status.value}", "", ""
    if status == TEST_PASSED:
        return Verdict.ACCEPTED, None, "", last_value
    if status in (TEST_RAISED, TEST_NOT_LOADED):
        verdict = Verdict.MEMORY_LIMIT if name == "MemoryError" else Verdict.RUNTIME_ERROR
        return verdict, name or "exception", message, ""
    if status == TEST_NOT_COMPILED:
        last_line = message.strip().splitlines()[-1:] or [""]
        return Verdict.COMPILE_ERROR, last_line[0].partition(":")[0][:100] or None, message, ""
    if status == TEST_ENDED:
        verdict, category = verdict_from_execution(called)
        if verdict is Verdict.ACCEPTED:
            verdict, category = Verdict.RUNTIME_ERROR, "exit status 0"
        return verdict, category, "", last_value
    return Verdict.WRONG_ANSWER, None if name == "AssertionError" else name, message, last_value


def _report(stderr: bytes) -> tuple[str, str, str]:
    """Return what the test's process reported: name of an exception, message, last value."""
    try:
        report = decode(stderr)
    except EncodingError:
        report = None
    if type(report) is tuple and len(report) == 3:
        return str(report[0]), str(report[1]), str(report[2])
    return "", "", ""
