"""Rescoring: equal verdicts give equal episodes, other verdicts give episodes that an environment could have played."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.backtest.rescore import TestChange, VerdictChange, rescore, rescored_episode, verdict_changes
from rlef_env.analysis.errors import categorise
from rlef_env.envs import CodeEnv
from rlef_env.episodes import Episode
from rlef_env.episodes.validation import episode_violation
from rlef_env.judge import Judge, JudgeJob, Judgement, TestResult, Verdict
from rlef_env.problems import Dataset, Test
from rlef_env.runs import EpisodeRecord, TurnExtra
from rlef_env.testing import ScriptedJudge
from tests.envs.samples import SUM, SUM_RIGHT, TINY, fenced
from tests.envs.scripted import played_episodes

WRONG = fenced("print(3)")  # right for the first public test only
VERDICTS = [verdict for verdict in Verdict if verdict is not Verdict.NO_PROGRAM]
A, W, T, N = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.TIME_LIMIT, Verdict.NO_VERDICT


class StoredJudge:
    """Judges an episode's programs as they were judged before; tests that were not run then are accepted."""

    def __init__(self, episode: Episode) -> None:
        self.turns = iter([turn.judgement for turn in episode.turns if turn.judgement.results])

    def __call__(self, job: JudgeJob) -> Judgement:
        stored = next(self.turns)
        results = {(each.result.role, each.result.index): each for each in stored.measured()}
        judge = ScriptedJudge(
            result=lambda *place: results[place].result if place in results else TestResult(*place, A),
            isolation=stored.isolation,
        )
        return judge.judge(job)


@given(played_episodes())
def test_equal_results_give_the_equal_episode(episode: Episode) -> None:
    problem = TINY.get(episode.problem_id)
    again = rescored_episode(episode, problem, StoredJudge(episode))
    # With random feedback, a turn also has no verdict if the judge failed on the other program.
    if episode.settings["feedback"] != "random":
        assert again == episode
        assert not list(verdict_changes(episode, again))


@given(played_episodes(), st.data())
def test_other_results_give_a_valid_episode(episode: Episode, data: st.DataObject) -> None:
    judge = ScriptedJudge(result=lambda *place: TestResult(*place, data.draw(st.sampled_from([A] * 9 + VERDICTS))))
    again = rescored_episode(episode, TINY.get(episode.problem_id), judge.judge)
    assert episode_violation(again) is None
    assert len(again.turns) <= len(episode.turns)
    for before, after in zip(episode.turns, again.turns, strict=False):
        assert (before.response, before.feedback) == (after.response, after.feedback)
    changed = {each.turn for each in verdict_changes(episode, again)}
    pairs = enumerate(zip(episode.turns, again.turns, strict=False), start=1)
    assert changed == {number for number, (a, b) in pairs if a.judgement.verdict is not b.judgement.verdict}


def play(*responses: str, dataset: Dataset = TINY, **options: object) -> Episode:
    with CodeEnv(dataset=dataset, **options) as env:
        env.reset(options={"problem_id": "sum"})
        for response in responses:
            env.step(response)
        return env.episode


@pytest.fixture(scope="module")
def wrong_then_right() -> Episode:
    return play(WRONG, SUM_RIGHT)


def rescored(episode: Episode, **changes: object) -> Episode:
    with Judge() as judge:
        return rescored_episode(episode, replace(SUM, **changes), judge.judge)


def test_a_turn_that_passes_now_ends_the_episode(wrong_then_right: Episode) -> None:
    threes = {role: (Test("1 2\n", "3\n"),) for role in ("public_tests", "private_tests", "generated_tests")}
    again = rescored(wrong_then_right, **threes)
    assert (again.solved_at, len(again.turns), again.terminated) == (1, 1, True)
    assert again.turns[0].reward == 1.0
    assert list(verdict_changes(wrong_then_right, again)) == [VerdictChange(1, W, A, TestChange("public", 1, W, None))]


def test_a_last_turn_that_fails_a_public_test_now_leaves_the_episode_open(wrong_then_right: Episode) -> None:
    again = rescored(wrong_then_right, public_tests=(*SUM.public_tests, Test("1 1\n", "3\n")))
    assert (again.solved, again.ended, len(again.turns)) == (False, False, 2)
    assert [turn.reward for turn in again.turns] == [0.0, 0.0]
    assert list(verdict_changes(wrong_then_right, again)) == [VerdictChange(2, A, W, TestChange("public", 2, None, W))]


def test_a_hidden_test_that_fails_now(wrong_then_right: Episode) -> None:
    again = rescored(wrong_then_right, private_tests=(SUM.private_tests[0], Test("-7 2\n", "0\n")))
    assert (again.solved, again.terminated) == (False, True)
    assert again.turns[1].reward == -1.0
    assert list(verdict_changes(wrong_then_right, again)) == [VerdictChange(2, A, W, TestChange("private", 1, A, W))]


def test_a_judge_that_fails_truncates_the_episode_and_is_no_flip(wrong_then_right: Episode) -> None:
    broken = ScriptedJudge(result=lambda *place: TestResult(*place, N, "starved"))
    again = rescored_episode(wrong_then_right, SUM, broken.judge)
    assert (again.truncated, len(again.turns), again.turns[0].reward) == (True, 1, 0.0)
    (change,) = verdict_changes(wrong_then_right, again)
    assert (change.before, change.after, change.is_flip) == (W, N, False)


def test_a_reward_of_a_function_is_kept() -> None:
    def length(turn: object, final: bool) -> float:
        return 7.5

    episode = play(WRONG, SUM_RIGHT, reward=length)
    assert [turn.reward for turn in rescored(episode).turns] == [7.5, 7.5]


@given(st.integers(0, 30), st.integers(1, 4))
def test_many_episodes_keep_their_order_and_their_place_in_the_run(count: int, threads: int) -> None:
    episode = play(SUM_RIGHT, judge=ScriptedJudge())
    records = [EpisodeRecord(episode, number, turns=(TurnExtra("stale", 5),)) for number in range(count)]
    slow = ScriptedJudge(result=lambda *place: TestResult(*place, T))
    found = list(rescore(records, TINY.get, slow.judge, threads))
    assert [each.before for each in found] == records
    category = categorise(SUM, found[0].after.episode)[0] if found else None
    assert [(each.after.sample, each.decided, len(each.changes)) for each in found] == [(n, 1, 1) for n in range(count)]
    assert all(each.after.turns == (TurnExtra(category, 5),) for each in found)
