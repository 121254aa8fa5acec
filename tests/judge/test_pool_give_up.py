"""What nobody needs any more holds no worker up, and everything else is judged as ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import wait

import pytest

from rlef_env.judge import JudgeJob, JudgePool, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=5.0)
MINUTES = Problem("minutes", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(5000)), time_limit=5.0)
BUSY = Program("sum(range(3 * 10**6))\nprint(input())")
RIGHT = Program("print(input())")


@pytest.fixture(params=[1, 2])
def pool(request: pytest.FixtureRequest) -> Iterator[JudgePool]:
    with JudgePool(request.param, most_sleeping=0) as pool:
        yield pool


def test_what_runs_makes_room_and_what_waits_is_cancelled(pool: JudgePool) -> None:
    running = pool.submit(JudgeJob(MINUTES, BUSY))
    while not running.running():
        time.sleep(0)
    waiting = [pool.submit(JudgeJob(MINUTES, BUSY)) for _ in range(5)]
    wanted = pool.submit(JudgeJob(ONCE, RIGHT))
    for future in (running, *waiting):
        pool.give_up(future)
    assert running.result(timeout=0).verdict is Verdict.NO_VERDICT
    assert all(future.cancelled() or future.result(timeout=0).category == "stopped" for future in waiting)
    assert wanted.result(timeout=60).verdict is Verdict.ACCEPTED


def test_what_a_worker_has_ahead_is_left_out_and_the_rest_is_judged(pool: JudgePool) -> None:
    futures = [pool.submit(JudgeJob(ONCE, Program(f"print(input())  # {number}"))) for number in range(80)]
    wait(futures[:10])
    for future in futures[::3]:
        pool.give_up(future)
    for number, future in enumerate(futures):
        if number % 3 or not future.cancelled():
            verdict = future.result(timeout=60).verdict
            assert verdict is Verdict.ACCEPTED or (verdict is Verdict.NO_VERDICT and number % 3 == 0)
    assert any(future.cancelled() for future in futures)


def test_what_is_judged_already_stays_as_it_is(pool: JudgePool) -> None:
    future = pool.submit(JudgeJob(ONCE, RIGHT))
    judgement = future.result()
    pool.give_up(future)
    assert future.result() is judgement
