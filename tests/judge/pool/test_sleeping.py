"""A program that sleeps uses no core, so the pool runs another one meanwhile."""

from __future__ import annotations

from concurrent.futures import Future, wait
from pathlib import Path

import pytest

from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.judge.pool.workers import worker_set
from rlef_env.problems import InteractorSpec, Problem, Test
from rlef_env.sandbox import Limits, Program, Sandbox

ONCE = Problem("sleep", "", (Test("", "awake\n"),), time_limit=30.0)


def sleeper(seconds: float) -> Program:
    return Program(f"import time\ntime.sleep({seconds})\nprint('awake')")


def max_at_once(pool: JudgePool, futures: list[Future[Judgement]]) -> int:
    """Return the largest number of programs seen to run at the same time, by the descendants of each worker."""
    seen = 0
    while wait(futures, timeout=0.01).not_done:
        seen = max(seen, sum(generations(pid) >= 4 for pid in pool.processes()))  # worker, zygote, program, run
    return seen


def generations(pid: int) -> int:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 1 + max((generations(int(child)) for child in children), default=0)


def test_others_run_while_a_program_sleeps() -> None:
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(ONCE, sleeper(0.5))) for _ in range(8)]
        assert max_at_once(pool, futures) >= 2
        assert len(pool.processes()) <= 5
        assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 8


def test_idle_additional_workers_are_retired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_set, "IDLE_SECONDS", 0.2)
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(ONCE, sleeper(0.4))) for _ in range(6)]
        seen: set[int] = set()
        while wait(futures, timeout=0.01).not_done:
            seen.update(pool.processes())
        assert len(seen) > 1
        while len(pool.processes()) > 1 or sum(Path(f"/proc/{pid}").exists() for pid in seen) > 1:
            pass
        assert pool.judge(ONCE, sleeper(0)).verdict is Verdict.ACCEPTED


def test_max_sleeping_limits_the_additional_workers() -> None:
    with JudgePool(1, max_sleeping=0) as pool:
        futures = [pool.submit(JudgeJob(ONCE, sleeper(0.2))) for _ in range(3)]
        assert max_at_once(pool, futures) == 1


def test_a_program_that_computes_starts_no_further_worker() -> None:
    works = Program("import time\nwhile time.process_time() < 0.3:\n    pass\nprint('awake')")
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(ONCE, works)) for _ in range(2)]
        assert max_at_once(pool, futures) == 1
        assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 2


def test_an_interactive_program_and_its_interactor_may_sleep_together() -> None:
    interactor = InteractorSpec("import sys\nsys.exit(42 if input() == 'awake' else 43)")
    asked = Problem("ask", "", (Test("", ""),), time_limit=30.0, interactor=interactor)
    with JudgePool(1) as pool:
        futures = [pool.submit(JudgeJob(asked, sleeper(0.4))) for _ in range(3)]
        for future in futures:
            assert future.result().verdict is Verdict.ACCEPTED
        assert len(pool.processes()) > 1


def test_each_change_is_reported_once() -> None:
    changes: list[bool] = []
    with Sandbox(on_sleep=changes.append) as sandbox:
        source = "import time\nfor _ in range(2):\n    time.sleep(0.3)\n    end = time.process_time() + 0.2\n"
        source += "    while time.process_time() < end:\n        pass\n"
        with sandbox.load(Program(source), Limits(cpu_seconds=10.0)) as loaded:
            loaded.run(b"")
    assert changes
    assert changes == [True, False] * (len(changes) // 2)
