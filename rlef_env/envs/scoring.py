"""Which tests a response is judged on, and whether it is the last one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from rlef_env.envs.feedback import Feedback
from rlef_env.envs.judging import Judging, SupportsJudge, judged_by
from rlef_env.judge import JudgeJob, Judgement, Verdict, judgement_of
from rlef_env.problems import ROLES, Problem, Role
from rlef_env.sandbox import Program

__all__ = ["PRIVATE_FEEDBACK_TESTS", "Score", "number_of_tests", "score_response", "scoring"]

PRIVATE_FEEDBACK_TESTS: Final = 20
"""With feedback from hidden tests, so many tests are run per response (RLEF, section on private-test feedback)."""


NOTHING_SHOWN: Final = Judgement(Verdict.ACCEPTED)
UNDECIDED: Final = (Verdict.ACCEPTED, Verdict.NO_VERDICT)


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
    at the first failure, and do not start after a failing public one: the paper's reward asks only whether all pass.

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
    roles: tuple[Role, ...] = ROLES if feedback == "private" else ("public",)
    limit = PRIVATE_FEEDBACK_TESTS if feedback == "private" else None
    everything, shown_total = number_of_tests(problem), number_of_tests(problem, roles)
    if limit is not None:
        shown_total = min(shown_total, limit)
    if not everything:
        return Score(Judgement(Verdict.NO_VERDICT, category="no tests"), last)
    if program is None:
        return Score(Judgement(Verdict.NO_PROGRAM, total=everything if last else shown_total), last)

    source = Program(program)
    shown = NOTHING_SHOWN
    if shown_total:
        shown = yield JudgeJob(problem, source, roles=roles, stop_early=False, limit=limit)
    if shown.verdict is Verdict.NO_VERDICT and not last:
        return Score(replace(shown, total=shown_total), False)
    passed = shown_total > 0 and shown.verdict is Verdict.ACCEPTED
    if not last and not (passed and feedback != "none"):
        return Score(shown, False)

    failed = shown.verdict not in UNDECIDED
    if shown_total < everything and (full_grid or not failed):
        rest = yield _rest(problem, source, roles, shown_total, stop_early=not full_grid)
        shown = _joined(problem, shown, rest) if shown_total else rest
    lost = next((result for result in shown.results if result.verdict is Verdict.NO_VERDICT), None)
    if full_grid and lost is not None:  # how many tests pass is not known, though one may fail for certain
        shown = replace(shown, verdict=Verdict.NO_VERDICT, category=lost.category)
    return Score(shown if shown.total == everything else replace(shown, total=everything), True)


def number_of_tests(problem: Problem, roles: Sequence[Role] = ROLES) -> int:
    """Return how many tests of the roles a problem has."""
    counts = {
        "public": len(problem.public_tests),
        "private": len(problem.private_tests),
        "generated": len(problem.generated_tests),
    }
    return sum([counts[role] for role in roles])


def _rest(problem: Problem, program: Program, shown: Sequence[Role], count: int, *, stop_early: bool) -> JudgeJob:
    """The tests that are left after the first ``count`` ones of the shown roles. No test is run twice."""
    if others := tuple(role for role in ROLES if role not in shown):
        return JudgeJob(problem, program, roles=others, stop_early=stop_early)
    return JudgeJob(problem, program, stop_early=stop_early, first=count)


def _joined(problem: Problem, shown: Judgement, rest: Judgement) -> Judgement:
    """Return one judgement over two parts."""
    if not rest.results:  # the judge was stopped, or lost
        return rest if shown.verdict in UNDECIDED else shown
    return judgement_of(problem, shown.measured() + rest.measured(), shown.total + rest.total, shown.isolation)
