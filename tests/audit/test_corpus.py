"""No attack of the corpus succeeds, harms the honest program or leaves anything behind; its defences stop it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rlef_env.audit import Attack, AttackResult, Audit
from rlef_env.audit.attack import corpus
from rlef_env.audit.defences import DEFENCES
from rlef_env.audit.problems import honest_program, secret_problem
from rlef_env.judge import Judge, Verdict
from rlef_env.judge.judge import STARVED
from rlef_env.problems import CheckerSpec
from rlef_env.sandbox import Program, installed_languages

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
def test_an_attack_fails(attack: Attack, request: pytest.FixtureRequest) -> None:
    result = decided(request.getfixturevalue("audit" if attack.language == "python" else "native_audit"), attack)
    assert result.judgement.passed == 0
    assert result.judgement.verdict is not Verdict.NO_VERDICT
    assert result.breaches == ()
    assert result.collateral == ()
    assert result.leftover_processes == ()
    assert result.leftover_files == ()
    assert set(result.stopped_by) <= set(attack.stopped_by)
    assert result.clean
    assert not result.succeeded


def decided(audit: Audit, attack: Attack) -> AttackResult:
    """Audit an attack, and again if it has no verdict because this machine is too busy."""
    for _ in range(5):
        (result,) = audit.run([attack])
        if result.judgement.category != STARVED:
            break
    return result


def test_every_attack_states_its_aim_and_defences() -> None:
    assert len(CORPUS) >= 60
    assert {attack.language for attack in CORPUS} == {"python", "c"} & installed_languages().keys()
    assert len({attack.aim for attack in CORPUS}) == len(CORPUS)
    for attack in CORPUS:
        assert attack.aim.endswith("."), attack.name
        assert 0 < len(attack.stopped_by) <= 4, attack.name
        assert set(attack.stopped_by) <= DEFENCES.keys() - {"nothing"}, attack.name


@pytest.mark.parametrize("attack", FOR_CHECKERS, ids=lambda attack: attack.name.removesuffix(".py"))
@pytest.mark.parametrize("checker", CHECKERS)
def test_no_output_breaks_a_checker(attack: Attack, checker: str) -> None:
    with Judge() as judge:
        for _ in range(5):  # again if this machine is too busy
            judgement = judge.judge(secret_problem(CHECKERS[checker]), Program(attack.source), stop_early=False)
            if STARVED not in {result.category for result in judgement.results}:
                break
    assert judgement.passed == 0
    assert {result.verdict for result in judgement.results} & {Verdict.NO_VERDICT, Verdict.ACCEPTED} == set()


def test_every_attack_on_checkers_exists() -> None:
    assert len(FOR_CHECKERS) == len(OF_CHECKERS)


@pytest.mark.parametrize("language", sorted({attack.language for attack in CORPUS}))
def test_the_honest_program_is_accepted(language: str) -> None:
    honest = honest_program(language)
    assert honest.program.language == language
    with Judge() as judge:
        assert judge.judge(honest.problem, honest.program).verdict is Verdict.ACCEPTED


def test_the_answers_are_random() -> None:
    assert secret_problem() != secret_problem()


NEED_NAMESPACES = ("tell_by_process_ids", "look_around_in_proc", "remember_in_names")
"""Attacks that only namespaces stop: docs/threat-model.md lists what is weaker without them."""


@pytest.mark.slow
def test_holds_without_user_namespaces(root: Path) -> None:
    """As in a container that refuses namespaces."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare (util-linux)")
    # Time limits do not depend on namespaces, and these attacks take long.
    slow = [attack.name.removesuffix(".py") for attack in CORPUS if attack.stopped_by[0] == "time limit"]
    chosen = " and not ".join(["test_an_attack_fails", *slow, *NEED_NAMESPACES])
    script = (
        "echo 0 > /proc/sys/user/max_user_namespaces && "
        f"exec {sys.executable} -m pytest -q -p no:cacheprovider {Path(__file__)} -k '{chosen}'"
    )
    done = subprocess.run(["unshare", "-Ur", "sh", "-c", script], cwd=root, capture_output=True, text=True, timeout=850)
    if "Operation not permitted" in done.stderr + done.stdout and "passed" not in done.stdout:
        pytest.skip("this machine cannot create the user namespace in which this test refuses others")
    assert done.returncode == 0, done.stdout[-5000:]
