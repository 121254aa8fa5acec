"""`rlef play`: with programs from files or from standard input."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rlef_env.episodes import read_episodes
from rlef_env.problems import load_dataset


@pytest.fixture
def programs(tmp_path: Path) -> tuple[Path, Path]:
    """Return a wrong and a right program for the starter set's first problem."""
    problem = load_dataset("starter")[0]
    wrong, right = tmp_path / "wrong.py", tmp_path / "right.py"
    wrong.write_text("print(1 / 0)\n")
    right.write_text(problem.solutions[0].source)
    return wrong, right


def test_files_are_used_in_order(rlef, programs: tuple[Path, Path]) -> None:
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


def test_saved_episodes_are_appended_and_get_the_same_verdicts_again(
    rlef, programs: tuple[Path, Path], tmp_path: Path
) -> None:
    wrong, right = programs
    play = ("play", "--problem", load_dataset("starter")[0].id, "--save", "episodes.jsonl", "--file")
    assert rlef(*play, wrong, right).returncode == 0
    assert "not finished" in rlef(*play, wrong).stdout
    first, second = read_episodes(tmp_path / "episodes.jsonl")
    assert first.solved
    assert not second.ended
    again = rlef("judge", "episodes.jsonl")
    assert again.returncode == 0, again.stderr
    assert [line.count('"same": true') for line in again.stdout.splitlines()] == [1, 1]
    assert '"verdicts": ["runtime_error", "accepted"]' in again.stdout


def test_a_changed_verdict_is_reported(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    wrong, _ = programs
    rlef("play", "--problem", load_dataset("starter")[0].id, "--save", "episodes.jsonl", "--file", wrong)
    path = tmp_path / "episodes.jsonl"
    path.write_text(path.read_text().replace('"verdict": "runtime_error"', '"verdict": "wrong_answer"'))
    again = rlef("judge", "episodes.jsonl", "--json", "out.jsonl")
    assert again.returncode == 0
    assert '"same": false' in (tmp_path / "out.jsonl").read_text()
    assert "1 episodes, 0 with the verdicts that were stored" in again.stderr


def test_a_file_without_episodes_is_refused_before_the_first_turn(
    rlef, programs: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "other.jsonl").write_text('{"name": "x"}\n')
    process = rlef("play", "--save", "other.jsonl", "--file", programs[0])
    assert (process.returncode, process.stdout) == (2, "")
    assert "other.jsonl:1" in process.stderr
    assert (tmp_path / "other.jsonl").read_text() == '{"name": "x"}\n'


@pytest.mark.parametrize(("where", "words"), [("no/such/folder.jsonl", "No such file"), (".", "directory")])
def test_a_file_that_cannot_be_written_is_reported_before_the_first_turn(
    rlef, programs: tuple[Path, Path], where: str, words: str
) -> None:
    process = rlef("play", "--save", where, "--file", programs[0])
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.startswith(f"rlef: {where}: ")
    assert words in process.stderr


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(Path(sys.executable).parent / "rlef"), "play", "--problem", "starter/add-numbers", *arguments],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(text: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert any(text in line for line in process.stdout), text


def test_ctrl_c_keeps_the_turns_that_were_judged(tmp_path: Path) -> None:
    process = start(tmp_path, "--save", "episodes.jsonl")
    assert process.stdin is not None
    process.stdin.write("print(1 / 0)\n.\n")
    process.stdin.flush()
    wait_for("reward", process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "rlef: stopped\n"
    assert process.returncode == 130
    (episode,) = read_episodes(tmp_path / "episodes.jsonl")
    assert not episode.ended
    assert [turn.judgement.verdict.value for turn in episode.turns] == ["runtime_error"]


def test_an_episode_without_a_turn_is_not_saved(tmp_path: Path) -> None:
    process = start(tmp_path, "--save", "episodes.jsonl")
    wait_for("starter/add-numbers", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert (tmp_path / "episodes.jsonl").read_bytes() == b""


def test_two_players_can_share_a_file(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    slow = start(tmp_path, "--save", "episodes.jsonl")
    wait_for("starter/add-numbers", slow)
    quick = ("play", "--problem", "starter/add-numbers", "--save", "episodes.jsonl", "--file", programs[1])
    assert rlef(*quick).returncode == 0
    slow.communicate("print(1 / 0)\n", timeout=60)
    assert [episode.solved for episode in read_episodes(tmp_path / "episodes.jsonl")] == [True, False]


def test_an_episode_is_appended_on_a_new_line(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    play = ("play", "--problem", "starter/add-numbers", "--save", "episodes.jsonl", "--file", programs[1])
    rlef(*play)
    path = tmp_path / "episodes.jsonl"
    path.write_bytes(path.read_bytes().rstrip())
    assert rlef(*play).returncode == 0
    assert len(read_episodes(path)) == 2


def test_a_program_that_is_no_valid_action(rlef, tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("#" * 2**20)
    process = rlef("play", "--file", "long.py")
    assert process.returncode == 2
    assert process.stderr.startswith("rlef: turn 1: expected a valid action: ")
    assert process.stderr.count("\n") == 1


def test_a_program_file_that_is_not_text(rlef, tmp_path: Path) -> None:
    (tmp_path / "image.py").write_bytes(b"\xff\xd8")
    process = rlef("play", "--file", "image.py")
    assert process.returncode == 2
    assert process.stderr == "rlef: image.py: expected a program in UTF-8, got invalid start byte at byte 0\n"
