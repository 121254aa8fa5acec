"""The dynamics of an episode alone: which jobs a response needs, and which turn their judgements make."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs.config import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.extract import read_response
from rlef_env.envs.problem_sampler import Uniform, make_problem_sampler
from rlef_env.envs.random_feedback import _other_place, random_job, random_judgement
from rlef_env.episodes import Episode
from rlef_env.episodes.settings import Feedback
from rlef_env.judge import Judge, JudgeJob, Judgement, TestResult, Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, InteractorSpec, Problem, Test
from rlef_env.sandbox import Program
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import SUM_RIGHT, SUM_WRONG, TINY

NO_PROGRAM = "nothing"


def begun(problem_id: str = "sum", **arguments: Any) -> tuple[EpisodeDynamics, Problem, Episode]:
    """The dynamics, and an episode that they begin."""
    dynamics = EpisodeDynamics(EnvConfig(TINY, **arguments))
    sampler = make_problem_sampler(Uniform(), TINY)
    return dynamics, *dynamics.begin(np.random.default_rng(0), sampler, {"problem_id": problem_id})


@pytest.mark.parametrize(
    ("feedback", "problem_id", "response", "max_turns", "judged"),
    [
        ("public", "sum", SUM_RIGHT, 3, ["sum"]),
        ("public", "sum", NO_PROGRAM, 3, []),
        ("public", "no public tests", SUM_RIGHT, 3, []),
        ("public", "no public tests", SUM_RIGHT, 1, ["no public tests"]),
        ("none", "sum", SUM_RIGHT, 3, ["sum"]),
        ("random", "sum", SUM_RIGHT, 3, ["sum", "double"]),
        ("random", "sum", SUM_RIGHT, 1, ["sum"]),
        ("random", "sum", NO_PROGRAM, 3, []),
        ("random", "no public tests", SUM_RIGHT, 3, ["sum|double"]),
    ],
)
def test_the_jobs_of_a_response(
    feedback: Feedback, problem_id: str, response: str, max_turns: int, judged: list[str]
) -> None:
    dynamics, problem, episode = begun(problem_id, feedback=feedback, max_turns=max_turns)
    jobs = dynamics.jobs(problem, episode, read_response(response))
    assert len(jobs) == len(judged)
    for job, ids in zip(jobs, judged, strict=True):
        assert job.problem.id in ids.split("|")


@given(
    feedback=st.sampled_from(get_args(Feedback)),
    response=st.sampled_from([SUM_RIGHT, SUM_WRONG, NO_PROGRAM]),
    verdict=st.sampled_from([Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.NO_VERDICT]),
)
def test_equal_arguments_give_equal_turns_and_change_nothing(
    feedback: Feedback, response: str, verdict: Verdict
) -> None:
    dynamics, problem, episode = begun(feedback=feedback)
    before = replace(episode)
    judge = ScriptedJudge(result=lambda role, index: TestResult(role, index, verdict))
    read = read_response(response)
    judgements = [judge.judge(job) for job in dynamics.jobs(problem, episode, read)]
    after = dynamics.advance(problem, episode, read, judgements)
    assert dynamics.jobs(problem, episode, read) == dynamics.jobs(problem, episode, read)
    assert after == dynamics.advance(problem, episode, read, judgements)
    assert episode == before
    assert len(after.turns) == 1
    assert after.turns[0].response == response


def test_an_ended_episode_has_no_further_turn() -> None:
    dynamics, problem, episode = begun()
    ended = replace(episode, terminated=True)
    with pytest.raises(ResetNeeded, match="ended; call reset"):
        dynamics.jobs(problem, ended, read_response(SUM_RIGHT))
    with pytest.raises(ResetNeeded, match="ended; call reset"):
        dynamics.advance(problem, ended, read_response(SUM_RIGHT), [])


# Random feedback


def random_turn(first: Verdict, second: Verdict) -> Episode:
    """The episode after one response, by the verdicts of the response and of the other problem's program."""
    dynamics, problem, episode = begun(feedback="random")
    response = read_response(SUM_WRONG)
    judgements = [
        ScriptedJudge(result=lambda role, index, verdict=verdict: TestResult(role, index, verdict)).judge(job)  # type: ignore[misc]
        for job, verdict in zip(dynamics.jobs(problem, episode, response), (first, second), strict=True)
    ]
    return dynamics.advance(problem, episode, response, judgements)


def test_a_turn_has_no_verdict_where_its_random_feedback_has_none() -> None:
    episode = random_turn(Verdict.WRONG_ANSWER, Verdict.NO_VERDICT)
    assert (episode.truncated, episode.turns[0].judgement.verdict) == (True, Verdict.NO_VERDICT)
    assert episode.turns[0].feedback == ""


def test_an_episode_that_ends_needs_no_random_feedback() -> None:
    episode = random_turn(Verdict.ACCEPTED, Verdict.NO_VERDICT)
    assert (episode.solved, episode.turns[0].feedback) == (True, "")


@given(seed=st.integers(0, 2**62), turn=st.integers(0, 5))
def test_random_feedback_follows_from_seed_and_turn(seed: int, turn: int) -> None:
    assert random_job(TINY, TINY[0], seed, turn) == random_job(TINY, TINY[0], seed, turn)
    assert random_job(TINY, TINY[0], seed, turn).problem.id == "double"


@given(sources=st.sets(st.integers(0, 40), min_size=2), own=st.integers(0, 40), seed=st.integers(0, 99))
def test_random_feedback_is_drawn_from_every_other_problem(sources: set[int], own: int, seed: int) -> None:
    places = array("q", sorted(sources))
    others = [place for place in places if place != own]
    expected = others[int(np.random.default_rng(seed).integers(len(others)))]
    assert _other_place(places, own, np.random.default_rng(seed)) == expected


FUNCTION = Problem(
    "calls",
    "?",
    (Test("f(1)", "1"), Test("f(2)", "2")),
    checker=CheckerSpec("value"),
    function=FunctionSpec("f"),
)
KINDS = [
    TINY[0],
    FUNCTION,
    replace(FUNCTION, id="asserts", public_tests=(Test("assert f(1) == 1", ""), Test("assert f(2) == 2", ""))),
    Problem("interactive", "?", (Test("1", "1"),), interactor=InteractorSpec("import sys\ninput()\nsys.exit(42)\n")),
]


@pytest.mark.parametrize("problem", KINDS, ids=lambda problem: problem.id)
def test_the_trace_of_not_implemented_error_is_that_of_the_judge(problem: Problem, judge: Judge) -> None:
    accepted = ScriptedJudge().judge(JudgeJob(problem, Program("pass"), roles=("public",), stop_early=False))
    job = JudgeJob(problem, Program("raise NotImplementedError()"), roles=("public",), stop_early=False)
    assert random_judgement(problem, accepted) == judge.judge(job)
    failed = Judgement(Verdict.TIME_LIMIT)
    assert random_judgement(problem, failed) is failed
