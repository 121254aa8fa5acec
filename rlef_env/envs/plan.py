"""Plan of a response's judgement: which tests it is judged on, and whether it ends its episode."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rlef_env.episodes.settings import PRIVATE_FEEDBACK_TESTS, Feedback
from rlef_env.judge import JudgeJob, Judgement, Verdict
from rlef_env.judge.judgement import judgement_of
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = ["ResponsePlan", "number_of_tests"]


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """How a response is judged, after the paper.

    All public tests run first, because their failures are the feedback. If all of them pass, or the turn limit is
    reached, the response is final: it is scored on public, private and generated tests. The hidden tests stop at the
    first failure, because the paper's reward only asks whether all pass. They start after the public tests have passed,
    so that no run on a hidden test is concurrent with one whose output is shown and could leak the hidden test.

    With ``feedback="private"`` the first 20 tests of any role take the place of the public ones. With
    ``feedback="none"`` only the turn limit ends an episode. A problem without public tests never ends early: nothing
    was passed. A problem without any test has no verdict.

    Attributes:
        problem: the problem of the episode.
        program: the response's program; None where it holds none.
        last: whether the response reaches the turn limit.
        feedback: the source of feedback, as in ``CodeEnv``.
        run_all_tests: run every test of a final response, for rewards that count passed tests.
    """

    problem: Problem
    program: str | None
    last: bool
    feedback: Feedback = "public"
    run_all_tests: bool = False

    @property
    def shown(self) -> int:
        """Number of tests whose failures feedback may show; they run first."""
        if self.feedback == "private":
            return min(number_of_tests(self.problem), PRIVATE_FEEDBACK_TESTS)
        return len(self.problem.public_tests)

    @property
    def needs_judge(self) -> bool:
        """Whether there is a program, and a test to run it on now."""
        return self.program is not None and number_of_tests(self.problem) > 0 and (self.last or self.shown > 0)

    def job(self) -> JudgeJob | None:
        """Return the job that judges the response; None where there is nothing to judge.

        A response is one job, so that its program is compiled once and queued once.
        """
        if not self.needs_judge:
            return None
        assert self.program is not None
        program = Program(self.program)
        if self.feedback == "none" and not self.last:
            return JudgeJob(self.problem, program, roles=("public",), stop_early=False, gate=self.shown)
        gate = 0 if self.last and self.run_all_tests else self.shown
        return JudgeJob(self.problem, program, stop_early=not self.run_all_tests, gate=gate)

    def decide(self, judged: Judgement | None) -> tuple[Judgement, bool]:
        """Decide what the judgement of ``job()`` means for the episode.

        Args:
            judged: the judgement of ``job()``; None where that is None.

        Returns:
            The judgement that the turn records, and whether the response is final: scored on all tests.
            ``Judgement.total`` is the number of tests that a correct program would have passed.
        """
        if judged is None:
            return self._not_judged(), self.last
        if self.last:
            return (_complete(judged) if self.run_all_tests else judged), True
        if self.feedback == "none":
            return judged, False
        shown = self.shown
        results = judged.results[:shown]
        if [result.verdict for result in results].count(Verdict.ACCEPTED) == shown:
            return (_complete(judged) if self.run_all_tests else judged), True
        if len(results) < len(judged.results):  # a shown test has no verdict, so hidden tests ran: leave them out
            judged = judgement_of(self.problem, judged.measured()[:shown], shown, judged.isolation)
        return replace(judged, total=shown), False

    def _not_judged(self) -> Judgement:
        everything = number_of_tests(self.problem)
        if not everything:
            return Judgement(Verdict.NO_VERDICT, category="no tests")
        if self.program is None:
            return Judgement(Verdict.NO_PROGRAM, total=everything if self.last else self.shown)
        return Judgement(Verdict.ACCEPTED)  # no public test to fail


def _complete(judgement: Judgement) -> Judgement:
    """Return ``NO_VERDICT`` where one test has none: the number of passed tests is then unknown, even if one failed."""
    missing = next((result for result in judgement.results if result.verdict is Verdict.NO_VERDICT), None)
    if missing is None:
        return judgement
    return replace(judgement, verdict=Verdict.NO_VERDICT, category=missing.category)


def number_of_tests(problem: Problem) -> int:
    """Return the number of a problem's tests."""
    return len(problem.public_tests) + len(problem.private_tests) + len(problem.generated_tests)
