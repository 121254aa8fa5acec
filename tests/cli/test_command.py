"""Whatever is typed wrongly costs one clear line and exit code 2, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from rlef_env.cli import command
from rlef_env.errors import SandboxFailure, UsageError


def assert_one_line(process: subprocess.CompletedProcess[str], *fragments: str) -> None:
    assert process.returncode == 2, process.stderr
    assert process.stdout == ""
    assert process.stderr.startswith("rlef: ")
    assert process.stderr.count("\n") == 1, process.stderr
    for fragment in fragments:
        assert fragment in process.stderr


def test_version(rlef) -> None:
    assert rlef("--version").stdout == f"rlef {version('rlef-env')}\n"


@pytest.mark.parametrize("name", ["demo", "play", "judge", "doctor"])
def test_every_subcommand_has_help_and_is_in_the_overview(rlef, name: str) -> None:
    assert f"\n    {name} " in rlef("--help").stdout
    own = rlef(name, "--help")
    assert own.returncode == 0
    assert own.stdout.startswith(f"usage: rlef {name}")
    assert max(map(len, own.stdout.splitlines())) <= 120


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        ((), ("COMMAND", "rlef --help")),
        (("fly",), ("'fly'", "demo", "doctor")),
        (("judge",), ("FILE.jsonl", "rlef judge --help")),
        (("judge", "missing.jsonl"), ("missing.jsonl", "no such file")),
        (("judge", "."), ("directory",)),
        (("judge", "missing.jsonl", "--which", "some"), ("'some'", "correct", "incorrect", "all")),
        (("judge", "missing.jsonl", "--workers", "0"), ("--workers", "at least 1", "'0'")),
        (("judge", "missing.jsonl", "--workers", "two"), ("--workers", "whole number", "'two'")),
        (("doctor", "now"), ("now",)),
        (("play", "--file", "missing.py"), ("missing.py",)),
        (("play", "--dataset", "nonsense"), ("'nonsense'", "starter", ".jsonl")),
        (("play", "--problem", "nonsense"), ("'nonsense'",)),
        (("demo", "--agent", "nonsense"), ("'nonsense'", "oracle", "repair", "random")),
        (("demo", "--agent", "nonsense:Agent"), ("'nonsense'",)),
        (("demo", "--agent", "json:Agent"), ("'Agent'", "json")),
        (("demo", "--episodes", "0"), ("--episodes", "at least 1")),
    ],
)
def test_wrong_arguments(rlef, arguments: tuple[str, ...], fragments: tuple[str, ...]) -> None:
    assert_one_line(rlef(*arguments), *fragments)


def test_malformed_data_names_file_line_and_field(rlef, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"name": "a", "description": "b", "public_tests": {"input": ["1"], "output": []}}\n')
    assert_one_line(rlef("judge", bad), f"{bad}:1", "public_tests")


def test_binary_data(rlef, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"\xff\x00\xfe\n")
    assert_one_line(rlef("judge", bad), f"{bad}:1")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("expected a\nb"), 2, "rlef: expected a b\n"),
        (FileNotFoundError(2, "No such file or directory", "x.py"), 2, "rlef: x.py: No such file or directory\n"),
        (SandboxFailure("the zygote died"), 70, "rlef: the zygote died\n"),
        (KeyboardInterrupt(), 130, "rlef: stopped\n"),
    ],
)
def test_errors_become_one_line(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(arguments: object) -> None:
        raise error

    monkeypatch.setattr(command.doctor, "run", fail)
    assert command.main(["doctor"]) == code
    assert capsys.readouterr().err == words


def test_a_fault_of_ours_asks_for_a_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command.doctor, "run", lambda arguments: 1 / 0)
    monkeypatch.delenv("RLEF_DEBUG", raising=False)
    assert command.main(["doctor"]) == 70
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.setenv("RLEF_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        command.main(["doctor"])


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [str(Path(sys.executable).parent / "rlef"), "doctor", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (process.returncode, process.stderr) == (141, "")


def test_output_that_the_terminal_cannot_show_does_not_stop_the_command(rlef) -> None:
    process = rlef("doctor", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert process.returncode == 0, process.stderr
