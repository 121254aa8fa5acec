"""The ways in which a sandbox can be made here, by name. Each must pass the conformance suite (conformance.py)."""

from __future__ import annotations

import contextlib
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rlef_env.sandbox import Sandbox

__all__ = ["namespaces_refused"]

# An interpreter that is Python, in a process that the kernel grants no namespace.
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


@contextlib.contextmanager
def namespaces_refused() -> Iterator[Sandbox]:
    """A locked sandbox where the kernel grants no namespaces, as in many containers."""
    python = getattr(sys, "_base_executable", sys.executable)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        wrapper = Path(folder, "python")
        wrapper.write_text(REFUSING.format(python=python))
        wrapper.chmod(stat.S_IRWXU)
        patch.setattr(sys, "_base_executable", str(wrapper))
        with Sandbox() as sandbox:
            assert not any(layer.available for name, layer in sandbox.layers.items() if name.endswith("_namespace"))
            yield sandbox
