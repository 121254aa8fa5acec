"""While many jobs wait, workers have some ahead. Each is judged; a lost worker counts against its running job only."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

import pytest

from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.judge.pool.workers.worker_handle import WorkerHandle
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program

ONCE = Problem("once", "", (Test("1\n", "1\n"),), time_limit=60.0)
LONG = Problem("long", "", (Test("", ""),), time_limit=600.0)
MANY = 80
SECONDS = 250  # to wait for what comes, however slow the machine


@pytest.fixture(params=[1, 2])
def pool(request: pytest.FixtureRequest) -> Iterator[JudgePool]:
    with JudgePool(request.param) as pool:
        yield pool


def submitted(pool: JudgePool, count: int = MANY) -> list[Future[Judgement]]:
    return [pool.submit(JudgeJob(ONCE, Program(f"print(input())  # {number}"))) for number in range(count)]


@contextlib.contextmanager
def assigned_ahead(pool: JudgePool, count: int = MANY) -> Iterator[list[Future[Judgement]]]:
    """Submit jobs of which workers get some ahead; none has a judgement before the block ends.

    The pool's thread handles no answer while the block holds its lock, and no worker counts as slow, however slow this
    machine is.
    """
    for future in submitted(pool):
        future.result(timeout=SECONDS)
    scheduler = pool._scheduler
    with scheduler._jobs.lock, pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorkerHandle, "quiet_for", lambda *_: False)
        futures = submitted(pool, count)
        scheduler._assigner.assign_ahead(0.001)
        yield futures


@pytest.mark.parametrize(("jobs_per_worker", "has_ahead"), [(8, False), (MANY, True)])
def test_workers_have_jobs_ahead_only_while_many_wait(pool: JudgePool, jobs_per_worker: int, has_ahead: bool) -> None:
    with assigned_ahead(pool, jobs_per_worker * pool.workers) as futures:
        # There is another, idle worker if a program waited for the disk before.
        loads = [worker.load for worker in pool._scheduler._workers if worker.load]
    assert [load > 1 for load in loads] == [has_ahead] * pool.workers
    assert all(future.result(timeout=SECONDS).verdict is Verdict.ACCEPTED for future in futures)


def test_a_lost_worker_counts_against_the_running_job_only() -> None:
    """More workers are lost than one job may lose; at each loss another job runs, and most are ahead."""
    with JudgePool(1) as pool:
        futures: list[Future[Judgement]] = []
        lost: set[int] = set()
        for _ in range(6):
            futures += lose_busy_worker(pool, lost)
            # A job that lost its worker is judged first, so it is done when any is.
            wait([future for future in futures if not future.done()], SECONDS, FIRST_COMPLETED)
        assert {future.result(timeout=SECONDS).verdict for future in futures} == {Verdict.ACCEPTED}


def lose_busy_worker(pool: JudgePool, lost: set[int]) -> list[Future[Judgement]]:
    """Submit further jobs until another worker than the lost ones has some, and kill it; return the futures."""
    futures: list[Future[Judgement]] = []
    while True:
        with pool._scheduler._jobs.lock:
            futures += submitted(pool, 40 if not futures else 1)
            for worker in pool._scheduler._workers:
                if worker.pid and worker.pid not in lost and worker.load:
                    lost.add(worker.pid)
                    os.kill(worker.pid, signal.SIGKILL)
                    return futures
        time.sleep(0.01)


def test_a_worker_that_dies_before_it_gets_more_jobs_loses_none() -> None:
    with JudgePool(1) as pool:
        with assigned_ahead(pool) as futures:  # the pool does not notice the end before the block ends
            (pid,) = pool.processes()
            handle = os.pidfd_open(pid)
            os.kill(pid, signal.SIGKILL)
            select.select([handle], [], [])
            os.close(handle)
            pool._scheduler._assigner.assign_ahead(0.001)
        assert [future.result(timeout=SECONDS).verdict for future in futures] == [Verdict.ACCEPTED] * MANY


@pytest.mark.parametrize("slow", ["while True:\n    pass", "import time\ntime.sleep(500)"])
def test_no_job_waits_behind_a_program_that_takes_long(slow: str) -> None:
    with JudgePool(2) as pool:
        futures = submitted(pool)
        stuck = pool.submit(JudgeJob(LONG, Program(slow)))
        futures += submitted(pool)
        assert all(future.result(timeout=SECONDS).verdict is Verdict.ACCEPTED for future in futures)
        assert not stuck.done()


def test_jobs_cancelled_while_a_worker_has_them_ahead_have_no_judgement(pool: JudgePool) -> None:
    with assigned_ahead(pool) as futures:
        cancelled = {number for number, future in enumerate(futures) if number % 3 == 0 and future.cancel()}
    assert cancelled
    for number, future in enumerate(futures):
        assert future.cancelled() if number in cancelled else future.result(timeout=SECONDS).verdict is Verdict.ACCEPTED


def test_a_worker_skips_cancelled_jobs_that_it_has_ahead(pool: JudgePool) -> None:
    with assigned_ahead(pool) as futures:
        for future in futures[::3]:
            pool.cancel(future)
    for number, future in enumerate(futures):
        if number % 3:
            assert future.result(timeout=SECONDS).verdict is Verdict.ACCEPTED
        else:  # the job that runs has no verdict
            assert future.cancelled() or future.result(timeout=SECONDS).verdict is Verdict.NO_VERDICT
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
    loud_problem = Problem("loud", "", (Test("1\n", "1\n"),) * 12, time_limit=60.0)
    futures = submitted(pool)
    wrong = pool.submit(JudgeJob(ONCE, Program("1", "cobol")))
    loud_jobs = [
        pool.submit(JudgeJob(loud_problem, Program(f"{loud}  # {number:09000}"), stop_early=False))
        for number in range(30)
    ]
    with pytest.raises(Exception, match="language"):
        wrong.result(timeout=SECONDS)
    for future in loud_jobs:
        judgement = future.result(timeout=SECONDS)
        assert [len(result.stdout) > 4000 for result in judgement.results] == [True] * 12
    assert all(future.result(timeout=SECONDS).verdict is Verdict.ACCEPTED for future in futures)


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
    assert {future.result(SECONDS).verdict for future in futures} == {Verdict.ACCEPTED}
