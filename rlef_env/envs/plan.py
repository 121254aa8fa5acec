"""Which tests a response is judged on, and whether it is the last one."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rlef_env.envs.judging import Judging, SupportsJudge, judged_by
from rlef_env.episodes.settings import PRIVATE_FEEDBACK_TESTS, Feedback
from rlef_env.judge import JudgeJob, Judgement, Verdict, judgement_of
from rlef_env.problems import Problem
from rlef_env.sandbox import Program

__all__ = ["Score", "number_of_tests", "score_response", "scoring"]


class Score(NamedTuple):
    """A response's judgement, and whether it was the last response, scored on all tests."""

    judgement: Judgement
    final: bool


def score_response(
    judge: SupportsJudge,
    problem: Problem,
    program: str | None,
    *,
    last: bool,
    feedback: Feedback = "public",
    full_grid: bool = False,
) -> Score:
    """Judge a response with a judge; see ``scoring``."""
    return judged_by(judge, scoring(problem, program, last=last, feedback=feedback, full_grid=full_grid))


def scoring(
    problem: Problem,
    program: str | None,
    *,
    last: bool,
    feedback: Feedback = "public",
    full_grid: bool = False,
) -> Judging[Score]:
    """Judge a response the way the paper scores an episode.

    The public tests run first, all of them, because their failures are the feedback. If all pass, or the turn limit is
    reached, the response is the last one and is scored on public, private and generated tests. The hidden tests stop
    at the first failure, and do not start before the public ones have passed: the paper's reward asks only whether all
    pass, and no program runs on a hidden test beside one that may tell what it sees.

    With ``feedback="private"`` the first 20 tests of any role take the place of the public ones. With
    ``feedback="none"`` only the turn limit ends an episode. A problem without public tests never ends early: nothing
    was passed. A problem without any test has no verdict.

    Args:
        problem: the problem that was asked.
        program: the response's program, None where it holds none.
        last: whether the turn limit is reached.
        feedback: where feedback comes from, as in ``CodeEnv``.
        full_grid: run every test of a last response, for rewards that count passed tests.

    Returns:
        The judgement and whether it covers all tests. ``Judgement.total`` is the number of tests a right program would
        have had to pass.
    """
    everything = number_of_tests(problem)
    shown = min(everything, PRIVATE_FEEDBACK_TESTS) if feedback == "private" else len(problem.public_tests)
    if not everything:
        return Score(Judgement(Verdict.NO_VERDICT, category="no tests"), last)
    if program is None:
        return Score(Judgement(Verdict.NO_PROGRAM, total=everything if last else shown), last)
    job = JudgeJob(problem, Program(program), stop_early=not full_grid, gate=0 if last and full_grid else shown)
    if last:
        judgement = yield job
        return Score(_whole(judgement) if full_grid else judgement, True)
    if not shown:
        return Score(Judgement(Verdict.ACCEPTED), False)
    if feedback == "none":
        return Score((yield replace(job, roles=("public",), stop_early=False)), False)
    judgement = yield job
    results = judgement.results[:shown]
    if [result.verdict for result in results].count(Verdict.ACCEPTED) == shown:
        return Score(_whole(judgement) if full_grid else judgement, True)
    if len(results) < len(judgement.results):  # one of them has no verdict
        judgement = judgement_of(problem, judgement.measured()[:shown], shown, judgement.isolation)
    return Score(replace(judgement, total=shown), False)


def _whole(judgement: Judgement) -> Judgement:
    """Where one test has no verdict, how many pass is not known, though one may fail for certain."""
    lost = next((result for result in judgement.results if result.verdict is Verdict.NO_VERDICT), None)
    if lost is None:
        return judgement
    return replace(judgement, verdict=Verdict.NO_VERDICT, category=lost.category)


def number_of_tests(problem: Problem) -> int:
    """Return how many tests a problem has."""
    return len(problem.public_tests) + len(problem.private_tests) + len(problem.generated_tests)
