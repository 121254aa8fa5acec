"""Many programs at once give the same judgements as one after the other, in the order of the jobs."""

from __future__ import annotations

import copy
import os
import pickle
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.errors import UsageError
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
    """Also from another thread, as Ctrl-C does; what was under way has no verdict, and no process is left."""
    endless = Problem("endless", "", (Test("", ""),) * 20, time_limit=100.0)
    pool = JudgePool(1)
    future = pool.submit(JudgeJob(endless, Program("while True: pass")))
    while len(running := tree(pool)) < 4:  # worker, zygote, program, run
        pass
    pool.close()
    assert future.result(timeout=0).verdict is Verdict.NO_VERDICT
    assert not any(Path(f"/proc/{pid}").exists() for pid in running)


def tree(pool: JudgePool) -> list[int]:
    """The pool's workers and all that comes after them."""
    return [found for worker in pool.processes() for found in below(worker)]


def below(pid: int) -> list[int]:
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(found for child in children for found in below(child))]


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


MANY = Problem("many", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(40)), time_limit=5.0)
WRONG_FROM = "n = int(input())\nprint(n if n < {} else 'wrong')"


@settings(max_examples=10)
@given(
    wrong=st.lists(st.integers(0, 40), min_size=1, max_size=3),
    stop_early=st.booleans(),
    first=st.integers(0, 10),
    limit=st.one_of(st.none(), st.integers(1, 40)),
)
def test_tests_that_are_spread_over_workers_give_the_same_judgement(
    wrong: list[int], stop_early: bool, first: int, limit: int | None
) -> None:
    with Judge() as judge, JudgePool(3) as pool:
        for at in wrong:
            program = Program(WRONG_FROM.format(at))
            asked = {"stop_early": stop_early, "first": first, "limit": limit}
            assert pool.judge(MANY, program, **asked) == judge.judge(MANY, program, **asked)  # type: ignore[arg-type]


def test_a_higher_priority_goes_first_and_owners_take_turns() -> None:
    order: list[str] = []
    slow = Program("import time\ntime.sleep(0.2)")
    with JudgePool(1, most_sleeping=0) as pool:
        busy = pool.submit(JudgeJob(ECHO, slow))
        futures = []
        for name, priority, owner in (
            *((f"greedy {number}", 0, "greedy") for number in range(3)),
            ("modest", 0, "modest"),
            ("urgent", 1, "modest"),
        ):
            future = pool.submit(JudgeJob(ECHO, Program("print(input())")), priority, owner)
            future.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
            futures.append(future)
        for future in (busy, *futures):
            future.result()
    assert order == ["urgent", "greedy 0", "modest", "greedy 1", "greedy 2"]


def test_a_lost_worker_is_replaced_and_nothing_is_lost() -> None:
    with JudgePool(2) as pool:
        futures = [pool.submit(JudgeJob(MANY, Program(f"print(input())  # {number}"))) for number in range(6)]
        while len(pool.processes()) < 2:
            pass
        for pid in pool.processes():
            os.kill(pid, signal.SIGKILL)
        assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 6


def test_a_program_whose_worker_is_lost_every_time_has_no_verdict() -> None:
    sleeping = Problem("sleep", "", (Test("", ""),), time_limit=60.0)
    with JudgePool(1) as pool:
        future = pool.submit(JudgeJob(sleeping, Program("import time\ntime.sleep(50)")))
        killed: set[int] = set()
        while not future.done():
            for pid in set(pool.processes()) - killed:
                if len(below(pid)) >= 4:
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
        judgement = future.result()
        assert judgement.verdict is Verdict.NO_VERDICT
        assert judgement.category == "the worker that judged it was lost 3 times"
        assert judgement.total == 1
        assert pool.judge(ECHO, Program("print(input())")).verdict is Verdict.ACCEPTED


def test_what_a_judge_raises_is_raised_here() -> None:
    with JudgePool(1) as pool, pytest.raises(UsageError, match="language"):
        pool.judge(ECHO, Program("print(1)", "cobol"))


def test_a_pool_is_shared_not_copied_and_never_sent() -> None:
    with JudgePool(1) as pool:
        assert copy.deepcopy(pool) is pool
        with pytest.raises(UsageError, match="make one over there"):
            pickle.dumps(pool)
    with pytest.raises(UsageError, match="closed"):
        pool.submit(JudgeJob(ECHO, Program("")))


OWNER = """
import os, sys, time
from rlef_env.judge import JudgeJob, JudgePool
from rlef_env.problems import Problem, Test
from rlef_env.sandbox import Program
pool = JudgePool(2)
endless = Problem("endless", "", (Test("", ""),), time_limit=100.0)
for _ in range(2):
    pool.submit(JudgeJob(endless, Program("while True: pass")))
while len(pool.processes()) < 2:
    time.sleep(0.01)
print(*pool.processes(), flush=True)
{end}
"""


@pytest.mark.parametrize(
    "end", ["sys.exit()", "os.kill(os.getpid(), 9)", "os.fork() or time.sleep(600)\nos.kill(os.getpid(), 9)"]
)
def test_no_process_outlives_the_owner(end: str) -> None:
    """Also where it is killed, and where a child that it forked lives on with a copy of its descriptors."""
    with subprocess.Popen([sys.executable, "-c", OWNER.format(end=end)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        workers = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(workers) == 2
        handles = [os.pidfd_open(pid) for pid in workers]
        owner.wait()
        owner.stdout.close()
    for handle in handles:
        assert select.select([handle], [], [], 30)[0], "a worker lives on"
        os.close(handle)


def test_a_forked_child_is_told_to_make_a_pool_of_its_own() -> None:
    with JudgePool(1) as pool:
        pool.judge(ECHO, Program("print(input())"))
        if (child := os.fork()) == 0:
            code = 1
            try:
                pool.submit(JudgeJob(ECHO, Program("")))
            except UsageError:
                with JudgePool(1) as own:
                    code = 0 if own.judge(ECHO, Program("print(input())")).verdict is Verdict.ACCEPTED else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert pool.judge(ECHO, Program("print(input())")).verdict is Verdict.ACCEPTED
