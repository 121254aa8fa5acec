"""What every pool of judges must do, wherever its workers are: a class of tests, for each kind of pool a subclass."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import select
import signal
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlef_env.errors import UsageError
from rlef_env.judge import NO_CUSTOM_CHECKERS, CustomCheckers, Judge, JudgeJob, JudgePool, Verdict
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program

ECHO = Problem("echo", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(3)), time_limit=1.0)
MANY = Problem("many", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(40)), time_limit=5.0)
MINUTES = Problem("minutes", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(5000)), time_limit=5.0)
SOURCES = ["print(input())", "print(1)", "print(1 / 0)", "print(", "import os\nos._exit(3)", "input()\ninput()"]
WRONG_FROM = "n = int(input())\nprint(n if n < {} else 'wrong')"
RIGHT = Program("print(input())")
BUSY = Program("sum(range(3 * 10**6))\nprint(input())")


def below(pid: int) -> list[int]:
    """A process and all that come after it."""
    try:
        children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(found for child in children for found in below(child))]


class PoolConformance:
    """Subclass it as ``Test...`` and say how to make a pool."""

    examples = 10
    """How many pools a property is tried with."""

    def make(
        self, workers: int, max_sleeping: int | None = None, checkers: CustomCheckers = NO_CUSTOM_CHECKERS
    ) -> JudgePool:
        """A pool with so many workers, all on this machine, and so many more while programs sleep."""
        raise NotImplementedError

    def test_it_judges_as_one_judge_does_in_the_order_of_the_jobs(self) -> None:
        with Judge() as judge:
            alone = {source: judge.judge(ECHO, Program(source), stop_early=False) for source in SOURCES}

        @settings(max_examples=self.examples)
        @given(sources=st.lists(st.sampled_from(SOURCES), max_size=20), workers=st.integers(1, 4))
        def same(sources: list[str], workers: int) -> None:
            with self.make(workers) as pool:
                jobs = (JudgeJob(ECHO, Program(source), stop_early=False) for source in sources)
                assert list(pool.judge_all(jobs)) == [alone[source] for source in sources]

        same()

    def test_the_tests_that_were_asked_for_are_judged(self) -> None:
        """Also where a program's tests are spread over workers."""
        with Judge() as judge, self.make(3) as pool:

            @settings(max_examples=self.examples)
            @given(
                wrong=st.lists(st.integers(0, 40), min_size=1, max_size=3),
                stop_early=st.booleans(),
                offset=st.integers(0, 10),
                limit=st.one_of(st.none(), st.integers(1, 40)),
                gate=st.one_of(st.just(0), st.integers(1, 40)),
            )
            def same(wrong: list[int], stop_early: bool, offset: int, limit: int | None, gate: int) -> None:
                for at in wrong:
                    program = Program(WRONG_FROM.format(at))
                    asked = {"stop_early": stop_early, "offset": offset, "limit": limit, "gate": gate}
                    assert pool.judge(MANY, program, **asked) == judge.judge(MANY, program, **asked)  # type: ignore[arg-type]

            same()

    def test_jobs_are_taken_as_they_are_needed(self) -> None:
        taken = []

        def jobs():  # type: ignore[no-untyped-def]
            for number in range(1000):
                taken.append(number)
                yield JudgeJob(ECHO, RIGHT)

        with self.make(2) as pool:
            first = next(pool.judge_all(jobs()))
        assert first.verdict is Verdict.ACCEPTED
        assert len(taken) <= 8

    def test_a_higher_priority_goes_first_and_owners_take_turns(self) -> None:
        order: list[str] = []
        slow = Program("import time\ntime.sleep(0.2)")
        with self.make(1, max_sleeping=0) as pool:
            busy = pool.submit(JudgeJob(ECHO, slow))
            futures = []
            for name, priority, owner in (
                *((f"greedy {number}", 0, "greedy") for number in range(3)),
                ("modest", 0, "modest"),
                ("urgent", 1, "modest"),
            ):
                future = pool.submit(JudgeJob(ECHO, RIGHT), priority, owner)
                future.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
                futures.append(future)
            for future in (busy, *futures):
                future.result()
        assert order == ["urgent", "greedy 0", "modest", "greedy 1", "greedy 2"]

    def test_closing_ends_what_runs_and_drops_what_is_queued(self) -> None:
        endless = Problem("endless", "", (Test("", ""),) * 20, time_limit=100.0)
        pool = self.make(1)
        running = pool.submit(JudgeJob(endless, Program("while True: pass")))
        queued = [pool.submit(JudgeJob(ECHO, RIGHT)) for _ in range(20)]
        while len(found := [pid for worker in pool.processes() for pid in below(worker)]) < 4:
            pass  # worker, zygote, program, run
        handles = []
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                handles.append(os.pidfd_open(pid))
        pool.close()
        pool.close()
        assert running.result(timeout=0).verdict is Verdict.NO_VERDICT
        assert all(future.cancelled() for future in queued)
        for handle in handles:
            os.close(handle) if ended(handle) else pytest.fail("a process outlives the pool")
        with pytest.raises(UsageError, match="closed"):
            pool.submit(JudgeJob(ECHO, RIGHT))

    def test_a_lost_worker_is_replaced_and_nothing_is_lost(self) -> None:
        with self.make(2) as pool:
            futures = [pool.submit(JudgeJob(MANY, Program(f"print(input())  # {number}"))) for number in range(6)]
            while len(pool.processes()) < 2:
                pass
            for pid in pool.processes():
                os.kill(pid, signal.SIGKILL)
            assert [future.result().verdict for future in futures] == [Verdict.ACCEPTED] * 6

    def test_a_program_whose_worker_is_lost_every_time_has_no_verdict(self) -> None:
        sleeping = Problem("sleep", "", (Test("", ""),), time_limit=60.0)
        with self.make(1) as pool:
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
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED

    def test_what_nobody_needs_any_more_makes_room(self) -> None:
        """What runs has no verdict, and its worker leaves the rest; what waits is cancelled; what is judged stays."""
        for workers in (1, 2):
            with self.make(workers, max_sleeping=0) as pool:
                done = pool.submit(JudgeJob(ECHO, RIGHT))
                judgement = done.result()
                running = pool.submit(JudgeJob(MINUTES, BUSY))
                while not running.running():
                    pass
                waiting = [pool.submit(JudgeJob(MINUTES, BUSY)) for _ in range(5)]
                wanted = pool.submit(JudgeJob(ECHO, RIGHT))
                for future in (done, running, *waiting):
                    pool.cancel(future)
                assert running.result(timeout=0).verdict is Verdict.NO_VERDICT
                assert all(future.cancelled() or future.result(timeout=0).category == "stopped" for future in waiting)
                assert wanted.result(timeout=60).verdict is Verdict.ACCEPTED
                assert done.result() is judgement

    def test_what_a_judge_raises_is_raised_here(self) -> None:
        with self.make(1) as pool:
            with pytest.raises(UsageError, match="language"):
                pool.judge(ECHO, Program("print(1)", "cobol"))
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED

    def test_checkers_of_the_callers_own_go_to_the_workers(self) -> None:
        """Closures, too, with what they close over."""
        most = 0.5

        def near(_: bytes, output: bytes, expected: bytes) -> bool:
            return abs(float(output) - float(expected)) <= most

        problem = replace(ECHO, checker=CheckerSpec("near"))
        with self.make(2, checkers={"near": near}) as pool:
            verdicts = [pool.judge(problem, Program(f"print(int(input()) + {by})")).verdict for by in (0.5, 0.6, "'x'")]
        assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR]

    def test_a_job_that_makes_no_sense_fails_and_harms_no_other(self) -> None:
        with self.make(2) as pool:
            for tests, limit in ((5, 1.0), ((None,), 1.0), (ECHO.public_tests, lambda: 1.0)):
                bad = replace(ECHO, id="bad", public_tests=tests, time_limit=limit)  # type: ignore[arg-type]
                before, wrong, after = (pool.submit(JudgeJob(each, RIGHT)) for each in (ECHO, bad, ECHO))
                with pytest.raises(Exception, match=r"int|None|lambda"):
                    wrong.result(timeout=60)
                assert {future.result(timeout=60).verdict for future in (before, after)} == {Verdict.ACCEPTED}

    def test_what_is_no_job_is_refused(self) -> None:
        with self.make(1) as pool, pytest.raises(UsageError, match="JudgeJob"):
            pool.submit("print(1)")  # type: ignore[arg-type]

    def test_it_is_shared_not_copied_and_never_sent(self) -> None:
        with self.make(1) as pool:
            assert copy.deepcopy(pool) is pool
            with pytest.raises(UsageError, match="make one over there"):
                pickle.dumps(pool)

    def test_environments_use_it(self) -> None:
        """With the outcomes that they have with a pool of their own; and do not close it."""
        responses = [f"```python\n{source}\n```" for source in ("print(1)", "print(", "import time", "no program")]
        with self.make(2) as pool:
            outcomes = []
            for arguments in ({"pool": pool}, {"workers": 1}):
                envs = gym.make_vec("RLEF-Starter-v0", num_envs=4, **arguments)  # type: ignore[arg-type]
                envs.reset(seed=1)
                observations, rewards, *_ = envs.step(responses)
                outcomes.append((observations, list(rewards)))
                envs.close()
            assert outcomes[0] == outcomes[1]
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED


def ended(handle: int) -> bool:
    """Whether the process behind a handle ends."""
    return bool(select.select([handle], [], [], 30)[0])
