"""An attack is not blamed for time that the machine withheld, but for time that it took. The figures are invented."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rlef_env.audit import Attack, AttackResult, Audit
from rlef_env.audit import machine_time as module
from rlef_env.audit.attack import MARK
from rlef_env.audit.machine_time import MachineTime, Stopwatch, kept_too_long, starved_by_the_machine
from rlef_env.audit.problems import secret_problem
from rlef_env.judge import Judgement, TestResult, Verdict
from tests.audit.conftest import HONEST

STARVED = Judgement(Verdict.NO_VERDICT, category="starved", total=3)
WRONG = Judgement(Verdict.WRONG_ANSWER, (TestResult("public", 0, Verdict.WRONG_ANSWER),), 3)


@pytest.mark.parametrize(
    ("spent", "cpu", "expected"),
    [
        # Three tests of 0.4 s each may take 3 * (3 * 0.4 + 3) = 12.6 s.
        (MachineTime(12.0), 12.0, False),
        (MachineTime(13.0), 0.1, True),  # asleep, on a quiet machine
        (MachineTime(110.0), 0.1, True),
        (MachineTime(110.0), 110.0, True),  # used CPU time itself
        (MachineTime(110.0, stolen=1.0), 110.0, True),
        (MachineTime(110.0, stolen=100.0), 0.4, False),  # mostly stolen
        (MachineTime(110.0, stolen=100.0), 105.0, False),  # a stolen core's clock runs on
        (MachineTime(110.0, waited=100.0), 1.2, False),  # other processes had the cores
        (MachineTime(110.0, stolen=50.0, waited=50.0), 1.2, False),
        (MachineTime(110.0, waited=110.0), 110.0, True),  # it used a core itself
        (MachineTime(30.0), 60.0, True),  # two threads
        (MachineTime(30.0, stolen=28.0), 60.0, True),  # time stolen from one core does not explain two
        (MachineTime(5.0, stolen=9.0, waited=9.0), 0.0, False),
    ],
)
def test_how_long_an_attack_may_keep_its_worker(spent: MachineTime, cpu: float, expected: bool) -> None:
    assert kept_too_long(spent, cpu, 3, 0.4) is expected


def test_only_stolen_time_excuses_a_missing_verdict() -> None:
    assert starved_by_the_machine(STARVED, MachineTime(10.0, stolen=1.0))
    assert not starved_by_the_machine(STARVED, MachineTime(10.0, stolen=0.9))
    assert not starved_by_the_machine(STARVED, MachineTime(10.0, waited=10.0)), "an attack can make others wait"
    assert not starved_by_the_machine(WRONG, MachineTime(10.0, stolen=9.0))
    other = dataclasses.replace(STARVED, category="the zygote was lost")
    assert not starved_by_the_machine(other, MachineTime(10.0, stolen=9.0))
    one = Judgement(Verdict.WRONG_ANSWER, (*WRONG.results, TestResult("public", 1, Verdict.NO_VERDICT, "starved")), 3)
    assert starved_by_the_machine(one, MachineTime(10.0, stolen=9.0))


def result(judgement: Judgement, spent: MachineTime) -> AttackResult:
    return AttackResult(Attack("a.py", ""), judgement, spent, (), (), (), (), ())


def test_an_undecided_attack_has_not_succeeded_and_is_not_clean() -> None:
    undecided = result(STARVED, MachineTime(110.0, stolen=100.0))
    assert (undecided.undecided, undecided.succeeded, undecided.clean) == (True, False, False)
    succeeded = result(STARVED, MachineTime(110.0))
    assert (succeeded.undecided, succeeded.succeeded, succeeded.clean) == (False, True, False)
    clean = result(WRONG, MachineTime(110.0, stolen=100.0))
    assert (clean.undecided, clean.succeeded, clean.clean) == (False, False, True)


def test_an_attack_without_a_verdict_is_judged_again_if_time_was_stolen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real attack on real workers; only the check for stolen time is replaced, for the first judgement."""
    answers = iter([True])
    monkeypatch.setattr(
        "rlef_env.audit.audit.starved_by_the_machine",
        lambda judgement, _: of_the_attack(judgement) and next(answers, False),
    )
    with Audit(secret_problem(), HONEST, workers=1, mark=MARK) as audit:
        judged: list[str] = []
        judge = audit._judges[0].judge
        monkeypatch.setattr(audit._judges[0], "judge", lambda job: judged.append(job.program.source) or judge(job))
        (found,) = audit.run([Attack("x.py", "print(2)")])
    assert judged.count("print(2)") == 2
    assert found.judgement.verdict is Verdict.WRONG_ANSWER
    assert found.clean


def of_the_attack(judgement: Judgement) -> bool:
    return bool(judgement.results) and judgement.results[0].stdout == "2\n"


def test_the_stopwatch_reads_pressure_and_stolen_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pressure = tmp_path / "cpu"
    pressure.write_text("some avg10=1.00 avg60=0.10 avg300=0.00 total=2000000\nfull avg10=0.00 total=7\n")
    monkeypatch.setattr(module, "PRESSURE", pressure)
    watch = Stopwatch()
    pressure.write_text("some avg10=1.00 avg60=0.10 avg300=0.00 total=2000001\nfull avg10=0.00 total=7\n")
    spent = watch.read()
    assert spent.wall > 0.0
    assert spent.waited == pytest.approx(min(spent.wall, 1e-6))
    assert 0.0 <= spent.stolen <= spent.wall
    assert spent.given >= 0.0
    for text in ("", "some nothing\n"):
        pressure.write_text(text)
        assert Stopwatch().read().waited == 0.0
