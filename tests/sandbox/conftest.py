"""One sandbox for the tests of this folder, and plain Python to compare it with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rlef_env.sandbox import Execution, Limits, Program, Sandbox

Run = Callable[..., Execution]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def run(sandbox: Sandbox) -> Run:
    """Run a Python source on an input, under the limits named."""

    def run(source: str, stdin: bytes = b"", **limits: object) -> Execution:
        with sandbox.load(Program(source), Limits(**limits)) as loaded:  # type: ignore[arg-type]
            return loaded.run(stdin)

    return run


PlainPython = Callable[[str, bytes], "tuple[int, bytes, str]"]


@pytest.fixture
def plain_python(tmp_path: Path) -> PlainPython:
    """``python solution.py < input`` with nothing around it: (return code, stdout, stderr)."""

    def plain(source: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
        program, given = tmp_path / "solution.py", tmp_path / "input"
        program.write_bytes(source.encode("utf-8", "surrogatepass"))
        given.write_bytes(stdin)
        with given.open("rb") as file:
            done = subprocess.run(
                [getattr(sys, "_base_executable", sys.executable), "-B", "-s", str(program)],
                stdin=file,
                capture_output=True,
                timeout=60,
                cwd=tmp_path,
                env={
                    "PYTHONWARNINGS": "ignore::SyntaxWarning",  # the sandbox compiles apart, and forgets these
                    "LC_ALL": "C.UTF-8",
                    "PYTHONHASHSEED": "0",
                    "TZ": "UTC",
                    "PATH": os.environ["PATH"],
                },
            )
        stderr = done.stderr.decode("utf-8", "replace").replace(str(program), "solution.py")
        if sys.version_info < (3, 11):  # its printer and its traceback module differ in the names of own exceptions
            stderr = stderr.replace("\n__main__.", "\n")
        return done.returncode, done.stdout, stderr

    return plain
