"""`rlef play`: programs from files or from standard input take the turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlef_env.envs import read_episodes
from rlef_env.problems import load_dataset


@pytest.fixture
def programs(tmp_path: Path) -> tuple[Path, Path]:
    """A wrong and a right program for the starter set's first problem."""
    problem = load_dataset("starter")[0]
    wrong, right = tmp_path / "wrong.py", tmp_path / "right.py"
    wrong.write_text("print(1 / 0)\n")
    right.write_text(problem.solutions[0].source)
    return wrong, right


def test_files_take_the_turns_in_order(rlef, programs: tuple[Path, Path]) -> None:
    problem = load_dataset("starter")[0]
    process = rlef("play", "--problem", problem.id, "--file", *programs)
    assert process.returncode == 0, process.stderr
    shown = process.stdout
    assert f"{problem.id} (Starter)" in shown
    order = [shown.index(text) for text in ("Turn 1", "ZeroDivisionError", "Turn 2", "verdict: accepted", "Solved.")]
    assert order == sorted(order)
    assert "reward: +1" in shown


def test_programs_from_standard_input_end_with_a_dot_or_with_the_input(rlef) -> None:
    problem = load_dataset("starter")[0]
    right = problem.solutions[0].source
    process = rlef("play", "--problem", problem.id, stdin=f"print('nö')\n.\n{right}")
    assert process.returncode == 0, process.stderr
    assert process.stdout.index("wrong answer") < process.stdout.index("Solved.")


def test_the_turn_limit_ends_the_episode(rlef, programs: tuple[Path, Path]) -> None:
    wrong, right = programs
    process = rlef("play", "--problem", load_dataset("starter")[0].id, "--max-turns", "1", "--file", wrong, right)
    assert "Not solved." in process.stdout
    assert "Turn 2" not in process.stdout


def test_saved_episodes_add_up_and_get_the_same_verdicts_again(
    rlef, programs: tuple[Path, Path], tmp_path: Path
) -> None:
    wrong, right = programs
    play = ("play", "--problem", load_dataset("starter")[0].id, "--save", "episodes.jsonl", "--file")
    assert rlef(*play, wrong, right).returncode == 0
    assert "not over" in rlef(*play, wrong).stdout
    first, second = read_episodes(tmp_path / "episodes.jsonl")
    assert first.solved
    assert not second.ended
    again = rlef("judge", "episodes.jsonl")
    assert again.returncode == 0, again.stderr
    assert [line.count('"same": true') for line in again.stdout.splitlines()] == [1, 1]
    assert '"verdicts": ["runtime_error", "accepted"]' in again.stdout


def test_a_changed_verdict_is_seen(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    _, right = programs
    rlef("play", "--problem", load_dataset("starter")[0].id, "--save", "episodes.jsonl", "--file", right)
    path = tmp_path / "episodes.jsonl"
    path.write_text(path.read_text().replace('"verdict": "accepted"', '"verdict": "wrong_answer"', 1))
    again = rlef("judge", "episodes.jsonl", "--json", "out.jsonl")
    assert again.returncode == 0
    assert '"same": false' in (tmp_path / "out.jsonl").read_text()
    assert "1 episodes, 0 with the verdicts that were stored" in again.stderr


def test_a_file_that_holds_no_episodes_is_refused_before_the_game(
    rlef, programs: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "other.jsonl").write_text('{"name": "x"}\n')
    process = rlef("play", "--save", "other.jsonl", "--file", programs[0])
    assert (process.returncode, process.stdout) == (2, "")
    assert "other.jsonl:1" in process.stderr
    assert (tmp_path / "other.jsonl").read_text() == '{"name": "x"}\n'


def test_a_program_file_that_is_no_text(rlef, tmp_path: Path) -> None:
    (tmp_path / "image.py").write_bytes(b"\xff\xd8")
    process = rlef("play", "--file", "image.py")
    assert process.returncode == 2
    assert process.stderr == "rlef: image.py: expected a program in UTF-8, got invalid start byte at byte 0\n"
