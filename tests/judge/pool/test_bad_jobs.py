"""An invalid job fails, and all others are judged."""

from __future__ import annotations

import socket
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import Judge, JudgeJob, JudgePool, Verdict
from rlef_env.judge.pool.workers.fork_server import ForkServer
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=60.0)
JOB = JudgeJob(ONCE, Program("print(input())"))


OUT_OF_RANGE: list[dict[str, Any]] = [{"roles": ("secret",)}, {"offset": -1}, {"limit": -1}, {"gate": -1}]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"problem": None}, {"program": "print()"}, {"program": Program(None)}, {"roles": None}, {"offset": "1"}),  # type: ignore[arg-type]
        *OUT_OF_RANGE,
    ],
)
def test_fields_of_the_wrong_type_are_refused(wrong: dict[str, Any]) -> None:
    with JudgePool(1) as pool, pytest.raises(UsageError, match="expected"):
        pool.submit(replace(JOB, **wrong))


@pytest.mark.parametrize("wrong", OUT_OF_RANGE)
def test_a_judge_refuses_them_too(wrong: dict[str, Any]) -> None:
    with Judge() as judge, pytest.raises(UsageError, match="expected"):
        judge.judge(ONCE, JOB.program, **wrong)


@pytest.mark.parametrize("others", [0, 40])
@pytest.mark.parametrize("tests", [5, (Test(None, ""),), (None,)])
def test_an_invalid_problem_fails_and_the_others_are_judged(tests: Any, others: int) -> None:
    """Whether its job is assigned at once or ahead."""
    with JudgePool(1) as pool:
        before = [pool.submit(JOB) for _ in range(others)]
        bad = pool.submit(replace(JOB, problem=replace(ONCE, public_tests=tests)))
        after = [pool.submit(JOB) for _ in range(others + 1)]
        with pytest.raises((TypeError, AttributeError)):
            bad.result(timeout=250)
        assert {future.result(timeout=250).verdict for future in before + after} == {Verdict.ACCEPTED}


def test_a_bug_in_the_pool_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    with JudgePool(1) as pool:
        assert pool.submit(JOB).result().verdict is Verdict.ACCEPTED
        with pool._scheduler._jobs.lock:  # no answer is received before the bug
            running, waiting = pool.submit(JOB), pool.submit(JOB)
            monkeypatch.setattr(pool._scheduler._receiver, "receive", lambda _: 1 // 0)
        judgement = running.result(timeout=250)
        assert judgement.verdict is Verdict.NO_VERDICT
        assert "ZeroDivisionError" in (judgement.category or "")
        with pytest.raises(CancelledError):
            waiting.result(timeout=250)
        with pytest.raises(UsageError, match="closed"):
            pool.submit(JOB)


@pytest.mark.parametrize("others", [0, 1, 40])
def test_a_job_that_cannot_be_pickled_fails_and_the_others_are_judged(others: int) -> None:
    """Whether it is assigned at once, later, or ahead."""
    unpicklable = replace(ONCE, id="unpicklable", time_limit=lambda: 5.0)  # type: ignore[arg-type]
    with JudgePool(1) as pool:
        before = [pool.submit(JOB) for _ in range(others)]
        bad = pool.submit(replace(JOB, problem=unpicklable))
        after = [pool.submit(JOB) for _ in range(others + 1)]
        with pytest.raises(Exception, match="lambda"):
            bad.result(timeout=250)
        assert {future.result(timeout=250).verdict for future in before + after} == {Verdict.ACCEPTED}


def test_a_cancelled_job_that_cannot_be_pickled_blocks_nobody() -> None:
    unpicklable = replace(ONCE, id="unpicklable", time_limit=lambda: 5.0)  # type: ignore[arg-type]
    with JudgePool(1) as pool:
        with pool._scheduler._jobs.lock:  # no answer is received, so the jobs stay in the queue
            before = [pool.submit(JOB) for _ in range(40)]
            bad = [pool.submit(replace(JOB, problem=unpicklable)) for _ in range(3)]
            after = [pool.submit(JOB) for _ in range(40)]
            assert all(future.cancel() for future in bad)
        assert {future.result(timeout=250).verdict for future in before + after} == {Verdict.ACCEPTED}


def test_a_fork_server_that_is_about_to_end_costs_no_job() -> None:
    with JudgePool(1) as pool:
        workers = pool._scheduler._workers
        workers._fork_server = server = ForkServer(workers._pickled_arguments, workers._wakeup)
        server._control.shutdown(socket.SHUT_RDWR)  # it has not started yet, and ends when it notices this
        assert pool.submit(JOB).result(timeout=250).verdict is Verdict.ACCEPTED
