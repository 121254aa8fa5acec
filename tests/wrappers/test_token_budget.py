"""``TokenBudget``: what a response over the budget gets, and that it never pays."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from gymnasium.error import InvalidAction, ResetNeeded
from gymnasium.wrappers import TimeLimit
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

from rlef_env.envs import REWARDS, CodeEnv
from rlef_env.errors import NoVerdictError, UsageError
from rlef_env.judge import Verdict
from rlef_env.testing import ScriptedJudge
from rlef_env.wrappers import RecordEpisodes, TokenBudget
from tests.envs.samples import SUM, SUM_RIGHT, SUM_WRONG, TINY

LONG = SUM_RIGHT + "x" * 200
BUDGET = 120
assert max(map(len, (SUM_RIGHT, SUM_WRONG))) <= BUDGET < len(LONG)
OPTIONS = {"problem_id": SUM.id}


def env(verdict: Verdict = Verdict.WRONG_ANSWER, **arguments: Any) -> CodeEnv:
    return CodeEnv(**{"dataset": TINY, "judge": ScriptedJudge([verdict]), **arguments})


def budget(inner: Any = None, **budgets: int) -> TokenBudget:
    wrapped = TokenBudget(inner or env(), "characters", **(budgets or {"per_turn": BUDGET}))
    wrapped.reset(seed=1, options=OPTIONS)
    return wrapped


def test_within_the_budget_nothing_changes_but_the_info() -> None:
    wrapped, plain = budget(), env()
    plain.reset(seed=1, options=OPTIONS)
    for turn in (1, 2, 3):
        *result, info = wrapped.step(SUM_WRONG)
        *expected, expected_info = plain.step(SUM_WRONG)
        assert result == expected
        assert info == {**expected_info, "over_budget": False, "response_tokens": turn * len(SUM_WRONG)}


def test_a_response_over_the_budget_ends_the_episode_unjudged() -> None:
    judge = ScriptedJudge([Verdict.ACCEPTED])
    wrapped = budget(env(judge=judge))
    _, reward, terminated, truncated, info = wrapped.step(LONG)
    assert judge.jobs == [], "the right program in it is not even run"
    assert reward == pytest.approx(-0.2 - 0.2 - 1)
    assert (terminated, truncated) == (True, True)
    assert {name: info[name] for name in ("over_budget", "response_tokens", "has_verdict", "solved", "verdict")} == {
        "over_budget": True, "response_tokens": len(LONG), "has_verdict": True, "solved": False, "verdict": "no_program"
    }  # fmt: skip
    with pytest.raises(ResetNeeded):
        wrapped.step("short")
    with pytest.raises(ResetNeeded):
        wrapped.step(LONG)
    assert wrapped.reset()[1]["over_budget"] is False
    assert wrapped.step(SUM_RIGHT)[1:4] == (1.0, True, False)


def test_the_budget_of_an_episode() -> None:
    wrapped = budget(per_episode=2 * len(SUM_WRONG))
    assert [wrapped.step(SUM_WRONG)[2] for _ in range(2)] == [False, False], "exactly the budget is within it"
    _, reward, terminated, truncated, info = wrapped.step("x")
    assert (reward, terminated, truncated, info["over_budget"]) == (-1.0, True, True, True)
    assert info["response_tokens"] == 2 * len(SUM_WRONG) + 1
    assert wrapped.reset()[1]["response_tokens"] == 0


@given(
    reward=st.sampled_from([*REWARDS, {"outcome": 2.0, "no_program": 5.0}, {"no_program": -1.0}, {"outcome": -1.0}]),
    turns=st.integers(1, 4),
    before=st.integers(0, 3),
)
def test_exceeding_the_budget_gets_exactly_what_empty_responses_get(reward: Any, turns: int, before: int) -> None:
    """So whoever exceeds it could have had the same within the rules, whatever the reward is."""
    before = min(before, turns - 1)
    exceeding, silent = budget(env(reward=reward, max_turns=turns)), env(reward=reward, max_turns=turns)
    silent.reset(seed=1, options=OPTIONS)
    for _ in range(before):
        assert exceeding.step(SUM_WRONG)[1] == silent.step(SUM_WRONG)[1]
    total = sum(float(silent.step("")[1]) for _ in range(turns - before))
    assert exceeding.step(LONG)[1] == pytest.approx(total)
    assert exceeding.unwrapped.episode == silent.episode  # type: ignore[attr-defined]


def test_no_episode_over_the_budget_gets_more_than_one_that_tries() -> None:
    for before in range(3):
        exceeding, trying = budget(), budget()
        rewards = [[wrapped.step(SUM_WRONG)[1] for _ in range(before)] for wrapped in (exceeding, trying)]
        rewards[0].append(exceeding.step(LONG)[1])
        rewards[1] += [trying.step(SUM_WRONG)[1] for _ in range(3 - before)]
        assert sum(rewards[0]) <= sum(rewards[1]) == -1


def test_a_lost_verdict_can_be_asked_for_again_and_its_tokens_count_once() -> None:
    judge = ScriptedJudge([Verdict.NO_VERDICT, Verdict.WRONG_ANSWER])
    wrapped = budget(env(judge=judge, on_no_verdict="raise"))
    with pytest.raises(NoVerdictError):
        wrapped.step(SUM_WRONG)
    assert wrapped.step(SUM_WRONG)[4]["response_tokens"] == len(SUM_WRONG)


@pytest.mark.parametrize("feedback", ["public", "random", "private", "none", "verdict"])
def test_no_verdict_is_needed_to_give_an_episode_up(feedback: str) -> None:
    judge = ScriptedJudge([Verdict.NO_VERDICT])
    _, reward, _, _, info = budget(env(judge=judge, feedback=feedback)).step(LONG)
    assert (reward, info["has_verdict"], judge.jobs) == (pytest.approx(-1.4), True, [])


def test_the_recorded_episode_has_ended_whichever_wrapper_is_outside(tmp_path: Path) -> None:
    outside = RecordEpisodes(budget(), tmp_path / "outside")
    inside = budget(RecordEpisodes(env(), tmp_path / "inside"))
    for wrapped in (outside, inside):
        wrapped.reset(seed=1, options=OPTIONS)
        wrapped.step(LONG)
        assert wrapped.unwrapped.episode.terminated  # type: ignore[attr-defined]
        wrapped.close()


def test_a_time_limit_inside_ends_it_too() -> None:
    _, reward, terminated, truncated, info = budget(TimeLimit(env(), 2)).step(LONG)
    assert (reward, terminated, truncated, info["over_budget"]) == (-0.4, False, True, True)


@pytest.mark.parametrize("action", [7, None, "\ud800", "x" * (2**20 + 1)], ids=["number", "none", "half", "huge"])
def test_an_action_that_is_no_text_is_refused_by_the_environment(action: Any) -> None:
    with pytest.raises(InvalidAction):
        budget().step(action)


def test_tokens_of_a_folder(tmp_path: Path) -> None:
    words = Tokenizer(WordLevel({"[UNK]": 0, "print": 1}, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()  # type: ignore[assignment]
    words.save(str(tmp_path / "tokenizer.json"))
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        wrapped = TokenBudget(env(), str(name), per_turn=5)
        wrapped.reset(seed=1)
        assert wrapped.step("print the sum of ü")[4]["response_tokens"] == 5
        assert wrapped.step("print the sum of ü !")[4]["over_budget"]


def test_wrong_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="expected per_turn or per_episode, got neither"):
        TokenBudget(env(), "characters")
    for name in ("per_turn", "per_episode"):
        for value in (0, -1, 1.5, True):
            with pytest.raises(UsageError, match=f"{name}: expected a whole number of at least 1, got"):
                TokenBudget(env(), "characters", **{name: value})  # type: ignore[arg-type]
    for value in ("", None, len):
        with pytest.raises(UsageError, match="tokenizer: expected 'characters', a folder or a name on the hub"):
            TokenBudget(env(), value, per_turn=1)  # type: ignore[arg-type]
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match=r"or a tokenizer\.json in a folder or on the hub, got"):
        TokenBudget(env(), str(tmp_path), per_turn=1)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UsageError, match="pip install tokenizers"):
        TokenBudget(env(), str(tmp_path), per_turn=1)
