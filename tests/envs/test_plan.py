"""The plan of a response: which tests it is judged on, and whether it is final."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rlef_env.envs import CodeEnv
from rlef_env.envs.feedback import Feedback
from rlef_env.envs.plan import ResponsePlan
from rlef_env.judge import Judge, JudgeJob, Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Problem, Test
from rlef_env.sandbox import Program
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import NO_PUBLIC, NO_TESTS, SUM, fenced

RIGHT = "print(sum(map(int, input().split())))"
PASSES_PUBLIC = "print(abs(sum(map(int, input().split()))))"
WRONG = "print('no')"
MANY = replace(SUM, id="many", private_tests=tuple(Test(f"0 {i}\n", f"{i}\n") for i in range(30)))


class Score(NamedTuple):
    judgement: Judgement
    final: bool


def score(
    judge: Judge | ScriptedJudge,
    problem: Problem,
    program: str | None,
    last: bool,
    feedback: Feedback = "public",
    run_all_tests: bool = False,
) -> Score:
    """Judge a response by its plan."""
    plan = ResponsePlan(problem, program, last, feedback, run_all_tests)
    job = plan.job()
    return Score(*plan.decide(None if job is None else judge.judge(job)))


def shape(judgement: Judgement) -> tuple[str, int, int]:
    """Return the verdict, the number of tests that were run, and the number to pass."""
    return judgement.verdict.value, len(judgement.results), judgement.total


@pytest.mark.parametrize(
    ("program", "last", "feedback", "run_all_tests", "expected", "final"),
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
    run_all_tests: bool,
    expected: tuple[str, int, int],
    final: bool,
) -> None:
    scored = score(judge, SUM, program, last=last, feedback=feedback, run_all_tests=run_all_tests)  # type: ignore[arg-type]
    assert (shape(scored.judgement), scored.final) == (expected, final)


def test_roles_in_order_and_the_first_failure_decides(judge: Judge) -> None:
    (judgement, _) = score(judge, SUM, WRONG, last=True, run_all_tests=True)
    assert [(result.role, result.index) for result in judgement.results] == [
        ("public", 0),
        ("public", 1),
        ("private", 0),
        ("private", 1),
        ("generated", 0),
    ]
    crash_later = "a, b = map(int, input().split())\nprint(a + b if a > 0 else 1 / 0)"
    (judgement, _) = score(judge, SUM, crash_later, last=False)
    assert (judgement.verdict, judgement.category) == (Verdict.RUNTIME_ERROR, "ZeroDivisionError")


def test_nothing_is_passed_without_public_tests(judge: Judge) -> None:
    assert score(judge, NO_PUBLIC, "print(1)", last=False).final is False
    scored = score(judge, NO_PUBLIC, "print(1)", last=True)
    assert (shape(scored.judgement), scored.final) == (("accepted", 1, 1), True)


@pytest.mark.parametrize(("last", "total"), [(True, 5), (False, 2)])
def test_the_total_of_a_turn_without_a_verdict_counts_the_tests_to_pass(last: bool, total: int) -> None:
    lost = ScriptedJudge(result=lambda role, index: TestResult(role, index, Verdict.NO_VERDICT))
    scored = score(lost, SUM, RIGHT, last=last)
    assert (scored.judgement.verdict, scored.judgement.total) == (Verdict.NO_VERDICT, total)


@pytest.mark.parametrize("run_all_tests", [False, True])
def test_with_private_feedback_no_test_runs_twice(run_all_tests: bool) -> None:
    everything = [test for _, _, test in MANY.tests()]
    accepting = ScriptedJudge()
    scored = score(accepting, MANY, RIGHT, last=True, feedback="private", run_all_tests=run_all_tests)
    assert accepting.judged == everything
    assert [(result.role, result.index) for result in scored.judgement.results] == [
        (role, index) for role, index, _ in MANY.tests()
    ]
    assert (scored.judgement.verdict, scored.judgement.total) == (Verdict.ACCEPTED, 33)
    failing = ScriptedJudge(
        result=lambda role, index: TestResult(role, index, Verdict.WRONG_ANSWER if index >= 10 else Verdict.ACCEPTED)
    )
    scored = score(failing, MANY, RIGHT, last=True, feedback="private", run_all_tests=run_all_tests)
    assert failing.judged == (everything if run_all_tests else everything[:20])
    assert shape(scored.judgement) == ("wrong_answer", 33 if run_all_tests else 20, 33)


@pytest.mark.parametrize("feedback", get_args(Feedback))
@pytest.mark.parametrize("run_all_tests", [False, True])
@pytest.mark.parametrize("last", [False, True])
def test_a_response_is_one_job(feedback: Feedback, run_all_tests: bool, last: bool) -> None:
    """So its program is compiled once and queued once."""
    plan = ResponsePlan(MANY, RIGHT, last, feedback, run_all_tests)
    job = plan.job()
    assert job is not None
    judgement, _ = plan.decide(ScriptedJudge().judge(job))
    run = 33 if last or feedback != "none" else 2
    assert shape(judgement) == ("accepted", run, run)


@given(
    public=st.integers(0, 3),
    hidden=st.integers(0, 25),
    drawn=st.lists(st.sampled_from([Verdict.ACCEPTED] * 8 + [Verdict.WRONG_ANSWER, Verdict.NO_VERDICT]), min_size=28),
    last=st.booleans(),
    feedback=st.sampled_from(get_args(Feedback)),
    run_all_tests=st.booleans(),
)
def test_a_response_is_scored_as_in_the_paper(
    public: int, hidden: int, drawn: list[Verdict], last: bool, feedback: Feedback, run_all_tests: bool
) -> None:
    """The expected results are computed step by step: first the shown tests run, then the hidden ones."""
    tests = tuple(Test(f"{number}\n", "") for number in range(public + hidden))
    assume(tests)
    problem = replace(SUM, public_tests=tests[:public], private_tests=tests[public:], generated_tests=())
    judge = ScriptedJudge(
        result=lambda role, index: TestResult(role, index, drawn[index + (role == "private") * public])
    )
    judgement, final = score(judge, problem, RIGHT, last=last, feedback=feedback, run_all_tests=run_all_tests)

    verdicts = drawn[: len(tests)]
    shown = 20 if feedback == "private" else public
    run = verdicts[:shown]
    passed = bool(run) and set(run) == {Verdict.ACCEPTED}
    assert final == (last or (passed and feedback != "none"))
    if final:
        for verdict in verdicts[shown:]:
            if not run_all_tests and Verdict.WRONG_ANSWER in run:
                break
            run.append(verdict)
    assert [result.verdict for result in judgement.results] == run
    assert judgement.total == len(verdicts if final else verdicts[:shown])
    unknown = Verdict.NO_VERDICT in run and (Verdict.WRONG_ANSWER not in run or (run_all_tests and final))
    failed = Verdict.WRONG_ANSWER if Verdict.WRONG_ANSWER in run else Verdict.ACCEPTED
    assert judgement.verdict is (Verdict.NO_VERDICT if unknown else failed)


def test_hidden_results_are_left_out_where_a_shown_test_has_no_verdict() -> None:
    judge = ScriptedJudge(
        result=lambda role, index: TestResult(
            role, index, Verdict.NO_VERDICT if role == "public" else Verdict.WRONG_ANSWER
        )
    )
    scored = score(judge, MANY, RIGHT, last=False)
    assert (shape(scored.judgement), scored.final) == (("no_verdict", 2, 2), False)
    assert shape(score(judge, MANY, RIGHT, last=True).judgement) == ("wrong_answer", 3, 33)


def test_a_problem_without_any_test_has_no_verdict() -> None:
    assert score(ScriptedJudge(), NO_TESTS, RIGHT, last=True).judgement.verdict is Verdict.NO_VERDICT


def test_private_feedback_runs_20_tests_and_shows_8(make_env: Callable[..., CodeEnv], judge: Judge) -> None:
    scored = score(judge, MANY, WRONG, last=False, feedback="private")
    assert shape(scored.judgement) == ("wrong_answer", 20, 20)
    env = make_env(dataset=Dataset("m", "M", (MANY,)), feedback="private")
    env.reset()
    observation, *_ = env.step(fenced(WRONG))
    assert observation.count("- input `") == 8
    # Passing those 20 ends the episode, and all 33 are scored.
    fails_late = "a, b = map(int, input().split())\nprint(a + b if b < 25 else 'no')"
    _, reward, terminated, _, info = env.step(fenced(fails_late))
    assert (reward, terminated, info["passed"], info["total"]) == (-1.0, True, 27, 33)


def test_a_certain_failure_decides_even_if_other_tests_have_no_verdict() -> None:
    """So a program that breaks a checker on one test does not escape its verdict on another."""
    verdicts = [Verdict.ACCEPTED, Verdict.NO_VERDICT, Verdict.WRONG_ANSWER]
    judge = ScriptedJudge(result=lambda role, index: TestResult(role, index, verdicts[index % 3]))
    for stop_early in (True, False):
        judgement = judge.judge(JudgeJob(MANY, Program(RIGHT), stop_early=stop_early))
        assert judgement.verdict is Verdict.WRONG_ANSWER
    assert score(judge, MANY, RIGHT, last=True).judgement.verdict is Verdict.WRONG_ANSWER
    # But the fraction of passed tests is unknown if one has no verdict.
    scored = score(judge, MANY, RIGHT, last=True, run_all_tests=True)
    assert scored.judgement.verdict is Verdict.NO_VERDICT
