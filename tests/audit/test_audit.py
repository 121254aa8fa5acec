"""The audit sees what it is there to see: each kind of fault is made on purpose, where there is no lock."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rlef_env.audit import (
    ADDING_UP,
    MARK,
    Attack,
    AttackResult,
    Audit,
    HonestProgram,
    corpus,
    honest_program_for,
    read_attacks,
    secret_problem,
)
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.problems import CheckerSpec, Problem, Solution, Test
from rlef_env.sandbox import Program
from tests.audit.conftest import HONEST


def unlocked(
    source: str, problem: Problem | None = None, honest: HonestProgram = HONEST, workers: int = 2
) -> AttackResult:
    with Audit(problem or secret_problem(), honest, workers, isolation="none", mark=MARK) as audit:
        (outcome,) = audit.run([Attack("attack.py", source)])
    return outcome


def test_a_leftover_process_is_found_and_ended() -> None:
    outcome = unlocked(
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\n"
    )
    assert len(outcome.leftover_processes) == 3  # one per test
    for process in outcome.leftover_processes:
        with pytest.raises(ProcessLookupError):
            os.kill(int(process.rpartition("(")[2].rstrip(")")), 0)
    assert not outcome.clean


def test_a_leftover_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = unlocked(f"open({str(tmp_path / 'left')!r}, 'w')")
    assert str(tmp_path / "left") in outcome.leftover_files
    assert not outcome.clean


def test_collateral_is_found_after_an_attack(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    honest = HonestProgram(ADDING_UP, Program(f"import os\nprint(os.path.exists({str(mark)!r}))"))
    outcome = unlocked(f"open({str(mark)!r}, 'w')", honest=honest, workers=1)
    assert [text.partition(":")[0] for text in outcome.collateral] == ["after it"]
    assert "True" in outcome.collateral[0]
    assert not outcome.clean
    assert not outcome.paid


def test_collateral_is_found_beside_an_attack(tmp_path: Path) -> None:
    """The mark is gone again when the attack ends; it waits until the honest program has seen it."""
    mark, seen = tmp_path / "mark", tmp_path / "seen"
    honest = HonestProgram(
        ADDING_UP,
        Program(
            f"import os\nthere = os.path.exists({str(mark)!r})\nprint(there)\n"
            f"if there: open({str(seen)!r}, 'w').close()"
        ),
    )
    attack = (
        f"import os, time\nopen({str(mark)!r}, 'w').close()\nend = time.monotonic() + 0.3\n"
        f"while time.monotonic() < end and not os.path.exists({str(seen)!r}): pass\n"
        f"os.remove({str(mark)!r})\n"
    )
    outcome = unlocked(attack, honest=honest)
    assert {text.partition(":")[0] for text in outcome.collateral} == {"beside it"}


def test_what_is_paid_is_found() -> None:
    (attack,) = (attack for attack in corpus() if attack.name == "read_the_host.py")
    outcome = unlocked(attack.source)
    assert any("read /etc/passwd" in breach for breach in outcome.breaches)
    assert outcome.paid
    told = Problem("told", "", (Test("1\n", "1\n"), Test("2\n", "4\n")), time_limit=1.0)
    outcome = unlocked("print(1)", problem=told)
    assert outcome.judgement.passed == 1
    assert outcome.held_by == ("nothing", "comparison")
    assert outcome.paid


def test_no_verdict_is_paid() -> None:
    """Where the sandbox of an unlocked judge can be killed, with the probe's after it, the attack has won."""
    checker_breaks = Problem("x", "", (Test("1\n", "1\n"),), checker=CheckerSpec("python", source="1 +"))
    outcome = unlocked("print(1)", problem=checker_breaks)
    assert outcome.judgement.verdict is Verdict.NO_VERDICT
    assert outcome.paid


def test_after_harm_the_workers_are_new() -> None:
    """The first attack kills the zygote of its worker: what comes after it is judged by another, and is right."""
    killer = f"import os\nos.kill(os.getppid(), {int(signal.SIGKILL)})"
    with Audit(secret_problem(), HONEST, 2, isolation="none", mark=MARK) as audit:
        first, second = audit.run([Attack("kill.py", killer), Attack("print.py", "print(1)")])
    assert first.judgement.verdict is Verdict.RUNTIME_ERROR  # lost, each time: its own fault
    assert second.clean


def test_the_honest_program_is_a_stored_one_that_is_fast_enough() -> None:
    slow, fast = "for _ in range(10**7): pass\nprint(input())", "print(input())"
    wrong = "print(1 + 1)"
    stored = tuple(Solution(source) for source in (wrong, slow, fast))
    problem = Problem("x", "", (Test("1\n", "1\n"),), time_limit=0.2, solutions=stored)
    assert honest_program_for(problem).program.source == fast


def test_without_a_stored_solution_a_trivial_one_serves() -> None:
    assert honest_program_for(ADDING_UP).program.source == ADDING_UP.solutions[0].source
    problem = Problem("x", "", (Test("1\n", "2\n"),), solutions=(Solution("int main() {}", "cpp"),))
    with Audit(problem, honest_program_for(problem), 1) as audit:
        (outcome,) = audit.run([Attack("right.py", "print(2)")])
    assert outcome.collateral == ()
    assert outcome.judgement.verdict is Verdict.ACCEPTED


def test_an_honest_program_whose_output_changes_is_compared_by_its_verdict() -> None:
    honest = HonestProgram(ADDING_UP, Program("import random\nprint(random.random())"))
    with Audit(secret_problem(), honest, 2) as audit:
        (outcome,) = audit.run([Attack("x.py", "print(1)")])
    assert outcome.clean


def test_attacks_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text('"""Aim."""\n# Held by: seccomp, comparison\nprint(1)\n')
    (tmp_path / "a.py").write_bytes(b"\xff\xfe no text")
    (tmp_path / "c.txt").write_text("not a program")
    (tmp_path / "d.py").mkdir()
    first, second = read_attacks(tmp_path)
    assert (first.name, first.aim, first.held_by) == ("a.py", "", ())
    assert (second.name, second.aim, second.held_by) == ("b.py", "Aim.", ("seccomp", "comparison"))


def test_a_folder_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none"):
        read_attacks(tmp_path)
    with pytest.raises(UsageError, match="expected a folder"):
        read_attacks(tmp_path / "nowhere")
