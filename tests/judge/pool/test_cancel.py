"""Cancelled jobs are skipped, also by a worker that has them ahead; all others are judged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait

import pytest

from rlef_env.judge import JudgeJob, JudgePool, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=5.0)
RIGHT = Program("print(input())")


@pytest.fixture(params=[1, 2])
def pool(request: pytest.FixtureRequest) -> Iterator[JudgePool]:
    with JudgePool(request.param, max_sleeping=0) as pool:
        yield pool


def test_a_worker_skips_cancelled_jobs_that_it_has_ahead(pool: JudgePool) -> None:
    futures = [pool.submit(JudgeJob(ONCE, Program(f"print(input())  # {number}"))) for number in range(80)]
    wait(futures[:10])
    for future in futures[::3]:
        pool.cancel(future)
    for number, future in enumerate(futures):
        if number % 3 or not future.cancelled():
            verdict = future.result(timeout=60).verdict
            assert verdict is Verdict.ACCEPTED or (verdict is Verdict.NO_VERDICT and number % 3 == 0)
    assert any(future.cancelled() for future in futures)
