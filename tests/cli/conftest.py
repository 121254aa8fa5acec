"""Runs the real command in a separate process, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Rlef = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def rlef(tmp_path: Path) -> Rlef:
    """Return a function that runs ``rlef`` in an empty folder and returns the finished process, with output as text."""

    def run(*arguments: str | Path, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(Path(sys.executable).parent / "rlef"), *map(str, arguments)],
            cwd=tmp_path,
            input=stdin,
            env={**os.environ, "COLUMNS": "120", **environment},
            capture_output=True,
            text=True,
            timeout=240,
        )

    return run
