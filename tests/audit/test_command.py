"""`rlef audit`: scripts read its JSON lines, so their keys are fixed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlef_env.cli.command import main
from rlef_env.sandbox import installed_languages
from tests.cli.conftest import rlef, rlef_here  # noqa: F401 - the same fixtures

KEYS = ["file", "verdict", "passed", "total", "wall_seconds", "leftover_processes", "leftover_files", "collateral"]
ROW = {
    "name": "sum",
    "description": "Add two numbers.",
    "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
    "private_tests": {"input": ["3 4\n", "5 -5\n"], "output": ["7\n", "0\n"]},
    "generated_tests": {"input": ["10 20\n"], "output": ["30\n"]},
    "solutions": {"language": [2, 3], "solution": ["int main() {}", "print(sum(map(int, input().split())))"]},
    "incorrect_solutions": {"language": [], "solution": []},
}


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    path = tmp_path / "problem.jsonl"
    path.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def attacks(tmp_path: Path) -> Path:
    folder = tmp_path / "attacks"
    folder.mkdir()
    (folder / "cheat.py").write_text('"""Know the public test."""\nprint(3)\n')
    (folder / "honest.py").write_text("a, b = map(int, input().split())\nprint(a + b)\n")
    (folder / "killer.py").write_text("import os\nos.kill(os.getppid(), 9)\n")
    (folder / "notes.txt").write_text("not a program")
    return folder


@pytest.mark.parametrize("workers", ["1", "2"])
def test_custom_attacks(
    attacks: Path,
    problem: Path,
    tmp_path: Path,
    workers: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Judges of other tests create folders in /tmp at the same time, which would count as left behind.
    monkeypatch.setattr("rlef_env.audit.leftovers.PUBLIC", ())
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out.jsonl"
    arguments = ["--attacks", attacks, "--problem", problem, "--json", out, "--workers", workers]
    assert main(["audit", *map(str, arguments)]) == 0
    stdout = capsys.readouterr().out
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.read_text().splitlines()]
    assert [list(row) for row in rows] == [KEYS] * 3
    assert [(row["file"], row["verdict"], row["passed"], row["total"]) for row in rows] == [
        ("cheat.py", "wrong_answer", 1, 4),
        ("honest.py", "accepted", 4, 4),
        ("killer.py", "runtime_error", 0, 4),
    ]
    for row in rows:
        assert (row["leftover_processes"], row["leftover_files"], row["collateral"]) == (0, 0, False)
        assert row["wall_seconds"] > 0
    assert "Know the public test." in stdout
    assert stdout.splitlines()[-1] == "3 attacks, 2 passed, 0 collateral, 0 leftovers"


def test_attacks_of_two_languages(attacks: Path, problem: Path, tmp_path: Path, rlef) -> None:  # noqa: F811
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    (attacks / "a.c").write_text('/* Know the public test. */\n#include <stdio.h>\nint main(void) { puts("3"); }\n')
    process = rlef("audit", "--attacks", "attacks", "--problem", "problem.jsonl", "--json", "out.jsonl")
    assert process.returncode == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["file"] for row in rows] == ["cheat.py", "honest.py", "killer.py", "a.c"]
    assert (rows[-1]["verdict"], rows[-1]["passed"], rows[-1]["total"]) == ("wrong_answer", 1, 4)
    assert (rows[-1]["leftover_processes"], rows[-1]["collateral"]) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--attacks", "."], "expected both or neither"),
        (["--problem", "problem.jsonl"], "expected both or neither"),
        (["--attacks", "nowhere", "--problem", "problem.jsonl"], "expected a folder"),
        (["--attacks", "attacks", "--problem", "nowhere.jsonl"], "nowhere.jsonl"),
        (["--attacks", "attacks", "--problem", "empty.jsonl"], "empty"),
        (["--attacks", "attacks", "--problem", "broken.jsonl"], "broken.jsonl:1"),
        (["--attacks", "attacks", "--problem", "no-tests.jsonl"], "with tests"),
        (["--attacks", "attacks", "--problem", "problem.jsonl", "--json", "no/where.jsonl"], "no/where.jsonl"),
        (["--workers", "0"], "at least 1"),
    ],
)
def test_bad_input_is_one_line(rlef_here, attacks: Path, problem: Path, tmp_path: Path, arguments, words: str) -> None:  # noqa: F811
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "broken.jsonl").write_text("{\n")
    none: dict[str, list[str]] = {"input": [], "output": []}
    row = {**ROW, "public_tests": none, "private_tests": none, "generated_tests": none}
    (tmp_path / "no-tests.jsonl").write_text(json.dumps(row) + "\n")
    process = rlef_here("audit", *arguments)
    assert process.returncode == 2
    assert words in process.stderr
    assert len(process.stderr.splitlines()) == 1
    assert "Traceback" not in process.stderr
