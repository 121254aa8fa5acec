"""A checker that is a program: it runs in a sandbox of its own, as a data set's code is a stranger's too."""

from __future__ import annotations

import contextlib

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.protocols import PROTOCOLS, Case, Checked, CheckerBroke
from rlef_env.problems import CheckerSpec
from rlef_env.sandbox import Execution, LoadedProgram, Program, Sandbox, Status, require_run

__all__ = ["Checked", "CheckerBroke", "ProgramChecker"]

LONGEST_OUTPUT = 2**23  # bytes, beyond four times the stored answer


class ProgramChecker:
    """Asks a program whether an output is right, in the sandbox.

    Args:
        sandbox: one that runs a data set's own programs only, and in which nothing is loaded when it is asked.
        spec: which protocol (``python``, ``kattis_program`` or ``testlib``), the program, and its arguments.

    Raises:
        UsageError: the spec names no program, or its source includes testlib.h, which is not found.
    """

    def __init__(self, sandbox: Sandbox, spec: CheckerSpec) -> None:
        if spec.name not in PROTOCOLS or spec.source is None:
            raise UsageError(
                f"checker: expected {', '.join(PROTOCOLS)}, each with a source, got {spec.name!r} "
                f"{'without one' if spec.source is None else 'with one'}; make_checker has the other rules"
            )
        self.sandbox, self.flags, self.protocol = sandbox, spec.flags, PROTOCOLS[spec.name]
        self.program = Program(self.protocol.source(spec.source), spec.language)

    def __call__(self, given: bytes, output: bytes, expected: bytes) -> bool:
        """Whether the output is wholly right; raises what ``ask`` raises."""
        return self.ask(given, output, expected).right

    def ask(self, given: bytes, output: bytes, expected: bytes) -> Checked:
        """What the checker says of an output.

        One on which it crashes, runs out of its limits, or says that the stored data is at fault, is wrong if it
        accepts the stored answer: a program must not escape its verdict by breaking the checker.

        Raises:
            CheckerBroke: the checker does not compile, or does not accept the stored answer either.
            SandboxFailure: the sandbox failed.
            UsageError: the checker's language is unknown, or not installed here.
        """
        if len(output) > LONGEST_OUTPUT + 4 * len(expected):
            return Checked(False, message="too long")  # no right answer is; what follows holds it several times
        with self.sandbox.load(self.program, self.protocol.limits) as loaded:
            execution = self._run(loaded, Case(given, output, expected, self.flags))
            if execution.status is Status.COMPILE_ERROR:
                raise CheckerBroke(f"the checker did not compile ({_words(execution)})")
            with contextlib.suppress(CheckerBroke):  # it may blame the stored data for what the program printed
                if (checked := self.protocol.read(execution)) is not None:
                    return checked
            reference = self._run(loaded, Case(given, expected, expected, self.flags))
            accepted = self.protocol.read(reference)
            if accepted is None or not accepted.right:
                raise CheckerBroke(f"the checker failed on the stored answer ({_words(reference)})")
            return Checked(False, message=f"the checker failed on this output ({_words(execution)})")

    def _run(self, loaded: LoadedProgram, case: Case) -> Execution:
        return require_run(loaded.run(*self.protocol.ask(case, loaded.scratch)))


def _words(execution: Execution) -> str:
    lines = execution.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"{execution.status.value}, exit status {execution.exit_code}: {lines[-1] if lines else ''}"
