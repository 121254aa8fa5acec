"""While many jobs wait, workers have some ahead. Each is judged; a lost worker counts against its running job only."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

import pytest

from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=5.0)
LONG = Problem("long", "", (Test("", ""),), time_limit=600.0)
MANY = 80


@pytest.fixture(params=[1, 2])
def pool(request: pytest.FixtureRequest) -> Iterator[JudgePool]:
    with JudgePool(request.param) as pool:
        yield pool


def submitted(pool: JudgePool, count: int = MANY) -> list[Future[Judgement]]:
    return [pool.submit(JudgeJob(ONCE, Program(f"print(input())  # {number}"))) for number in range(count)]


def max_load(pool: JudgePool, futures: list[Future[Judgement]]) -> int:
    """Return the largest number of jobs that a worker was seen to have, until all are judged."""
    load, left = 0, set(futures)
    while left:
        load = max([load, *(worker.load for worker in pool._scheduler._workers)])
        left = wait(left, timeout=60, return_when=FIRST_COMPLETED).not_done
    return load


def test_workers_have_jobs_ahead_only_while_many_wait(pool: JudgePool) -> None:
    assert max_load(pool, submitted(pool, 8 * pool.workers)) <= 2
    assert max_load(pool, submitted(pool)) > 2


def test_a_lost_worker_counts_against_the_running_job_only() -> None:
    """More workers are lost than one job may lose; at each loss another job runs, and most are ahead."""
    with JudgePool(1) as pool:
        left = set(futures := submitted(pool))
        killed: set[int] = set()
        while left:
            if len(killed) < 6:
                killed.update(pids := pool.processes())
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            left = wait(left, timeout=60, return_when=FIRST_COMPLETED).not_done
        assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * MANY
        assert len(killed) == 6


def test_a_worker_that_dies_before_it_gets_more_jobs_loses_none() -> None:
    with JudgePool(1) as pool:
        for future in submitted(pool):
            future.result()
        scheduler = pool._scheduler
        with scheduler._jobs.lock:  # so that its end is not noticed before it gets more jobs
            futures = submitted(pool)
            (pid,) = pool.processes()
            handle = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
            select.select([handle], [], [])
            os.close(handle)
            scheduler._assigner.assign_ahead(0.001)
        assert [future.result(timeout=60).verdict for future in futures] == [Verdict.ACCEPTED] * MANY


@pytest.mark.parametrize("slow", ["while True:\n    pass", "import time\ntime.sleep(500)"])
def test_no_job_waits_behind_a_program_that_takes_long(slow: str) -> None:
    with JudgePool(2) as pool:
        futures = submitted(pool)
        stuck = pool.submit(JudgeJob(LONG, Program(slow)))
        futures += submitted(pool)
        assert all(future.result(timeout=60).verdict is Verdict.ACCEPTED for future in futures)
        assert not stuck.done()


def test_jobs_cancelled_while_a_worker_has_them_ahead_have_no_judgement(pool: JudgePool) -> None:
    futures = submitted(pool)
    wait(futures[:10])
    cancelled = {number for number, future in enumerate(futures) if number % 3 == 0 and future.cancel()}
    assert cancelled
    for number, future in enumerate(futures):
        assert future.cancelled() if number in cancelled else future.result(timeout=60).verdict is Verdict.ACCEPTED


def test_a_worker_skips_cancelled_jobs_that_it_has_ahead(pool: JudgePool) -> None:
    futures = submitted(pool)
    wait(futures[:10])
    for future in futures[::3]:
        pool.cancel(future)
    for number, future in enumerate(futures):
        if number % 3 or not future.cancelled():
            verdict = future.result(timeout=60).verdict
            assert verdict is Verdict.ACCEPTED or (verdict is Verdict.NO_VERDICT and number % 3 == 0)
    assert any(future.cancelled() for future in futures)


def test_close_ends_jobs_ahead() -> None:
    pool = JudgePool(1)
    futures = submitted(pool)
    wait(futures[:20])
    pool.close()
    assert all(future.done() for future in futures)
    judged = [future for future in futures if not future.cancelled()]
    assert sum(future.result().verdict is not Verdict.ACCEPTED for future in judged) <= 1


def test_errors_and_long_answers_arrive(pool: JudgePool) -> None:
    """Although all answers together are more than a socket takes, and so are all programs."""
    loud = "import sys\nprint('x' * 4096)\nsys.stderr.write('y' * 9999)\nprint(input())"
    loud_problem = Problem("loud", "", (Test("1\n", "1\n"),) * 12, time_limit=5.0)
    futures = submitted(pool)
    wrong = pool.submit(JudgeJob(ONCE, Program("1", "cobol")))
    loud_jobs = [
        pool.submit(JudgeJob(loud_problem, Program(f"{loud}  # {number:09000}"), stop_early=False))
        for number in range(30)
    ]
    with pytest.raises(Exception, match="language"):
        wrong.result(timeout=60)
    for future in loud_jobs:
        judgement = future.result(timeout=60)
        assert [len(result.stdout) > 4000 for result in judgement.results] == [True] * 12
    assert all(future.result(timeout=60).verdict is Verdict.ACCEPTED for future in futures)


def test_a_judged_program_has_no_descriptor_of_its_worker(pool: JudgePool) -> None:
    """Neither the eventfd nor a socket: only its input, output and errors are open."""
    lists_descriptors = (
        "import os\n"
        "def is_open(number):\n"
        "    try: os.fstat(number)\n"
        "    except OSError: return False\n"
        "    return True\n"
        "print(input(), *[number for number in range(3, 4096) if is_open(number)])"
    )
    futures = [pool.submit(JudgeJob(ONCE, Program(f"{lists_descriptors}  # {number}"))) for number in range(MANY)]
    assert {future.result(60).verdict for future in futures} == {Verdict.ACCEPTED}
