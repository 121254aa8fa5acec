"""`rlef play`: with programs from files or from standard input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rlef_env.problems import load_dataset
from rlef_env.runs import EpisodeRecord, RunFolder, problem_facts, read_records


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


def kept(run: Path) -> list[EpisodeRecord]:
    return list(read_records(RunFolder.open(run)))


def test_a_run_keeps_the_episodes(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    wrong, right = programs
    play = ("play", "--problem", "starter/add-numbers", "--out", "run", "--file")
    assert rlef(*play, wrong, right).returncode == 0
    assert "not finished" in rlef(*play, wrong).stdout
    first, second = kept(tmp_path / "run")
    assert (first.episode.solved, first.sample, first.phase) == (True, 0, "play")
    assert (second.episode.ended, second.sample, second.phase) == (False, 1, "play")
    assert [extra.category for extra in first.turns] == ["zero_division", None]
    folder = RunFolder.open(tmp_path / "run")
    assert folder.kind == "play"
    problem = load_dataset("starter").get("starter/add-numbers")
    assert folder.problem_facts() == {problem.id: problem_facts(problem)}


def test_kept_episodes_can_be_judged_again(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    rlef("play", "--problem", "starter/add-numbers", "--out", "run", "--file", *programs)
    again = rlef("rescore", "run", "--json")
    assert again.returncode == 0, again.stderr
    found = json.loads(again.stdout)
    assert (found["episodes"], found["programs"], found["changed"], found["changes"]) == (1, 2, 0, [])


@pytest.mark.parametrize(
    ("begin", "then", "words"),
    [
        (("--max-turns", "2"), (), "episodes.max_turns: 3, other 2"),
        ((), ("--dataset", "procedural?count=2"), "problems.dataset"),
    ],
)
def test_a_run_with_other_settings_is_refused_before_the_first_turn(
    rlef, programs: tuple[Path, Path], begin: tuple[str, ...], then: tuple[str, ...], words: str
) -> None:
    play = ("play", "--out", "run", "--file", programs[0])
    assert rlef(*play, *begin).returncode == 0
    process = rlef(*play, *then)
    assert (process.returncode, process.stdout) == (2, "")
    assert words in process.stderr
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize("where", ["file/run", "file"])
def test_a_run_that_cannot_be_written_is_reported_before_the_first_turn(
    rlef, programs: tuple[Path, Path], tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").write_text("")
    process = rlef("play", "--out", where, "--file", programs[0])
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr.startswith("rlef: file")
    assert process.stderr.count("\n") == 1


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
    process = start(tmp_path, "--out", "run")
    assert process.stdin is not None
    process.stdin.write("print(1 / 0)\n.\n")
    process.stdin.flush()
    wait_for("reward", process)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=250)[1] == "rlef: stopped\n"
    assert process.returncode == 130
    (record,) = kept(tmp_path / "run")
    episode = record.episode
    assert not episode.ended
    assert [turn.judgement.verdict.value for turn in episode.turns] == ["runtime_error"]


def test_an_episode_without_a_turn_is_not_kept(tmp_path: Path) -> None:
    process = start(tmp_path, "--out", "run")
    wait_for("starter/add-numbers", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=250)
    assert process.returncode == 130
    assert kept(tmp_path / "run") == []


def test_two_players_do_not_write_one_run(rlef, programs: tuple[Path, Path], tmp_path: Path) -> None:
    slow = start(tmp_path, "--out", "run")
    wait_for("starter/add-numbers", slow)
    quick = rlef("play", "--problem", "starter/add-numbers", "--out", "run", "--file", programs[1])
    assert (quick.returncode, quick.stdout) == (2, "")
    assert "expected a run that no other process writes" in quick.stderr
    slow.communicate("print(1 / 0)\n", timeout=250)
    assert [record.episode.solved for record in kept(tmp_path / "run")] == [False]


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
