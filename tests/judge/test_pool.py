"""Many programs at once give the same judgements as one after the other, in the order of the jobs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.judge import Judge, JudgeJob, JudgePool, Verdict, default_workers
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ECHO = Problem("echo", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(3)), time_limit=1.0)
SOURCES = ["print(input())", "print(1)", "print(1 / 0)", "print(", "import os\nos._exit(3)", "input()\ninput()"]


@pytest.fixture(scope="module")
def alone() -> dict[str, object]:
    with Judge() as judge:
        return {source: judge.judge(ECHO, Program(source), stop_early=False) for source in SOURCES}


@settings(max_examples=10)
@given(sources=st.lists(st.sampled_from(SOURCES), max_size=20), workers=st.integers(1, 4))
def test_a_pool_judges_as_one_judge_does(sources: list[str], workers: int, alone: dict[str, object]) -> None:
    with JudgePool(workers) as pool:
        jobs = (JudgeJob(ECHO, Program(source), stop_early=False) for source in sources)
        assert list(pool.judge_all(jobs)) == [alone[source] for source in sources]


def test_jobs_are_taken_as_they_are_needed() -> None:
    taken = []

    def jobs():  # type: ignore[no-untyped-def]
        for number in range(1000):
            taken.append(number)
            yield JudgeJob(ECHO, Program("print(input())"))

    with JudgePool(2) as pool:
        first = next(pool.judge_all(jobs()))
    assert first.verdict is Verdict.ACCEPTED
    assert len(taken) <= 8


def test_closing_ends_what_runs_at_once() -> None:
    """Also from another thread, as Ctrl-C does; what was under way has no verdict."""
    endless = Problem("endless", "", (Test("", ""),) * 20, time_limit=100.0)
    pool = JudgePool(1)
    future = pool.submit(JudgeJob(endless, Program("while True: pass")))
    while pool._all[0]._sandboxes._program is None:
        pass
    pool.close()
    assert future.result(timeout=0).verdict is Verdict.NO_VERDICT


def test_closing_drops_what_is_queued() -> None:
    pool = JudgePool(1)
    futures = [pool.submit(JudgeJob(ECHO, Program("import time\ntime.sleep(0.3)"))) for _ in range(50)]
    pool.close()
    pool.close()
    assert futures[-1].cancelled()


def test_workers_default_to_the_cores_at_hand() -> None:
    assert default_workers() >= 1
    with JudgePool() as pool:
        assert pool.workers == default_workers()
