"""A checker that is a program: it runs in a sandbox of its own, as a data set's code is a stranger's too."""

from __future__ import annotations

import json

from rlef_env.errors import RLEFError, SandboxFailure
from rlef_env.sandbox import Execution, Limits, LoadedProgram, Program, Sandbox, Status

__all__ = ["CheckerBroke", "ProgramChecker"]

LONGEST_OUTPUT = 2**23  # bytes, beyond four times the stored answer
ACCEPT, REJECT = 42, 43  # exit codes of the Kattis protocol
LIMITS = Limits(cpu_seconds=10.0, memory_bytes=2**30)
DRIVER = f"""

import json as _json, sys as _sys
_case = _json.load(_sys.stdin)
_sys.exit({ACCEPT} if check(_case["input"], _case["output"], _case["expected"]) else {REJECT})
"""


class CheckerBroke(RLEFError):
    """The checker fails even on the stored answer: no verdict can be had."""


class ProgramChecker:
    """Calls ``check(input, output, expected)`` of a Python source, in the sandbox.

    Args:
        sandbox: one that runs checkers only.
        source: defines ``check``; text in, truth out.
    """

    def __init__(self, sandbox: Sandbox, source: str) -> None:
        self.sandbox, self.program = sandbox, Program(source + DRIVER)

    def __call__(self, given: bytes, output: bytes, expected: bytes) -> bool:
        """Whether the output is right.

        An output on which the checker crashes or runs out of its limits is wrong if the checker works on the stored
        answer: a program must not escape its verdict by breaking the checker.

        Raises:
            CheckerBroke: the checker does not accept the stored answer either.
            SandboxFailure: the sandbox failed.
        """
        if len(output) > LONGEST_OUTPUT + 4 * len(expected):
            return False  # no right answer is that much longer; what follows holds it in memory several times
        with self.sandbox.load(self.program, LIMITS) as loaded:
            answer = self._ask(loaded, given, output, expected)
            if answer.exit_code in (ACCEPT, REJECT):
                return answer.exit_code == ACCEPT
            reference = self._ask(loaded, given, expected, expected)
            if reference.exit_code != ACCEPT:
                raise CheckerBroke(f"the checker failed on the stored answer ({_words(reference)})")
            return False

    @staticmethod
    def _ask(loaded: LoadedProgram, given: bytes, output: bytes, expected: bytes) -> Execution:
        case = {"input": given, "output": output, "expected": expected}
        text = json.dumps({name: value.decode("utf-8", "replace") for name, value in case.items()})
        execution = loaded.run(text.encode())
        if execution.status is Status.FAILED:
            raise SandboxFailure(execution.message)
        return execution


def _words(execution: Execution) -> str:
    lines = execution.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"{execution.status.value}, exit status {execution.exit_code}: {lines[-1] if lines else ''}"
