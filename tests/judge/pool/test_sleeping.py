"""A program that sleeps uses no core, so the pool runs another one meanwhile.

The programs stop instead of sleeping for a time, until the test has seen what it waits for.
"""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import pytest

from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.judge.pool.workers import worker_set
from rlef_env.problems import InteractorSpec, Problem, Test
from rlef_env.sandbox import Limits, Program, Sandbox
from tests.stopping import STOP, resume, stopped, wait_until

ONCE = Problem("sleep", "", (Test("", "awake\n"),), time_limit=900.0)
SLEEPER, AWAKE = Program(STOP + "print('awake')"), Program("print('awake')")


def finish(pool: JudgePool, futures: list[Future[Judgement]]) -> list[Verdict]:
    """Let the programs continue; return the verdicts."""

    def done() -> bool:
        resume(stopped(pool.processes()))
        return all(future.done() for future in futures)

    wait_until(done)
    return [future.result().verdict for future in futures]


def test_others_run_while_programs_sleep() -> None:
    """Four times as many workers as cores at most, and the one core that is left."""
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(ONCE, SLEEPER)) for _ in range(8)]
        wait_until(lambda: len(stopped(pool.processes())) == 5)
        assert len(pool.processes()) == 5
        assert not any(future.done() for future in futures)
        assert finish(pool, futures) == [Verdict.ACCEPTED] * 8
        assert len(pool.processes()) <= 5


def test_idle_additional_workers_are_retired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_set, "IDLE_SECONDS", 0.2)
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(ONCE, SLEEPER)) for _ in range(3)]
        wait_until(lambda: len(stopped(pool.processes())) > 1)
        seen = pool.processes()
        assert len(seen) > 1
        assert finish(pool, futures) == [Verdict.ACCEPTED] * 3
        wait_until(lambda: len(pool.processes()) == 1)
        wait_until(lambda: sum(Path(f"/proc/{pid}").exists() for pid in seen) <= 1)
        assert pool.judge(ONCE, AWAKE).verdict is Verdict.ACCEPTED


def test_max_sleeping_limits_the_additional_workers() -> None:
    with JudgePool(1, max_sleeping=0) as pool:
        futures = [pool.submit(JudgeJob(ONCE, SLEEPER)) for _ in range(3)]
        workers = pool._scheduler._workers
        wait_until(lambda: any(worker.sleeping for worker in workers))
        with pool._scheduler._jobs.lock:  # the pool has done what it does when a program falls asleep
            assert len(workers) == 1
        assert finish(pool, futures) == [Verdict.ACCEPTED] * 3
        assert len(workers) == 1


def test_a_program_that_computes_starts_no_further_worker() -> None:
    works = Program("import time\nwhile time.process_time() < 0.3:\n    pass\nprint('awake')")
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(ONCE, works)) for _ in range(2)]
        assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 2
        assert len(pool.processes()) == 1, "an additional worker is not retired so soon"


def test_an_interactive_program_and_its_interactor_may_sleep_together() -> None:
    interactor = InteractorSpec("import sys\nsys.exit(42 if input() == 'awake' else 43)")
    asked = Problem("ask", "", (Test("", ""),), time_limit=900.0, interactor=interactor)
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(asked, SLEEPER)) for _ in range(3)]
        wait_until(lambda: len(stopped(pool.processes())) > 1)
        assert finish(pool, futures) == [Verdict.ACCEPTED] * 3


def test_each_change_is_reported_once() -> None:
    changes: list[bool] = []

    def on_sleep(sleeps: bool) -> None:
        changes.append(sleeps)
        if sleeps:
            resume(stopped([sandbox.pid]))

    with Sandbox(on_sleep=on_sleep) as sandbox:
        works = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end:\n    pass\n"
        with sandbox.load(Program((STOP + works) * 2), Limits(cpu_seconds=10.0)) as loaded:
            loaded.run(b"")
    assert changes
    assert changes == [True, False] * (len(changes) // 2)
