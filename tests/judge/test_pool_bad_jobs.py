"""A job that is wrong harms nobody but who submitted it."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, JudgePool, Verdict
from rlef_env.judge.worker_process import Server
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=5.0)
JOB = JudgeJob(ONCE, Program("print(input())"))


@pytest.mark.parametrize(
    "wrong",
    [{"problem": None}, {"program": "print()"}, {"program": Program(None)}, {"roles": None}, {"first": "1"}],  # type: ignore[arg-type]
)
def test_what_is_of_the_wrong_kind_is_refused(wrong: dict[str, Any]) -> None:
    with JudgePool(1) as pool, pytest.raises(UsageError, match="expected"):
        pool.submit(replace(JOB, **wrong))


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
        dispatcher = pool._dispatcher
        dispatcher._server = server = Server(dispatcher._luggage, dispatcher._bell)
        server._control.shutdown(socket.SHUT_RDWR)  # it has not even begun, and will end when it sees that
        assert pool.submit(JOB).result(timeout=60).verdict is Verdict.ACCEPTED
