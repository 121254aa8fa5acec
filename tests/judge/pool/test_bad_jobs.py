"""A job that is wrong harms nobody but who submitted it."""

from __future__ import annotations

import socket
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import Judge, JudgeJob, JudgePool, Verdict
from rlef_env.judge.pool.workers.worker_handle import Server
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=5.0)
JOB = JudgeJob(ONCE, Program("print(input())"))


OUT_OF_RANGE: list[dict[str, Any]] = [{"roles": ("secret",)}, {"offset": -1}, {"limit": -1}, {"gate": -1}]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"problem": None}, {"program": "print()"}, {"program": Program(None)}, {"roles": None}, {"offset": "1"}),  # type: ignore[arg-type]
        *OUT_OF_RANGE,
    ],
)
def test_what_is_of_the_wrong_kind_is_refused(wrong: dict[str, Any]) -> None:
    with JudgePool(1) as pool, pytest.raises(UsageError, match="expected"):
        pool.submit(replace(JOB, **wrong))


@pytest.mark.parametrize("wrong", OUT_OF_RANGE)
def test_one_judge_refuses_it_too(wrong: dict[str, Any]) -> None:
    with Judge() as judge, pytest.raises(UsageError, match="expected"):
        judge.judge(ONCE, JOB.program, **wrong)


@pytest.mark.parametrize("others", [0, 40])
@pytest.mark.parametrize("tests", [5, (Test(None, ""),), (None,)])
def test_a_problem_that_is_none_fails_and_the_rest_is_judged(tests: Any, others: int) -> None:
    """Whether its turn comes at once, or it is given ahead."""
    with JudgePool(1) as pool:
        before = [pool.submit(JOB) for _ in range(others)]
        bad = pool.submit(replace(JOB, problem=replace(ONCE, public_tests=tests)))
        after = [pool.submit(JOB) for _ in range(others + 1)]
        with pytest.raises((TypeError, AttributeError)):
            bad.result(timeout=60)
        assert {future.result(timeout=60).verdict for future in before + after} == {Verdict.ACCEPTED}


def test_nobody_waits_for_ever_whatever_goes_wrong_in_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    with JudgePool(1) as pool:
        assert pool.submit(JOB).result().verdict is Verdict.ACCEPTED
        running = pool.submit(replace(JOB, program=Program("import time\ntime.sleep(0.2)")))
        waiting = pool.submit(JOB)
        monkeypatch.setattr(pool._scheduler, "_hear", lambda _: 1 // 0)
        judgement = running.result(timeout=60)
        assert judgement.verdict is Verdict.NO_VERDICT
        assert "ZeroDivisionError" in (judgement.category or "")
        with pytest.raises(CancelledError):
            waiting.result(timeout=60)
        with pytest.raises(UsageError, match="closed"):
            pool.submit(JOB)


@pytest.mark.parametrize("others", [0, 1, 40])
def test_what_cannot_be_sent_fails_and_the_rest_is_judged(others: int) -> None:
    """Whether it is sent at once, when its turn comes, or ahead."""
    unsendable = replace(ONCE, id="unsendable", time_limit=lambda: 5.0)  # type: ignore[arg-type]
    with JudgePool(1) as pool:
        before = [pool.submit(JOB) for _ in range(others)]
        bad = pool.submit(replace(JOB, problem=unsendable))
        after = [pool.submit(JOB) for _ in range(others + 1)]
        with pytest.raises(Exception, match="lambda"):
            bad.result(timeout=60)
        assert {future.result(timeout=60).verdict for future in before + after} == {Verdict.ACCEPTED}


def test_what_cannot_be_sent_and_was_cancelled_holds_nobody_up() -> None:
    unsendable = replace(ONCE, id="unsendable", time_limit=lambda: 5.0)  # type: ignore[arg-type]
    with JudgePool(1) as pool:
        before = [pool.submit(JOB) for _ in range(40)]
        bad = [pool.submit(replace(JOB, problem=unsendable)) for _ in range(3)]
        after = [pool.submit(JOB) for _ in range(40)]
        assert all(future.cancel() for future in bad)
        assert {future.result(timeout=60).verdict for future in before + after} == {Verdict.ACCEPTED}


def test_a_server_that_is_about_to_end_costs_no_job() -> None:
    with JudgePool(1) as pool:
        dispatcher = pool._scheduler
        dispatcher._worker_set._server = server = Server(dispatcher._worker_set._luggage, dispatcher._worker_set._bell)
        server._control.shutdown(socket.SHUT_RDWR)  # it has not even begun, and will end when it sees that
        assert pool.submit(JOB).result(timeout=60).verdict is Verdict.ACCEPTED
