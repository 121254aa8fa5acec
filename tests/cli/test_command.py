"""Errors of the user become one clear line and exit code 2, never a traceback."""

from __future__ import annotations

import os
import re
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


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_subcommand_has_help_and_is_in_the_overview(
    rlef_here, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert f"\n    {name} " in rlef_here("--help").stdout
    own = rlef_here(name, "--help")
    assert own.returncode == 0
    assert own.stdout.startswith(f"usage: rlef {name}")
    assert max(map(len, own.stdout.splitlines())) <= 120


def test_the_overview_lists_the_commands_in_groups(rlef) -> None:
    lines = rlef("--help").stdout.split("commands:\n")[1].split("\n\n")[0].splitlines()
    names = [line.split()[0] for line in lines if re.match(r" {4}\S", line)]
    titles = [line.strip(" :") for line in lines if re.match(r" {2}\S", line)]
    assert names == list(command.COMMANDS)
    assert titles == [title for title, group in command.GROUPS.items() if group]
    assert all(module.HELP[0].islower() and module.HELP[-1] not in ".:" for module in command.COMMANDS.values())


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        ((), ("COMMAND", "rlef --help")),
        (("fly",), ("'fly'", "demo", "doctor")),
        (("judge",), ("FILE", "rlef judge --help")),
        (("judge", "missing.jsonl"), ("missing.jsonl", "no such file")),
        (("judge", "."), ("folder",)),
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
        (("demo", "--episodes", "1000000000"), ("--episodes", "at most 1000000", "'1000000000'")),
        (("judge", "missing.jsonl", "--workers", "1000000"), ("--workers", "at most 1000")),
        (("judge", "missing.jsonl", "--json", ""), ("--json", "path of a file", "''")),
        (("play", "--out", ""), ("--out", "path of a file", "''")),
        (("judge", "missing.jsonl", "--fast"), ("--fast", "see rlef judge --help")),
        (("demo", "--fast"), ("--fast", "see rlef demo --help")),
        (("--fast", "demo"), ("--fast", "see rlef --help")),
    ],
)
def test_wrong_arguments(rlef_here, arguments: tuple[str, ...], fragments: tuple[str, ...]) -> None:
    assert_one_line(rlef_here(*arguments), *fragments)


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
        (OSError(28, "No space left on device"), 74, "rlef: system error: No space left on device\n"),
        (OSError(28, "No space left on device", "x"), 74, "rlef: system error: No space left on device\n"),
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


def test_a_bug_is_reported_in_one_line_that_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command.doctor, "run", lambda arguments: 1 / 0)
    monkeypatch.delenv("RLEF_DEBUG", raising=False)
    assert command.main(["doctor"]) == 70
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.setenv("RLEF_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        command.main(["doctor"])


def run_in_shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", line], cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=250
    )


@pytest.mark.parametrize("arguments", ["doctor", "doctor --json", "demo --episodes 1", "--version", "judge --help"])
def test_a_full_disk_is_one_line(arguments: str, tmp_path: Path) -> None:
    process = run_in_shell(f"rlef {arguments} >/dev/full", tmp_path)
    lines = [line for line in process.stderr.splitlines() if not line.startswith("Warning: this machine is starved")]
    assert (process.returncode, lines) == (74, ["rlef: system error: No space left on device"])


def test_an_error_that_cannot_be_printed_keeps_its_exit_code(tmp_path: Path) -> None:
    process = run_in_shell("rlef play --dataset nonsense 2>/dev/full", tmp_path)
    assert (process.returncode, process.stdout, process.stderr) == (2, "", "")


@pytest.mark.parametrize(
    ("line", "code", "out", "err"),
    [
        ("rlef --version >&-", 0, "", ""),
        ("rlef doctor >&-", 0, "", ""),
        ("rlef demo --episodes 1 --agent oracle >&- 2>&-", 0, "", ""),
        ("rlef play --problem starter/add-numbers <&-", 0, "The episode was not finished.", ""),
        ("rlef play --dataset nonsense 2>&-", 2, "", ""),
        ("rlef fly <&- >&- 2>&-", 2, "", ""),
        ("rlef fly <&- >&-", 2, "", "'fly'"),
    ],
)
def test_missing_standard_streams(line: str, code: int, out: str, err: str, tmp_path: Path) -> None:
    process = run_in_shell(line, tmp_path)
    assert process.returncode == code, process.stderr
    assert out in process.stdout
    assert bool(out) == bool(process.stdout)
    assert err in process.stderr
    assert bool(err) == bool(process.stderr)


INTERRUPTED_IMPORT = """
import os, signal
os.kill(os.getpid(), signal.SIGINT)
"""


def test_ctrl_c_while_the_command_is_still_being_imported(tmp_path: Path) -> None:
    (tmp_path / "rlef_env").mkdir()
    (tmp_path / "rlef_env" / "__init__.py").write_text(INTERRUPTED_IMPORT)
    start = "import sys, rlef_command; sys.path.insert(0, '.'); sys.exit(rlef_command.main())"
    process = subprocess.run([sys.executable, "-c", start], cwd=tmp_path, capture_output=True, text=True, timeout=250)
    assert (process.returncode, process.stdout, process.stderr) == (130, "", "rlef: stopped\n")


def test_the_entry_point_imports_nothing_of_the_package() -> None:
    assert "from rlef_command import main" in (Path(sys.executable).parent / "rlef").read_text()
    look = "import sys, rlef_command; print([name for name in sys.modules if name.startswith(('rlef_env', 'numpy'))])"
    process = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert process.stdout == "[]\n"


@pytest.mark.parametrize("columns", [50, 80, 120])
@pytest.mark.parametrize("name", command.COMMANDS)
def test_descriptions_are_wrapped_to_the_terminal(
    rlef_here, name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    description = rlef_here(name, "--help").stdout.split("\n\n", 1)[1]
    assert max(map(len, description.splitlines())) <= columns
    if name == "judge" and columns == 120:
        assert '\n  {"problem", "kind": "correct"|"incorrect", "index",' in description


def test_an_ascii_terminal_does_not_stop_the_command(rlef) -> None:
    process = rlef("doctor", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert process.returncode == 0, process.stderr
