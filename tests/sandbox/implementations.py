"""The implementations of a sandbox, by name. Each must pass the conformance suite.

The suite is every test marked ``conformance``: ``pytest -m conformance tests/sandbox``. A new implementation is a line
in ``IMPLEMENTATIONS`` with a function that opens it. It has ``isolation`` and ``load(program, limits)``, a context
manager of an object with ``run(stdin, arguments)``, like ``Sandbox``.

    @pytest.mark.conformance                        what a run does: implementations that run Python
    @pytest.mark.conformance(needs="lock")          what a run cannot do: implementations that lock
    @pytest.mark.conformance(language="compiled")   implementations that run compiled programs
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rlef_env.sandbox import Sandbox

# RLEF_TEST_IMPLEMENTATIONS="locked,no namespaces" runs the suite for these alone.
CHOSEN = os.environ.get("RLEF_TEST_IMPLEMENTATIONS")

__all__ = ["IMPLEMENTATIONS", "Implementation", "implementations_for", "launcher_missing", "namespaces_refused"]

# Starts Python in a process to which the kernel grants no namespace.
REFUSING = """\
#!{python} -IS
import ctypes, os, platform, struct, sys
number = {{"x86_64": 272, "aarch64": 97}}[platform.machine()]  # unshare
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
rows = (32, 0, 0, 0), (21, 0, 1, number), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)  # EPERM
code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
libc.prctl(22, 2, struct.pack("<HxxxxxxQ", len(rows), ctypes.addressof(code)), 0, 0)
os.execv({python!r}, [{python!r}, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Implementation:
    """An implementation of a sandbox.

    Attributes:
        open: makes one.
        locks: whether it locks programs.
        python: whether it runs Python programs in a way of its own.
        compiled: whether it runs compiled programs in a way of its own.
    """

    open: Callable[[], AbstractContextManager[Sandbox]]
    locks: bool = True
    python: bool = True
    compiled: bool = True


@contextlib.contextmanager
def namespaces_refused() -> Iterator[Sandbox]:
    """Open a locked sandbox where the kernel grants no namespaces, as in many containers."""
    python = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        wrapper = Path(folder, "python")
        wrapper.write_text(REFUSING.format(python=python))
        wrapper.chmod(stat.S_IRWXU)
        start = Sandbox._zygote

        def start_refused(*arguments: Any) -> Any:
            with pytest.MonkeyPatch.context() as inner:
                inner.setattr(sys, "_base_executable", str(wrapper))
                return start(*arguments)

        with patch.context() as inner:
            inner.setattr(Sandbox, "_zygote", start_refused)
            sandbox = Sandbox()
        patch.setattr(sandbox, "_zygote", functools.partial(start_refused, sandbox))
        with sandbox:
            assert not any(layer.available for name, layer in sandbox.layers.items() if name.endswith("_namespace"))
            yield sandbox


@contextlib.contextmanager
def launcher_missing() -> Iterator[Sandbox]:
    """Open a locked sandbox without a compiled launcher: the zygote forks the runs of compiled programs."""
    with Sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox._compiler, "launcher", lambda: b"")
        yield sandbox


IMPLEMENTATIONS = {
    "locked": Implementation(Sandbox),
    "no namespaces": Implementation(namespaces_refused),
    "no lock": Implementation(functools.partial(Sandbox, "none"), locks=False),
    "no launcher": Implementation(launcher_missing, python=False),
}
for name in ("/usr/bin/python3", "pypy3"):
    path = shutil.which(name)
    if path and Path(path).resolve() != Path(getattr(sys, "_base_executable", sys.executable)).resolve():
        IMPLEMENTATIONS[name] = Implementation(functools.partial(Sandbox, python=path), compiled=False)


def implementations_for(mark: pytest.Mark) -> list[str]:
    """Return the names of the implementations with which a test with this mark is run."""
    compiled = mark.kwargs.get("language") == "compiled"
    return [
        name
        for name, implementation in IMPLEMENTATIONS.items()
        if (implementation.compiled if compiled else implementation.python)
        and (implementation.locks or mark.kwargs.get("needs") != "lock")
        and (CHOSEN is None or name in CHOSEN.split(","))
    ]
