"""A checker that is a program of the problem: it is untrusted, too, so it runs in a sandbox of its own."""

from __future__ import annotations

import contextlib

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.protocols import PROTOCOLS, CheckerCase, CheckerError, CheckerResult
from rlef_env.problems import CheckerSpec
from rlef_env.sandbox import Execution, LoadedProgram, Program, Sandbox, Status
from rlef_env.sandbox.execution import require_run

__all__ = ["ProgramChecker"]

MAX_OUTPUT_BYTES = 2**23  # beyond four times the stored answer


class ProgramChecker:
    """Runs a program in the sandbox to decide whether an output is right.

    Args:
        sandbox: runs only programs that came with a problem; no program is loaded in it when the checker is called.
        spec: protocol (``python``, ``kattis_program`` or ``testlib``), program, and its arguments.

    Raises:
        UsageError: the spec names no program, or its source includes testlib.h, which is not found.
    """

    def __init__(self, sandbox: Sandbox, spec: CheckerSpec) -> None:
        if spec.name not in PROTOCOLS or spec.source is None:
            raise UsageError(
                f"checker: expected {', '.join(PROTOCOLS)}, each with a source, got {spec.name!r} "
                f"{'without one' if spec.source is None else 'with one'}; make_checker makes the other checkers"
            )
        self.sandbox, self.flags, self.protocol = sandbox, spec.flags, PROTOCOLS[spec.name]
        self.program = Program(self.protocol.source(spec.source), spec.language)

    def __call__(self, given: bytes, output: bytes, expected: bytes) -> bool:
        """Return whether the output is wholly right; raises what ``check`` raises."""
        return self.check(given, output, expected).right

    def check(self, given: bytes, output: bytes, expected: bytes) -> CheckerResult:
        """Run the checker on an output.

        If the checker crashes, exceeds its limits, or blames the stored data, it is run on the stored answer. If it
        accepts that, the output is wrong: a program must not escape its verdict by making the checker fail.

        Raises:
            CheckerError: the checker does not compile, or does not accept the stored answer either.
            SandboxFailure: the sandbox failed.
            UsageError: the checker's language is unknown, or not installed here.
        """
        if len(output) > MAX_OUTPUT_BYTES + 4 * len(expected):
            # No right answer is so long, and what follows holds the output in memory several times.
            return CheckerResult(False, message="too long")
        with self.sandbox.load(self.program, self.protocol.limits) as loaded:
            execution = self._run(loaded, CheckerCase(given, output, expected, self.flags))
            if execution.status is Status.COMPILE_ERROR:
                raise CheckerError(f"the checker did not compile ({_summary(execution)})")
            with contextlib.suppress(CheckerError):  # it may blame the stored data for what the program printed
                if (result := self.protocol.read(execution)) is not None:
                    return result
            reference = self._run(loaded, CheckerCase(given, expected, expected, self.flags))
            accepted = self.protocol.read(reference)
            if accepted is None or not accepted.right:
                raise CheckerError(f"the checker failed on the stored answer ({_summary(reference)})")
            return CheckerResult(False, message=f"the checker failed on this output ({_summary(execution)})")

    def _run(self, loaded: LoadedProgram, case: CheckerCase) -> Execution:
        return require_run(loaded.run(*self.protocol.ask(case, loaded.scratch)))


def _summary(execution: Execution) -> str:
    lines = execution.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"{execution.status.value}, exit status {execution.exit_code}: {lines[-1] if lines else ''}"
