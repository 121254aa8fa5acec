"""Tests that are code: they run in a process of their own, which holds what is expected and asks the program's process.

    test's process (locked) --arguments--> judge --> program's process (locked)
                            <--values----- judge <--

The test is a stranger's, as the program is. The verdict is the exit status of the test's process; all that the program
can do is to choose what its function returns. It cannot end the test: that it exits early, answers what is no answer,
or says nothing for too long, is its failure.

A test can call the function with plain values, and gets plain values back. Of anything else that the function returns
it gets a stand-in, which equals nothing, is true or false as the program said when it returned it, and can be gone
through (a generator, a ``range``, a ``deque``). An exception comes back as one of the nearest built-in type with the
same arguments. What the function does to its arguments is not seen. A test that passes a function (a callback) or an
object of a class of its own, or imports a module that is not there, cannot be judged so: ``NO_VERDICT``, whatever the
program.
"""

from __future__ import annotations

from contextlib import ExitStack

from rlef_env.judge.functions.calls import Target, blob, driver_source, program_blobs
from rlef_env.judge.functions.value_codec import EncodingError, decode, encode
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.runners.base import Outcome
from rlef_env.judge.runners.stdio import VERDICTS, verdict_of
from rlef_env.judge.sandboxes import Sandboxes
from rlef_env.problems import Test
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, PythonStart, Status, interact, require_run

__all__ = ["CodeTests"]

LIMITS = Limits(cpu_seconds=30.0, memory_bytes=2 * 10**9)  # of a test, beside what it asks of the program
PASSED, FAILED, RAISED, ENDED, NOT_LOADED, NOT_COMPILED, NOT_ASKED = range(40, 47)  # as in assert_driver.py


class CodeTests:
    """Runs the tests of a program that are code.

    Args:
        sandboxes: where to.
        driver: what calls the program's function, loaded (``CallRunner.loaded``).
        program: what is judged.
        target: which function is called.
        start: what a test finds when it starts: the imports that the program has, too.
    """

    def __init__(
        self, sandboxes: Sandboxes, driver: LoadedProgram, program: Program, target: Target, start: PythonStart
    ) -> None:
        self._sandboxes, self._driver, self._target, self._start = sandboxes, driver, target, start
        self._program = program_blobs(program.source, target)
        self._open = ExitStack()
        self._test_driver: LoadedProgram | None = None

    def __enter__(self) -> CodeTests:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, test: Test) -> Outcome:
        """Run one test; raises ``SandboxFailure``."""
        if self._test_driver is None:
            source = Program(driver_source(many=True, name="assert_driver.py"))
            self._test_driver = self._open.enter_context(self._sandboxes.data.load(source, LIMITS, self._start))
        parts = [self._target.preamble.encode("utf-8", "surrogatepass"), test.input.encode("utf-8", "surrogatepass")]
        code = b"".join(map(blob, [*parts, encode(self._target.entry_point, plain=True)]))
        talk = interact(self._test_driver, self._driver, ([code], [self._program]))
        tested, asked = talk.first, talk.second
        for execution in (tested, asked):
            require_run(execution)
        verdict, category, words, last = _verdict(tested, asked)
        return Outcome(
            verdict, category, last.encode("utf-8", "replace"), words.encode("utf-8", "replace"),
            asked.cpu_seconds, asked.peak_bytes,
        )  # fmt: skip


def _verdict(tested: Execution, asked: Execution) -> tuple[Verdict, str | None, str, str]:
    """The verdict, its category, words on it, and how the last value that the program returned is written."""
    name, words, last = _report(tested.stderr)
    if tested.status is Status.EXITED and tested.exit_code == NOT_ASKED:
        return Verdict.NO_VERDICT, words, "", ""
    if asked.status in VERDICTS and asked.status is not Status.SIGNALED:  # limits come before answers
        return VERDICTS[asked.status], None, "", ""
    if tested.status is not Status.EXITED:
        # What the program returned may have led the test there; it must not mask itself out so.
        return Verdict.WRONG_ANSWER, f"test: {tested.status.value}", "", ""
    if tested.exit_code == PASSED:
        return Verdict.ACCEPTED, None, "", last
    if tested.exit_code == RAISED or tested.exit_code == NOT_LOADED:
        verdict = Verdict.MEMORY_LIMIT if name == "MemoryError" else Verdict.RUNTIME_ERROR
        return verdict, name or "exception", words, ""
    if tested.exit_code == NOT_COMPILED:
        last_line = words.strip().splitlines()[-1:] or [""]
        return Verdict.COMPILE_ERROR, last_line[0].partition(":")[0][:100] or None, words, ""
    if tested.exit_code == ENDED:
        verdict, category = verdict_of(asked)
        if verdict is Verdict.ACCEPTED:
            verdict, category = Verdict.RUNTIME_ERROR, "exit status 0"
        return verdict, category, "", last
    return Verdict.WRONG_ANSWER, None if name == "AssertionError" else name, words, last


def _report(stderr: bytes) -> tuple[str, str, str]:
    try:
        report = decode(stderr)
    except EncodingError:
        report = None
    if type(report) is tuple and len(report) == 3:
        return str(report[0]), str(report[1]), str(report[2])
    return "", "", ""
