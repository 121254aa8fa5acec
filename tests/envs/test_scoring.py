"""Which tests a response is judged on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rlef_env.envs import CodeEnv, score_response
from rlef_env.judge import Judge, Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Test
from rlef_env.sandbox import Program
from tests.envs.samples import NO_PUBLIC, NO_TESTS, SUM, fenced
from tests.envs.scripted import ScriptedJudge

RIGHT = "print(sum(map(int, input().split())))"
PASSES_PUBLIC = "print(abs(sum(map(int, input().split()))))"
WRONG = "print('no')"
MANY = replace(SUM, id="many", private_tests=tuple(Test(f"0 {i}\n", f"{i}\n") for i in range(30)))


def shape(judgement: Judgement) -> tuple[str, int, int]:
    """Verdict, tests that were run, tests there were to pass."""
    return judgement.verdict.value, len(judgement.results), judgement.total


@pytest.mark.parametrize(
    ("program", "last", "feedback", "full_grid", "expected", "final"),
    [
        (RIGHT, False, "public", False, ("accepted", 5, 5), True),
        (RIGHT, False, "none", False, ("accepted", 2, 2), False),
        (RIGHT, True, "none", False, ("accepted", 5, 5), True),
        (RIGHT, False, "private", False, ("accepted", 5, 5), True),
        (PASSES_PUBLIC, False, "public", False, ("wrong_answer", 4, 5), True),
        (PASSES_PUBLIC, False, "public", True, ("wrong_answer", 5, 5), True),
        (PASSES_PUBLIC, False, "private", False, ("wrong_answer", 5, 5), False),
        (WRONG, False, "public", False, ("wrong_answer", 2, 2), False),
        (WRONG, True, "public", False, ("wrong_answer", 2, 5), True),
        (WRONG, True, "public", True, ("wrong_answer", 5, 5), True),
        (WRONG, True, "private", True, ("wrong_answer", 5, 5), True),
        (None, False, "public", False, ("no_program", 0, 2), False),
        (None, True, "public", False, ("no_program", 0, 5), True),
    ],
)
def test_a_score(
    judge: Judge,
    program: str | None,
    last: bool,
    feedback: str,
    full_grid: bool,
    expected: tuple[str, int, int],
    final: bool,
) -> None:
    score = score_response(judge, SUM, program, last=last, feedback=feedback, full_grid=full_grid)  # type: ignore[arg-type]
    assert (shape(score.judgement), score.final) == (expected, final)


def test_roles_in_order_and_the_first_failure_decides(judge: Judge) -> None:
    (judgement, _) = score_response(judge, SUM, WRONG, last=True, full_grid=True)
    assert [(result.role, result.index) for result in judgement.results] == [
        ("public", 0),
        ("public", 1),
        ("private", 0),
        ("private", 1),
        ("generated", 0),
    ]
    crash_later = "a, b = map(int, input().split())\nprint(a + b if a > 0 else 1 / 0)"
    (judgement, _) = score_response(judge, SUM, crash_later, last=False)
    assert (judgement.verdict, judgement.category) == (Verdict.RUNTIME_ERROR, "ZeroDivisionError")


def test_nothing_is_passed_without_public_tests(judge: Judge) -> None:
    assert score_response(judge, NO_PUBLIC, "print(1)", last=False).final is False
    score = score_response(judge, NO_PUBLIC, "print(1)", last=True)
    assert (shape(score.judgement), score.final) == (("accepted", 1, 1), True)


@pytest.mark.parametrize(("last", "total"), [(True, 5), (False, 2)])
def test_the_total_of_a_lost_turn_counts_the_tests_it_had_to_pass(last: bool, total: int) -> None:
    lost = ScriptedJudge(lambda role, index: TestResult(role, index, Verdict.NO_VERDICT))
    score = score_response(lost, SUM, RIGHT, last=last)
    assert (score.judgement.verdict, score.judgement.total) == (Verdict.NO_VERDICT, total)


@pytest.mark.parametrize("full_grid", [False, True])
def test_with_private_feedback_no_test_runs_twice(full_grid: bool) -> None:
    everything = [test for _, _, test in MANY.tests()]
    accepting = ScriptedJudge()
    score = score_response(accepting, MANY, RIGHT, last=True, feedback="private", full_grid=full_grid)
    assert accepting.judged == everything
    assert [(result.role, result.index) for result in score.judgement.results] == [
        (role, index) for role, index, _ in MANY.tests()
    ]
    assert (score.judgement.verdict, score.judgement.total) == (Verdict.ACCEPTED, 33)
    failing = ScriptedJudge(
        lambda role, index: TestResult(role, index, Verdict.WRONG_ANSWER if index >= 10 else Verdict.ACCEPTED)
    )
    score = score_response(failing, MANY, RIGHT, last=True, feedback="private", full_grid=full_grid)
    assert failing.judged == (everything if full_grid else everything[:20])
    assert shape(score.judgement) == ("wrong_answer", 33 if full_grid else 20, 33)


def test_a_problem_without_any_test_has_no_verdict() -> None:
    assert score_response(ScriptedJudge(), NO_TESTS, RIGHT, last=True).judgement.verdict is Verdict.NO_VERDICT


def test_private_feedback_runs_20_tests_and_shows_8(make_env: Callable[..., CodeEnv], judge: Judge) -> None:
    score = score_response(judge, MANY, WRONG, last=False, feedback="private")
    assert shape(score.judgement) == ("wrong_answer", 20, 20)
    env = make_env(dataset=Dataset("m", "M", (MANY,)), feedback="private")
    env.reset()
    observation, *_ = env.step(fenced(WRONG))
    assert observation.count("- input `") == 8
    # Passing those 20 ends the episode, and all 33 are scored.
    fails_late = "a, b = map(int, input().split())\nprint(a + b if b < 25 else 'no')"
    _, reward, terminated, _, info = env.step(fenced(fails_late))
    assert (reward, terminated, info["passed"], info["total"]) == (-1.0, True, 27, 33)


def test_a_failure_that_is_certain_decides_whatever_befell_other_tests() -> None:
    """So a program that breaks a checker on one test does not escape its verdict on another."""
    verdicts = [Verdict.ACCEPTED, Verdict.NO_VERDICT, Verdict.WRONG_ANSWER]
    judge = ScriptedJudge(lambda role, index: TestResult(role, index, verdicts[index % 3]))
    for stop_early in (True, False):
        judgement = judge.judge(MANY, Program(RIGHT), stop_early=stop_early)
        assert judgement.verdict is Verdict.WRONG_ANSWER
    assert score_response(judge, MANY, RIGHT, last=True).judgement.verdict is Verdict.WRONG_ANSWER
    # But a fraction of the tests is not known where one has no verdict.
    score = score_response(judge, MANY, RIGHT, last=True, full_grid=True)
    assert score.judgement.verdict is Verdict.NO_VERDICT
