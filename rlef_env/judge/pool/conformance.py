"""Tests that every judge pool must pass, also a pool of your own.

Either run them all::

    check_judge_pool(lambda workers, checkers: MyPool(workers, checkers=checkers))

or have pytest collect them one by one::

    class TestMyPool(PoolConformance):
        def make(self, workers, checkers):
            return MyPool(workers, checkers=checkers)
"""

from __future__ import annotations

import contextlib
import copy
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from random import Random
from typing import Final, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judge import Judge
from rlef_env.judge.judgement import Verdict
from rlef_env.judge.pool.base import BaseJudgePool
from rlef_env.judge.pool.cached import CachedPool
from rlef_env.judge.pool.verdict_cache import VerdictCache
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.sandbox import Program

__all__ = ["BUSY", "ECHO", "LONG", "MANY", "RIGHT", "WRONG_FROM", "PoolConformance", "check_judge_pool"]

ECHO: Final = Problem("echo", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(3)), time_limit=60.0)
MANY: Final = Problem("many", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(40)), time_limit=60.0)
LONG: Final = Problem("long", "", tuple(Test(f"{n}\n", f"{n}\n") for n in range(5000)), time_limit=60.0)
"""Takes minutes with ``BUSY``."""
RIGHT: Final = Program("print(input())")
BUSY: Final = Program("sum(range(3 * 10**6))\nprint(input())")
WRONG_FROM: Final = "n = int(input())\nprint(n if n < {} else 'wrong')"
SOURCES: Final = ["print(input())", "print(1)", "print(1 / 0)", "print(", "import os\nos._exit(3)", "input()\ninput()"]
SECONDS: Final = 250.0  # to wait for a result, however slow the machine

MakePool: TypeAlias = Callable[[int, CustomCheckers], BaseJudgePool]
"""Makes a pool with this many workers and these custom checkers."""


class PoolConformance:
    """The tests. A subclass implements ``make``."""

    examples = 10
    """Number of random examples in each test that draws them."""
    supports_checkers = True
    """Whether the pool takes custom checkers. If not, ``make`` gets none."""

    def make(self, workers: int, checkers: CustomCheckers = NO_CUSTOM_CHECKERS) -> BaseJudgePool:
        """Return a new pool with this many workers and these custom checkers."""
        raise NotImplementedError

    def test_judgements_are_those_of_one_judge_in_the_order_of_the_jobs(self) -> None:
        """For random lists of right, wrong and failing programs."""
        with Judge() as judge:
            alone = {source: judge.judge(ECHO, Program(source), stop_early=False) for source in SOURCES}
        for example in range(self.examples):
            random = Random(example)
            sources = random.choices(SOURCES, k=random.randint(0, 20))
            with self.make(random.randint(1, 4)) as pool:
                jobs = (JudgeJob(ECHO, Program(source), stop_early=False) for source in sources)
                assert list(pool.judge_all(jobs)) == [alone[source] for source in sources]

    def test_options_of_a_job_select_its_tests(self) -> None:
        """Also where several workers share the tests of a program."""
        with Judge() as judge, self.make(3) as pool:
            for example in range(self.examples):
                random = Random(example)
                program = Program(WRONG_FROM.format(random.randint(0, 40)))
                job = JudgeJob(
                    MANY,
                    program,
                    stop_early=random.random() < 0.5,
                    offset=random.randint(0, 10),
                    limit=random.choice([None, random.randint(1, 40)]),
                    gate=random.choice([0, random.randint(1, 40)]),
                )
                assert pool.judge(job) == judge.judge(job)

    def test_judge_all_takes_jobs_as_it_needs_them(self) -> None:
        """An iterable of jobs may be long, or made while others are judged."""
        taken = []

        def jobs() -> Iterator[JudgeJob]:
            for number in range(1000):
                taken.append(number)
                yield JudgeJob(ECHO, RIGHT)

        with self.make(2) as pool:
            first = next(pool.judge_all(jobs()))
        assert first.verdict is Verdict.ACCEPTED
        assert len(taken) <= 8

    def test_higher_priorities_go_first_and_owners_take_turns(self) -> None:
        """While one worker is busy, six jobs are queued."""
        order: list[str] = []
        with self.make(1) as pool:
            busy = pool.submit(JudgeJob(LONG, BUSY))
            while not busy.running():
                time.sleep(0.01)
            futures = []
            for name, priority, owner in (
                *((f"greedy {number}", 0, "greedy") for number in range(3)),
                ("modest", 0, "modest"),
                ("urgent", 1, "modest"),
            ):
                future = pool.submit(JudgeJob(ECHO, RIGHT), priority, owner)
                future.add_done_callback(lambda _, name=name: order.append(name))  # type: ignore[misc]
                futures.append(future)
            pool.cancel(busy)
            for future in futures:
                future.result(SECONDS)
        assert order == ["urgent", "greedy 0", "modest", "greedy 1", "greedy 2"]

    def test_close_stops_running_jobs_and_cancels_queued_ones(self) -> None:
        """And the pool refuses new jobs."""
        endless = Problem("endless", "", (Test("", ""),) * 20, time_limit=100.0)
        pool = self.make(1)
        running = pool.submit(JudgeJob(endless, Program("while True: pass")))
        queued = [pool.submit(JudgeJob(ECHO, RIGHT)) for _ in range(20)]
        while not running.running():
            time.sleep(0.01)
        pool.close()
        pool.close()
        assert running.result(timeout=0).verdict is Verdict.NO_VERDICT
        assert all(future.cancelled() for future in queued)
        with raises(UsageError, "closed"):
            pool.submit(JudgeJob(ECHO, RIGHT))

    def test_cancelled_jobs_make_room(self) -> None:
        """A running job gets no verdict and frees its worker, a queued one is cancelled, a judged one stays."""
        for workers in (1, 2):
            with self.make(workers) as pool:
                done = pool.submit(JudgeJob(ECHO, RIGHT))
                judgement = done.result(SECONDS)
                running = pool.submit(JudgeJob(LONG, BUSY))
                while not running.running():
                    time.sleep(0.01)
                queued = [pool.submit(JudgeJob(LONG, BUSY)) for _ in range(5)]
                wanted = pool.submit(JudgeJob(ECHO, RIGHT))
                for future in (done, running, *queued):
                    pool.cancel(future)
                assert running.result(timeout=0).verdict is Verdict.NO_VERDICT
                for future in queued:
                    with contextlib.suppress(CancelledError):  # a second worker may have started it
                        assert future.result(timeout=0).category == "stopped"
                assert wanted.result(SECONDS).verdict is Verdict.ACCEPTED
                assert done.result() is judgement

    def test_errors_of_the_judge_are_raised_by_the_future(self) -> None:
        """And the worker judges on."""
        with self.make(1) as pool:
            with raises(UsageError, "language"):
                pool.judge(ECHO, Program("print(1)", "cobol"))
            assert pool.judge(ECHO, RIGHT).verdict is Verdict.ACCEPTED

    def test_custom_checkers_are_sent_to_the_workers(self) -> None:
        """Closures, too, with the variables that they use."""
        if not self.supports_checkers:
            return
        distance = 0.5

        def near(_: bytes, output: bytes, expected: bytes) -> bool:
            return abs(float(output) - float(expected)) <= distance

        problem = replace(ECHO, checker=CheckerSpec("near"))
        with self.make(2, {"near": near}) as pool:
            verdicts = [pool.judge(problem, Program(f"print(int(input()) + {by})")).verdict for by in (0.5, 0.6, "'x'")]
        assert verdicts == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR]

    def test_an_invalid_problem_fails_its_own_job_only(self) -> None:
        """Its future raises the error; the jobs around it are judged."""
        with self.make(2) as pool:
            for tests, limit in ((5, 1.0), ((None,), 1.0), (ECHO.public_tests, lambda: 1.0)):
                bad = replace(ECHO, id="bad", public_tests=tests, time_limit=limit)  # type: ignore[arg-type]
                before, wrong, after = (pool.submit(JudgeJob(each, RIGHT)) for each in (ECHO, bad, ECHO))
                with raises(Exception, "int", "None", "lambda"):
                    wrong.result(SECONDS)
                assert {future.result(SECONDS).verdict for future in (before, after)} == {Verdict.ACCEPTED}

    def test_only_jobs_are_accepted(self) -> None:
        """Anything else is refused at once."""
        with self.make(1) as pool, raises(UsageError, "JudgeJob"):
            pool.submit("print(1)")  # type: ignore[arg-type]

    def test_a_pool_is_shared_not_copied_nor_pickled(self) -> None:
        """Gymnasium copies the arguments of an environment."""
        with self.make(1) as pool:
            assert copy.deepcopy(pool) is pool
            with raises(UsageError, "cannot be pickled"):
                pickle.dumps(pool)

    def test_a_cache_can_be_put_in_front(self) -> None:
        """See ``CachedPool``."""
        cache = VerdictCache()
        with CachedPool(self.make(1), cache) as pool:
            assert pool.judge(ECHO, RIGHT) == pool.judge(ECHO, RIGHT)
        assert (cache.hits, cache.misses) == (1, 1)


def check_judge_pool(make: MakePool, supports_checkers: bool = True, examples: int = PoolConformance.examples) -> None:
    """Run all tests of ``PoolConformance`` on a kind of pool.

    Args:
        make: called with a number of workers and custom checkers, returns a new pool.
        supports_checkers: whether the pool takes custom checkers. If not, ``make`` gets none.
        examples: number of random examples in each test that draws them.

    Raises:
        AssertionError: the pool does not do what it must; the traceback shows the test.
    """

    class Suite(PoolConformance):
        def make(self, workers: int, checkers: CustomCheckers = NO_CUSTOM_CHECKERS) -> BaseJudgePool:
            return make(workers, checkers)

    suite = Suite()
    suite.supports_checkers, suite.examples = supports_checkers, examples
    for name in vars(PoolConformance):
        if name.startswith("test_"):
            getattr(suite, name)()


@contextlib.contextmanager
def raises(kind: type[Exception], *texts: str) -> Iterator[None]:
    """Expect an error whose message contains one of the texts."""
    raised: Exception | None = None
    try:
        yield
    except kind as error:
        raised = error
    assert any(text in str(raised) for text in texts), f"expected {kind.__name__} about {texts}, got {raised!r}"
