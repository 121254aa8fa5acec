"""Numpy if it is asked for, and other interpreters."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from rlef_env.sandbox import Program, Sandbox

MULTIPLY = "import numpy as np\na = np.arange(6).reshape(2, 3)\nprint((a @ a.T).sum(), np.linalg.norm(a) > 7)"


@pytest.fixture(scope="module")
def with_numpy() -> Iterator[Sandbox]:
    with Sandbox(numpy=True) as sandbox:
        yield sandbox


def output(sandbox: Sandbox, source: str) -> bytes:
    with sandbox.load(Program(source)) as loaded:
        execution = loaded.run(b"")
        return execution.stdout or execution.stderr[-300:]


def test_numpy_is_importable_only_if_asked_for(with_numpy: Sandbox, sandbox: Sandbox) -> None:
    assert output(with_numpy, MULTIPLY) == b"83 True\n"
    assert b"No module named 'numpy'" in output(sandbox, MULTIPLY)


@pytest.mark.parametrize("name", ["numpy.ma", "numpy.testing", "numpy.lib.stride_tricks", "numpy.ctypeslib"])
def test_parts_of_numpy_that_are_loaded_late(name: str, with_numpy: Sandbox) -> None:
    assert output(with_numpy, f"import {name}\nprint('ok')") == b"ok\n"


def test_other_packages_beside_numpy_cannot_be_imported(with_numpy: Sandbox) -> None:
    assert b"No module named" in output(with_numpy, "import gymnasium")
    beside = "os.path.dirname(os.path.dirname(numpy.__file__))"
    assert b"rror" in output(with_numpy, f"import numpy, os\nprint(os.listdir({beside} + '/gymnasium'))")


def test_numpy_does_not_count_as_the_programs_memory(with_numpy: Sandbox) -> None:
    with with_numpy.load(Program("import numpy\nprint(numpy.zeros(10).sum())")) as loaded:
        assert loaded.run(b"").peak_bytes < 10_000_000


@pytest.mark.parametrize("python", ["/usr/bin/python3", "pypy3"])
def test_another_interpreter(python: str) -> None:
    path = shutil.which(python)
    if path is None:
        pytest.skip(f"{python} is not installed here")
    ask = "import sys\nprint(sys.version)"
    version = subprocess.run([path, "-c", ask], capture_output=True, check=True)
    with Sandbox(python=path) as sandbox:
        assert output(sandbox, ask) == version.stdout
        assert b"ZeroDivisionError" in output(sandbox, "1/0")
        assert b"FileNotFoundError" in output(sandbox, "open('/etc/passwd')")
