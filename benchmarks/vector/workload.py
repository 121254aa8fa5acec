"""The programs and problems of the vector benchmark, and a pool that answers at once without judging."""

from __future__ import annotations

import itertools
import time
from collections.abc import Hashable, Iterator
from concurrent.futures import Future

from benchmarks.sandbox.workload import A_PLUS_B, a_plus_b_problem, trivial_programs
from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement, TestResult, Verdict
from rlef_env.judge.judgement import Measured, judgement_of
from rlef_env.problems import Dataset, Problem, Test
from rlef_env.problems.problem import Role
from rlef_env.sandbox import Program

__all__ = [
    "RIGHT",
    "SLEEPS",
    "SPINS",
    "WRONG",
    "CannedPool",
    "accepted_per_second",
    "fenced",
    "problems",
    "right_responses",
    "tail_responses",
]

STATEMENT = "Two numbers are given on one line. Print their sum. " * 30
"""Of usual length: 1,560 characters."""
TIME_LIMIT = 2.0
ADD = "a, b = map(int, input().split())\nprint(a + b)"
WRONG_LINE = "-1\n"


def fenced(source: str) -> str:
    """Return a response with a program."""
    return f"The sum of both is asked.\n\n```python\n{source}\n```"


RIGHT = fenced(ADD)
WRONG = fenced("print(-1)")
SLEEPS = fenced(f"import time\ntime.sleep(60)\n{ADD}")
SPINS = fenced(f"while True:\n    pass\n{ADD}")


def problems(public: int, hidden: int) -> Dataset:
    """Return A+B with these numbers of public and hidden tests."""
    tests = [Test(f"{a} {b}\n", f"{a + b}\n") for a, b in itertools.islice(itertools.cycle(A_PLUS_B), public + hidden)]
    problem = Problem("benchmark/a+b", STATEMENT, tuple(tests[:public]), tuple(tests[public:]), time_limit=TIME_LIMIT)
    return Dataset("benchmark", "Benchmark", (problem,))


def accepted_per_second(pool: BaseJudgePool, count: int) -> float:
    """Return the number of right programs for A+B that a pool judges in a second."""
    problem, sources = a_plus_b_problem(), itertools.cycle(trivial_programs())
    start = time.monotonic()
    futures = [pool.submit(JudgeJob(problem, Program(next(sources)))) for _ in range(count)]
    if any(future.result().verdict is not Verdict.ACCEPTED for future in futures):
        raise RuntimeError("A+B was not accepted")
    return count / (time.monotonic() - start)


def right_responses() -> Iterator[str]:
    """Yield right programs, all different."""
    return (fenced(f"{ADD}\n# {number}") for number in itertools.count())


def tail_responses(slow: str, envs: int, env_id: int) -> Iterator[str]:
    """Yield the responses for an environment: right programs, and in every ``envs``-th step the slow response.

    In each step another environment gets the slow one.
    """
    for step, response in enumerate(right_responses()):
        yield slow if (env_id + step) % envs == 0 else response


class CannedPool(BaseJudgePool):
    """A pool whose judgements cost nothing: they depend on the text of the program only.

    A program that contains ``-1`` fails every test, one that contains ``once`` fails the first one only.
    """

    workers, isolation = 1, "locked"

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Judgement] = {}

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """See ``BaseJudgePool.submit``."""
        del priority, owner
        kind = "-1" in job.program.source, "once" in job.program.source
        key = (id(job.problem), job.roles, job.stop_early, *kind)
        if key not in self._known:
            self._known[key] = _canned(job, *kind)
        future: Future[Judgement] = Future()
        future.set_result(self._known[key])
        return future

    def cancel(self, future: Future[Judgement]) -> None:
        """Do nothing: every job is judged already."""

    def close(self) -> None:
        """Do nothing: there are no workers."""


def _canned(job: JudgeJob, wrong: bool, once: bool) -> Judgement:
    tests = job.tests()
    measured = []
    for number, (role, index, _) in enumerate(tests):
        measured.append(Measured(_result(role, index, failed=wrong or (once and number == 0)), 0.002, 1 << 20))
        if job.stop_early and measured[-1].result.verdict is not Verdict.ACCEPTED:
            break
    return judgement_of(job.problem, measured, len(tests))


def _result(role: Role, index: int, failed: bool) -> TestResult:
    if failed:
        return TestResult(role, index, Verdict.WRONG_ANSWER, stdout=WRONG_LINE)
    return TestResult(role, index, Verdict.ACCEPTED)
