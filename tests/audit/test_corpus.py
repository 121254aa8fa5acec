"""None of our attacks gets anything, harms anybody or leaves anything; and each is held by what should hold it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlef_env.audit import DEFENCES, Attack, Audit, corpus, secret_problem
from rlef_env.judge import Judge, Verdict
from rlef_env.problems import CheckerSpec
from rlef_env.sandbox import Program
from tests.audit.conftest import HONEST

CORPUS = corpus()
OF_CHECKERS = {
    "break_a_checker",
    "exotic_numbers",
    "invalid_text",
    "megabytes_of_digits",
    "millions_of_words",
    "nul_bytes",
    "one_endless_line",
    "print_patterns",
    "say_anything",
    "sparse_output",
}
FOR_CHECKERS = [attack for attack in CORPUS if attack.name.removesuffix(".py") in OF_CHECKERS]
CHECKERS = {
    "tokens": CheckerSpec("tokens"),
    "kattis": CheckerSpec("kattis", ("float_tolerance", "1e9")),
    "spaces": CheckerSpec("kattis", ("case_sensitive", "space_change_sensitive")),
    "python": CheckerSpec("python", source="def check(i, output, expected): return output.split() == expected.split()"),
}


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name.removesuffix(".py"))
def test_an_attack_gets_nothing(attack: Attack, audit: Audit) -> None:
    (outcome,) = audit.run([attack])
    assert outcome.judgement.passed == 0
    assert outcome.judgement.verdict is not Verdict.NO_VERDICT
    assert outcome.breaches == ()
    assert outcome.collateral == ()
    assert outcome.leftover_processes == ()
    assert outcome.leftover_files == ()
    assert set(outcome.held_by) <= set(attack.held_by)
    assert outcome.clean
    assert not outcome.paid


def test_the_corpus_is_as_it_says() -> None:
    assert len(CORPUS) >= 60
    assert len({attack.aim for attack in CORPUS}) == len(CORPUS)
    for attack in CORPUS:
        assert attack.aim.endswith("."), attack.name
        assert 0 < len(attack.held_by) <= 4, attack.name
        assert set(attack.held_by) <= DEFENCES.keys() - {"nothing"}, attack.name


@pytest.mark.parametrize("attack", FOR_CHECKERS, ids=lambda attack: attack.name.removesuffix(".py"))
@pytest.mark.parametrize("checker", CHECKERS)
def test_no_output_breaks_a_checker(attack: Attack, checker: str) -> None:
    with Judge() as judge:
        judgement = judge.judge(secret_problem(CHECKERS[checker]), Program(attack.source), stop_early=False)
    assert judgement.passed == 0
    assert {result.verdict for result in judgement.results} & {Verdict.NO_VERDICT, Verdict.ACCEPTED} == set()


def test_the_attacks_on_checkers_are_there() -> None:
    assert len(FOR_CHECKERS) == len(OF_CHECKERS)


def test_the_honest_program_is_right() -> None:
    with Judge() as judge:
        assert judge.judge(HONEST.problem, HONEST.program).verdict is Verdict.ACCEPTED


def test_the_secret_is_new_each_time() -> None:
    assert secret_problem() != secret_problem()


NEED_NAMESPACES = ("tell_by_process_ids", "look_around_in_proc", "remember_in_names")
"""Held by a view of its own of processes and files: docs/threat-model.md, what is weaker without namespaces."""


@pytest.mark.slow
def test_holds_without_user_namespaces(root: Path) -> None:
    """The same where a container refuses namespaces."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare (util-linux)")
    # How long a program may take does not depend on namespaces, and showing it takes long.
    slow = [attack.name.removesuffix(".py") for attack in CORPUS if attack.held_by[0] == "time limit"]
    chosen = " and not ".join(["test_an_attack_gets_nothing", *slow, *NEED_NAMESPACES])
    script = (
        "echo 0 > /proc/sys/user/max_user_namespaces && "
        f"exec {sys.executable} -m pytest -q -p no:cacheprovider {Path(__file__)} -k '{chosen}'"
    )
    done = subprocess.run(["unshare", "-Ur", "sh", "-c", script], cwd=root, capture_output=True, text=True, timeout=280)
    if "Operation not permitted" in done.stderr + done.stdout and "passed" not in done.stdout:
        pytest.skip("this machine makes no user namespace to refuse others in")
    assert done.returncode == 0, done.stdout[-5000:]
