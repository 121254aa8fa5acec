"""A sandbox for the tests of this folder, and plain Python for comparison."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rlef_env.sandbox import Execution, Limits, Program, Sandbox
from tests.sandbox.implementations import IMPLEMENTATIONS, implementations_for

Run = Callable[..., Execution]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test marked ``conformance`` once with every implementation that the mark selects."""
    if mark := metafunc.definition.get_closest_marker("conformance"):
        metafunc.parametrize("implementation", implementations_for(mark), indirect=True, scope="session")


@pytest.fixture(scope="session")
def implementation(request: pytest.FixtureRequest) -> str:
    """Return the name of the implementation under test."""
    return str(getattr(request, "param", "locked"))


@pytest.fixture(scope="session")
def sandbox(implementation: str) -> Iterator[Sandbox]:
    with IMPLEMENTATIONS[implementation].open() as sandbox:
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
def plain_python(tmp_path: Path, sandbox: Sandbox) -> PlainPython:
    """Run ``python solution.py < input`` without a sandbox; return (return code, stdout, stderr)."""

    def plain(source: str, stdin: bytes = b"") -> tuple[int, bytes, str]:
        program, given = tmp_path / "solution.py", tmp_path / "input"
        program.write_bytes(source.encode("utf-8", "surrogatepass"))
        given.write_bytes(stdin)
        with given.open("rb") as file:
            done = subprocess.run(
                [sandbox._interpreter or getattr(sys, "_base_executable", sys.executable), "-B", "-s", str(program)],
                stdin=file,
                capture_output=True,
                timeout=250,
                cwd=tmp_path,
                env={
                    "PYTHONWARNINGS": "ignore::SyntaxWarning",  # the sandbox drops them
                    "LC_ALL": "C.UTF-8",
                    "ONLINE_JUDGE": "true",
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
