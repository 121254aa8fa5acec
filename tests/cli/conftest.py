"""Runs the real command in a separate process, as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rlef_env.cli import command

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
            timeout=850,
        )

    return run


@pytest.fixture
def rlef_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rlef:
    """Return a function like ``rlef`` that runs the command in this process, which is quicker."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        words = [str(each) for each in arguments]
        try:
            code = command.main(words)
        except SystemExit as end:  # of argparse
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, out, err)

    return run
