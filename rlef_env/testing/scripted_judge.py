"""A judge that runs nothing: a script says how each program is judged."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future

from rlef_env.judge import BaseJudgePool, JudgeJob, Judgement, TestResult, Verdict
from rlef_env.judge.judgement import Measured, judgement_of
from rlef_env.problems import Test
from rlef_env.problems.problem import Role

__all__ = ["ScriptedJudge"]


class ScriptedJudge(BaseJudgePool):
    """Judges programs by a script, without running them: a judge and a pool for tests of environments and adapters.

    ::

        judge = ScriptedJudge([Verdict.WRONG_ANSWER, Verdict.ACCEPTED])
        env = CodeEnv("starter", judge=judge)  # the first response is wrong, the second one and all later ones right

    Args:
        verdicts: the verdicts of the jobs, in their order; the last one is that of all further jobs. In a job with
            ``ACCEPTED`` every test passes; with another verdict its first test has that one.
        result: the result of a test by role and index, in place of verdicts of jobs.
        measures: CPU seconds and peak bytes of the next test.
        isolation: as for ``Judge``; the judgements claim it.

    Attributes:
        judged: the tests that were judged, in order.
        jobs: the jobs, in order.
    """

    def __init__(
        self,
        verdicts: Iterable[Verdict] | None = None,
        *,
        result: Callable[[Role, int], TestResult] | None = None,
        measures: Callable[[], tuple[float, int]] = lambda: (0.0, 0),
        isolation: str = "locked",
    ) -> None:
        self.workers, self.isolation, self.judge_arguments = 1, isolation, {"isolation": isolation}
        self.judged: list[Test] = []
        self.jobs: list[JudgeJob] = []
        self._verdicts = _repeating_the_last(verdicts if verdicts is not None else [Verdict.ACCEPTED])
        self._result, self._measures = result, measures

    def submit(self, job: JudgeJob, priority: int = 0, owner: Hashable = None) -> Future[Judgement]:
        """Judge a job at once, and return a future that is done."""
        del priority, owner
        future: Future[Judgement] = Future()
        future.set_result(self._judgement(job))
        return future

    def cancel(self, future: Future[Judgement]) -> None:
        """Do nothing: each job has its judgement."""

    def close(self) -> None:
        """Do nothing."""

    def _judgement(self, job: JudgeJob) -> Judgement:
        self.jobs.append(job)
        result = self._result or _first_test(next(self._verdicts))
        tests = job.tests()
        measured: list[Measured] = []
        failed = False
        for number, (role, index, test) in enumerate(tests):
            if job.ends(number, failed):
                break
            self.judged.append(test)
            measured.append(Measured(result(role, index), *self._measures()))
            failed = failed or measured[-1].result.verdict not in (Verdict.ACCEPTED, Verdict.NO_VERDICT)
        return judgement_of(job.problem, measured, len(tests), self.isolation)


def _repeating_the_last(verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
    last = Verdict.ACCEPTED
    for verdict in verdicts:
        last = verdict
        yield verdict
    yield from itertools.repeat(last)


def _first_test(verdict: Verdict) -> Callable[[Role, int], TestResult]:
    """Return a function that gives the first test it is asked for this verdict, and all others ``ACCEPTED``."""
    verdicts = itertools.chain([verdict], itertools.repeat(Verdict.ACCEPTED))
    return lambda role, index: TestResult(role, index, next(verdicts))
