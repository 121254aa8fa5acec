"""The audit detects each kind of success of an attack: here attacks run without the lock, so that they succeed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rlef_env.audit import Attack, AttackResult, Audit
from rlef_env.audit.attack import MARK, corpus, read_attacks
from rlef_env.audit.audit import HonestProgram, honest_program_for
from rlef_env.audit.problems import HONEST_PROBLEM, honest_program, secret_problem
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.problems import CheckerSpec, Problem, Solution, Test
from rlef_env.sandbox import Program, installed_languages
from tests.audit.conftest import HONEST


def unlocked(
    source: str, problem: Problem | None = None, honest: HonestProgram = HONEST, workers: int = 2
) -> AttackResult:
    with Audit(problem or secret_problem(), honest, workers, isolation="none", mark=MARK) as audit:
        (result,) = audit.run([Attack("attack.py", source)])
    return result


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for less time until processes end that will not end."""
    monkeypatch.setattr("rlef_env.audit.leftovers.SETTLE_SECONDS", 1.0)


@pytest.mark.usefixtures("impatient")
def test_a_leftover_process_is_found_and_killed() -> None:
    result = unlocked(
        "import os, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\n"
    )
    assert len(result.leftover_processes) == 3  # one per test
    for process in result.leftover_processes:
        with pytest.raises(ProcessLookupError):
            os.kill(int(process.rpartition("(")[2].rstrip(")")), 0)
    assert not result.clean


STAYS = """
#include <unistd.h>
int main(void) {
    if (fork() == 0) {
        setsid();
        for (int second = 0; second < 600; second++) usleep(1000000);
    }
    return 0;
}
"""


@pytest.mark.usefixtures("impatient")
def test_a_leftover_process_of_a_native_program_is_found() -> None:
    if "c" not in installed_languages():
        pytest.skip("c is not installed here")
    with Audit(secret_problem(), honest_program("c"), 2, isolation="none", mark=MARK) as audit:
        first, second = audit.run([Attack("stays.c", STAYS, language="c"), Attack("none.c", "int main;", language="c")])
    assert len(first.leftover_processes) == 3  # one per test
    assert second.leftover_processes == ()


def test_processes_of_this_program_are_no_leftovers() -> None:
    """A browser, say, that was started after the sandboxes, and that starts and ends processes all the time."""
    starts = "import subprocess\nprint(flush=True)\nwhile True: subprocess.run(['sleep', '0.01'])"
    with Audit(secret_problem(), HONEST, 2, isolation="none", mark=MARK) as audit:
        other = subprocess.Popen([sys.executable, "-c", starts], start_new_session=True, stdout=subprocess.PIPE)
        try:
            assert other.stdout is not None
            other.stdout.readline()
            results = list(audit.run([Attack("attack.py", "print(1)")] * 2))
        finally:
            os.killpg(other.pid, signal.SIGKILL)
            other.communicate()
    assert [each.leftover_processes for each in results] == [(), ()]


def test_a_leftover_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = unlocked(f"open({str(tmp_path / 'left')!r}, 'w')")
    assert str(tmp_path / "left") in result.leftover_files
    assert not result.clean


def test_collateral_is_found_after_an_attack(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    honest = HonestProgram(HONEST_PROBLEM, Program(f"import os\nprint(os.path.exists({str(mark)!r}))"))
    result = unlocked(f"open({str(mark)!r}, 'w')", honest=honest, workers=1)
    assert [text.partition(":")[0] for text in result.collateral] == ["after it"]
    assert "True" in result.collateral[0]
    assert not result.clean
    assert not result.succeeded


def test_collateral_is_found_beside_an_attack(tmp_path: Path) -> None:
    """The attack creates a file, waits until the honest program has seen it, and removes it."""
    mark, seen = tmp_path / "mark", tmp_path / "seen"
    honest = HonestProgram(
        HONEST_PROBLEM,
        Program(
            f"import os\nthere = os.path.exists({str(mark)!r})\nprint(there)\n"
            f"if there: open({str(seen)!r}, 'w').close()"
        ),
    )
    attack = (
        f"import os, time\nopen({str(mark)!r}, 'w').close()\n"
        f"while not os.path.exists({str(seen)!r}): time.sleep(0.01)\n"
        f"os.remove({str(mark)!r})\n"
    )
    result = unlocked(attack, replace(secret_problem(), time_limit=250.0), honest)
    assert {text.partition(":")[0] for text in result.collateral} == {"beside it"}


def test_success_is_found() -> None:
    (attack,) = (attack for attack in corpus() if attack.name == "read_the_host.py")
    result = unlocked(attack.source)
    assert any("read /etc/passwd" in breach for breach in result.breaches)
    assert result.succeeded
    constant = Problem("constant", "", (Test("1\n", "1\n"), Test("2\n", "4\n")), time_limit=60.0)
    result = unlocked("print(1)", problem=constant)
    assert result.judgement.passed == 1
    assert result.stopped_by == ("nothing", "comparison")
    assert result.succeeded


def test_no_verdict_is_a_success() -> None:
    """An attack that prevents a verdict has succeeded; here a checker that does not compile prevents it."""
    checker_breaks = Problem("x", "", (Test("1\n", "1\n"),), checker=CheckerSpec("python", source="1 +"))
    result = unlocked("print(1)", problem=checker_breaks)
    assert result.judgement.verdict is Verdict.NO_VERDICT
    assert result.succeeded


def test_an_attack_that_kills_its_sandbox_does_not_harm_the_next_one() -> None:
    """The first attack kills the zygote of its sandbox; the next attack gets a new one and is judged correctly."""
    killer = f"import os\nos.kill(os.getppid(), {int(signal.SIGKILL)})"
    with Audit(secret_problem(), HONEST, 2, isolation="none", mark=MARK) as audit:
        first, second = audit.run([Attack("kill.py", killer), Attack("print.py", "print(1)")])
    assert first.judgement.verdict is Verdict.RUNTIME_ERROR  # it crashed its sandbox in every attempt: its own fault
    assert second.clean


def test_the_honest_program_is_a_stored_one_that_is_fast_enough() -> None:
    slow, fast = "import time\nwhile time.process_time() < 1.1: pass\nprint(input())", "print(input())"
    wrong = "print(1 + 1)"
    stored = tuple(Solution(source) for source in (wrong, slow, fast))
    problem = Problem("x", "", (Test("1\n", "1\n"),), time_limit=2.0, solutions=stored)
    assert honest_program_for(problem).program.source == fast
    in_c = replace(problem, solutions=(*stored, Solution("int main(void) { return 1; }", "c")))
    assert honest_program_for(in_c, "rust").program.source == fast
    assert honest_program_for(in_c, "c").program.language == "c"


def test_without_a_stored_solution_the_honest_program_is_trivial() -> None:
    assert honest_program_for(HONEST_PROBLEM).program.source == HONEST_PROBLEM.solutions[0].source
    problem = Problem("x", "", (Test("1\n", "2\n"),), solutions=(Solution("int main() {}", "cpp"),))
    with Audit(problem, honest_program_for(problem), 1) as audit:
        (result,) = audit.run([Attack("right.py", "print(2)")])
    assert result.collateral == ()
    assert result.judgement.verdict is Verdict.ACCEPTED


def test_an_honest_program_with_random_output_is_compared_by_its_verdict() -> None:
    honest = HonestProgram(HONEST_PROBLEM, Program("import random\nprint(random.random())"))
    with Audit(secret_problem(), honest, 2, mark=MARK) as audit:
        (result,) = audit.run([Attack("x.py", "print(1)")])
    assert result.clean


def test_attacks_are_read_in_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text('"""Aim."""\n# Stopped by: seccomp, comparison\nprint(1)\n')
    (tmp_path / "a.py").write_bytes(b"\xff\xfe no text")
    (tmp_path / "c.txt").write_text("not a program")
    (tmp_path / "d.py").mkdir()
    first, second = read_attacks(tmp_path)
    assert (first.name, first.aim, first.stopped_by) == ("a.py", "", ())
    assert (second.name, second.aim, second.stopped_by) == ("b.py", "Aim.", ("seccomp", "comparison"))


def test_a_folder_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="found none"):
        read_attacks(tmp_path)
    with pytest.raises(UsageError, match="expected a folder"):
        read_attacks(tmp_path / "nowhere")
