"""The values of the sandbox: a program, its limits, and the facts of one execution, without any judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from rlef_env.errors import MachineStarved, SandboxFailure

__all__ = ["Execution", "Limits", "Program", "PythonStart", "Status", "require_run"]


@dataclass(frozen=True, slots=True)
class Program:
    """A whole program: its source text and its language (``"python"`` is Python 3)."""

    source: str
    language: str = "python"


@dataclass(frozen=True, slots=True)
class PythonStart:
    """What a Python program finds when it starts, beyond what ``python solution.py`` gives it.

    Attributes:
        imports: Python source that binds names. A statement whose module is missing is skipped. The program can use
            the names like builtins: its own definitions take precedence.
        recursion_limit: frames, as ``sys.setrecursionlimit`` counts them; None for Python's own 1000.
    """

    imports: str = ""
    recursion_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one execution may use.

    Attributes:
        cpu_seconds: user + system time, summed over threads.
        idle_seconds: time neither on a core nor waiting for one (sleeping); None means equal to ``cpu_seconds``.
        wall_seconds: backstop; None means ten times ``cpu_seconds`` plus ten seconds. A run that reaches it with little
            use of its own is ``STARVED``, not ``TIME_LIMIT``. It is extended if time was stolen from the machine.
        memory_bytes: memory touched, beyond what an empty program touches.
        output_bytes: standard output and standard error, each.
        scratch_bytes: total size of the files that it may write in ``LoadedProgram.scratch``, a folder of its own. Each
            file counts for at least 4096 bytes, and is also bounded by ``output_bytes``. 0 for no such folder.
    """

    cpu_seconds: float = 10.0
    idle_seconds: float | None = None
    wall_seconds: float | None = None
    memory_bytes: int = 1_000_000_000
    output_bytes: int = 64 * 2**20
    scratch_bytes: int = 0


class Status(str, Enum):
    """How an execution ended. If several apply, the first in this order is reported."""

    FAILED = "failed"
    """The sandbox failed, not the program."""
    STARVED = "starved"
    """The machine gave it too little time or memory to decide anything, several times in a row."""
    COMPILE_ERROR = "compile_error"
    """The program did not compile; ``stderr`` has the compiler's output."""
    SECURITY_VIOLATION = "security_violation"
    """It made a system call that no honest program makes."""
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    SIGNALED = "signaled"
    """It was killed by a signal (``signal``)."""
    EXITED = "exited"
    """It ended by itself (``exit_code``)."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What happened when a program ran on one input.

    Attributes:
        status: how it ended, from final totals.
        exit_code: 0 to 255 if it ended by itself, else None.
        signal: number of the signal that killed it, else None.
        stdout: standard output, at most ``Limits.output_bytes``.
        stderr: standard error, at most ``Limits.output_bytes``.
        cpu_seconds: user + system time, as the kernel charged it.
        wall_seconds: from start to end.
        peak_bytes: memory touched beyond what an empty program touches.
        message: for ``FAILED`` and ``STARVED``, what happened.
        compile_over_limit: whether it is a ``COMPILE_ERROR`` because compiling exceeded a limit (time, memory, output).
        files: files that it left in its scratch folder, name -> content; empty if they exceed the limit.
    """

    status: Status
    exit_code: int | None = None
    signal: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_bytes: int = 0
    message: str = ""
    compile_over_limit: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)


def require_run(execution: Execution) -> Execution:
    """Return the execution if it says something about its program.

    Raises:
        MachineStarved: it is ``STARVED``.
        SandboxFailure: it is ``FAILED``.
    """
    if execution.status is Status.STARVED:
        raise MachineStarved(execution.message)
    if execution.status is Status.FAILED:
        raise SandboxFailure(execution.message)
    return execution
