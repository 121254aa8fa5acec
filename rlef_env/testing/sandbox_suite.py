"""What every sandbox must do: the same programs on the same inputs, with the results that an honest one gives."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rlef_env.sandbox import Execution, Limits, Program, Status
from rlef_env.testing.findings import Findings

__all__ = ["check_sandbox"]

LIMITS: Final = Limits(cpu_seconds=5.0, idle_seconds=2.0, memory_bytes=256 * 10**6, output_bytes=2**20)
ATTEMPTS: Final = 3
ALL_BYTES: Final = bytes(range(256)) * 16
SECRET: Final = "RLEF_TESTING_SECRET"
WRITTEN: Final = Path(tempfile.gettempdir(), "rlef-testing-wrote-this")

Check = Callable[[Execution], bool]


@dataclass(frozen=True)
class Case:
    """A run and what must come of it.

    Attributes:
        name: what is checked.
        source: Python source.
        expected: what the execution must be, in words.
        holds: whether it is that.
        stdin: standard input.
        limits: of the run.
        locked: whether only a locked sandbox must pass.
    """

    name: str
    source: str
    expected: str
    holds: Check
    stdin: bytes = b""
    limits: Mapping[str, Any] = field(default_factory=dict)
    locked: bool = False


def exits(code: int, stdout: bytes | None = None) -> Check:
    """Return a check of a program that ends by itself."""
    return lambda run: (
        run.status is Status.EXITED and run.exit_code == code and (stdout is None or run.stdout == stdout)
    )


def has_status(*statuses: Status) -> Check:
    """Return a check of how a run ended."""
    return lambda run: run.status in statuses


def refused(run: Execution) -> bool:
    """Return whether what the program tried did not work: it says ``reached`` where it did."""
    return b"reached" not in run.stdout


CASES: Final = (
    Case("output", "print('a', 'ü')", "exit 0 and its output", exits(0, "a ü\n".encode())),
    Case("empty program", "", "exit 0 and no output", exits(0, b"")),
    Case("input", "print(input()[::-1])", "exit 0, 'cba'", exits(0, b"cba\n"), b"abc\n"),
    Case("no input", "import sys\nprint(len(sys.stdin.read()))", "exit 0, '0'", exits(0, b"0\n")),
    Case(
        "all bytes, both ways",
        "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
        "exit 0 and its input, byte for byte",
        exits(0, ALL_BYTES),
        ALL_BYTES,
    ),
    Case("exit status", "import sys\nsys.exit(7)", "exit 7", exits(7)),
    Case("exit without cleaning up", "import os\nprint('x', flush=True)\nos._exit(3)", "exit 3, 'x'", exits(3, b"x\n")),
    Case(
        "exception",
        "def f():\n    raise KeyError('k')\nf()",
        "exit 1 and the stack trace on standard error",
        lambda run: exits(1)(run) and b"KeyError" in run.stderr and b"Traceback" in run.stderr,
    ),
    Case(
        "signal",
        "import os\nos.kill(os.getpid(), 9)",
        "that a signal killed it",
        has_status(Status.SIGNALED, Status.SECURITY_VIOLATION),
    ),
    Case(
        "syntax error",
        "print(",
        "a compile error, or exit 1 with SyntaxError",
        lambda run: run.status is Status.COMPILE_ERROR or (exits(1)(run) and b"SyntaxError" in run.stderr),
    ),
    Case("loop", "while True: pass", "the time limit", has_status(Status.TIME_LIMIT), limits={"cpu_seconds": 0.5}),
    Case(
        "loop that catches everything",
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
        "the time limit",
        has_status(Status.TIME_LIMIT),
        limits={"cpu_seconds": 0.5},
    ),
    Case(
        "sleep",
        "import time\ntime.sleep(1000)",
        "the time limit",
        has_status(Status.TIME_LIMIT),
        limits={"idle_seconds": 0.5},
    ),
    Case(
        "memory",
        "data = bytearray(10**9)\nprint(len(data))",
        "the memory limit, or a failed allocation",
        lambda run: (
            run.status in (Status.MEMORY_LIMIT, Status.SIGNALED)
            or (run.exit_code == 1 and b"MemoryError" in run.stderr)
        ),
    ),
    Case("flood", "while True: print('x' * 10**5)", "the output limit", has_status(Status.OUTPUT_LIMIT)),
    Case(
        "flood of errors",
        "import sys\nwhile True: sys.stderr.write('x' * 10**5)",
        "the output limit",
        has_status(Status.OUTPUT_LIMIT),
    ),
    Case(
        "output up to the limit",
        "print('x' * (2**20 - 1))",
        "exit 0 and the whole output",
        lambda run: exits(0)(run) and len(run.stdout) == 2**20,
    ),
    Case(
        "CPU time",
        "import time\nwhile time.process_time() < 0.4: pass",
        "exit 0 and cpu_seconds of 0.3 or more",
        lambda run: exits(0)(run) and run.cpu_seconds >= 0.3,
    ),
    Case(
        "a child that stays",
        "import os\nif os.fork() == 0:\n    while True: pass\nprint('reached')",
        "an end, within the limits",
        lambda run: run.status not in (Status.FAILED, Status.STARVED),
        limits={"cpu_seconds": 0.5, "idle_seconds": 0.5},
    ),
    Case(
        "fork",
        "import os\nif os.fork() == 0:\n    os._exit(0)\nprint('reached')",
        "that fork is refused",
        refused,
        locked=True,
    ),
    Case(
        "network",
        "import socket\nsocket.socket()\nprint('reached')",
        "that no socket can be made",
        refused,
        locked=True,
    ),
    Case(
        "files of the host",
        "print('reached', open('/etc/passwd').read())",
        "that files cannot be read",
        refused,
        locked=True,
    ),
    Case(
        "processes of the host",
        "import os\nprint('reached', os.listdir('/proc/1'))",
        "that processes cannot be seen",
        refused,
        locked=True,
    ),
    Case(
        "writing files",
        f"open('{WRITTEN}', 'w').write('x')\nprint('reached')",
        "that no file can be written",
        refused,
        locked=True,
    ),
    Case(
        "another program",
        "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo reached'])",
        "that no program can be started",
        refused,
        locked=True,
    ),
)


def check_sandbox(make: Callable[[], AbstractContextManager[Any]], *, locked: bool = True) -> None:
    """Check a sandbox: what programs print, how they end, limits, bytes, and what they must not reach.

    ::

        check_sandbox(Sandbox)                          # this package's own
        check_sandbox(MySandbox, locked=False)          # one that does not claim to lock programs

    Args:
        make: makes a sandbox, a context manager with ``load(program, limits)``. That is a context manager, too, of an
            object with ``run(stdin: bytes) -> Execution``.
        locked: whether the sandbox claims that programs reach no files, network or other processes.

    Raises:
        AssertionError: something was not as expected; the message lists everything.
    """
    findings = Findings("sandbox")
    secret = secrets.token_hex(8)
    os.environ[SECRET] = secret
    try:
        with make() as sandbox:
            for case in CASES:
                if case.locked and not locked:
                    continue
                with findings.check(case.name) as expect:
                    run = _run(sandbox, case.source, case.stdin, **case.limits)
                    expect(case.holds(run), f"expected {case.expected}, got {_described(run)}")
            _check_runs_of_one_program(sandbox, findings)
            if locked:
                _check_secrets(sandbox, findings, secret)
            _check_after_misuse(sandbox, findings)
    finally:
        os.environ.pop(SECRET, None)
        WRITTEN.unlink(missing_ok=True)
    findings.report()


def _check_runs_of_one_program(sandbox: Any, findings: Findings) -> None:
    """Runs of a program do not see each other."""
    source = "import builtins\nseen = getattr(builtins, 'seen', 0)\nbuiltins.seen = seen + 1\nprint(seen, input())"
    with findings.check("several runs of a program") as expect, sandbox.load(Program(source), LIMITS) as loaded:
        for number in range(3):
            run = loaded.run(f"{number}\n".encode())
            wanted = f"0 {number}\n".encode()
            expect(exits(0, wanted)(run), f"run {number}: expected exit 0, {wanted!r}, got {_described(run)}")


def _check_secrets(sandbox: Any, findings: Findings, secret: str) -> None:
    """The environment of the host is not the program's."""
    with findings.check("environment variables of the host") as expect:
        run = _run(sandbox, f"import os\nprint(os.environ.get('{SECRET}'))")
        expect(secret.encode() not in run.stdout, f"expected that the program does not see {SECRET}, but it printed it")


def _check_after_misuse(sandbox: Any, findings: Findings) -> None:
    """Programs before this one misbehaved in every way; the next one runs as the first did."""
    with findings.check("an honest program after all others") as expect:
        run = _run(sandbox, "print(sum(range(10)))")
        expect(exits(0, b"45\n")(run), f"expected exit 0, '45', got {_described(run)}")


def _run(sandbox: Any, source: str, stdin: bytes = b"", **limits: Any) -> Execution:
    values = {name: getattr(LIMITS, name) for name in ("cpu_seconds", "idle_seconds", "memory_bytes", "output_bytes")}
    with sandbox.load(Program(source), Limits(**{**values, **limits})) as loaded:
        for _ in range(ATTEMPTS):
            execution: Execution = loaded.run(stdin)
            if execution.status is not Status.STARVED:  # else the machine is at fault
                break
        return execution


def _described(run: Execution) -> str:
    end = f"exit {run.exit_code}" if run.status is Status.EXITED else run.status.value
    text = f"{end}, stdout {run.stdout[:60]!r}, stderr {run.stderr[-80:]!r}"
    return text + (f", {run.message}" if run.message else "")
