"""After ``warm``, the first jobs start no process: the tests count processes, not seconds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import JudgeJob, Judgement, JudgePool, Verdict
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import LANGUAGES, PRINTS_ONE, Program, installed_languages
from tests.judge.pool.worker_conformance import tree, without_launchers

ECHO = Problem("echo", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(3)))
CHECKED = Problem(
    "checked", "", ECHO.public_tests, checker=CheckerSpec("python", source="def check(a, b, c):\n    return True\n")
)
COMPILED = [name for name in ("c",) if name in installed_languages()]


def done(warming: dict[str, list[Future[Judgement]]]) -> dict[str, list[Verdict]]:
    return {name: [future.result().verdict for future in futures] for name, futures in warming.items()}


def started(pool: JudgePool) -> set[int]:
    """Return the workers and all their descendants that do not belong to a program."""
    return without_launchers(pid for worker in pool.processes() for pid in tree(worker))


def test_first_jobs_start_no_process() -> None:
    with JudgePool(2) as pool:
        assert done(pool.warm(COMPILED)) == {name: [Verdict.ACCEPTED] * 2 for name in ("python", "checker", *COMPILED)}
        before = started(pool)
        assert len(pool.processes()) == 2
        c = Program('#include <stdio.h>\nint main() { int n; scanf("%d", &n); printf("%d", n); }', "c")
        programs = [Program("print(input())"), *([c] if COMPILED else [])]
        jobs = [JudgeJob(problem, program) for problem in (ECHO, CHECKED) for program in programs for _ in range(6)]
        assert {each.verdict for each in pool.judge_all(jobs)} == {Verdict.ACCEPTED}
        assert len(pool.processes()) == 2
        until(lambda: not started(pool) - before)  # a program's process may end a moment after its judgement
        every = {pid for worker in pool.processes() for pid in tree(worker)}
        assert len(every - started(pool)) <= 2  # one launcher is kept in each worker


def until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("there are new processes")


def test_without_it_the_first_job_starts_processes() -> None:
    """This shows that the test above can fail."""
    with JudgePool(1) as pool:
        assert pool.judge(ECHO, Program("print(input())")).verdict is Verdict.ACCEPTED
        before = started(pool)
        assert pool.judge(CHECKED, Program("print(input())")).verdict is Verdict.ACCEPTED
        assert started(pool) - before


def test_a_worker_lost_while_it_warms_up_costs_no_job() -> None:
    with JudgePool(2) as pool:
        warming = pool.warm(())
        warming["python"][0].result()
        os.kill(pool.processes()[0], signal.SIGKILL)
        assert done(warming) == {"python": [Verdict.ACCEPTED] * 2, "checker": [Verdict.ACCEPTED] * 2}


def test_close_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = JudgeJob(Problem("endless", "", (Test("", ""),), time_limit=900.0), Program("while True: pass"))
    monkeypatch.setattr("rlef_env.judge.pool.local.warm_up_jobs", lambda _: {"python": endless, "checker": endless})
    with JudgePool(2) as pool:
        warming = pool.warm(())
    futures = [future for those in warming.values() for future in those]
    assert all(future.done() for future in futures)
    assert {future.result().verdict for future in futures if not future.cancelled()} <= {Verdict.NO_VERDICT}
    with pytest.raises(UsageError, match="closed"):
        pool.warm(())
    assert {name: len(those) for name, those in warming.items()} == {"python": 2, "checker": 2}


def test_languages_that_are_not_installed_are_refused() -> None:
    assert set(PRINTS_ONE) == set(LANGUAGES)
    with JudgePool(1) as pool, pytest.raises(UsageError, match="languages: expected some of"):
        pool.warm(["cobol"])
