"""``Candidates`` and ``Tokenize``: numbers in place of texts, for agents of Stable-Baselines3 and the like."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st

from rlef_env import CodeEnv, Verdict, load_dataset
from rlef_env.errors import UsageError
from rlef_env.testing import ScriptedJudge
from rlef_env.wrappers import Candidates, Tokenize, candidate_features, candidate_programs

STEPS = "procedural/hidden_step?count=4&difficulty=3"
PLACES = {"share": -4, "is a number": -3, "difference": -2, "logarithm": -1}


def candidates(dataset: str = STEPS, k: int = 8, source: Any = "hidden_step", **arguments: Any) -> Candidates:
    return Candidates(gymnasium.make("RLEF-Starter-v0", dataset=dataset, judge="shared", **arguments), k, source)


def secret(env: Candidates) -> int:
    source = env.unwrapped.problem.solutions[0].source  # type: ignore[attr-defined]
    return int(source.rpartition("+ ")[2].partition(")")[0])


@pytest.mark.parametrize(("dataset", "k", "source"), [(STEPS, 8, "hidden_step"), ("starter", 6, "stored")])
def test_both_checkers_find_no_fault(dataset: str, k: int, source: str) -> None:
    sb3 = pytest.importorskip("stable_baselines3.common.env_checker")
    env = candidates(dataset, k, source)
    sb3.check_env(env)
    with pytest.warns(UserWarning, match="different from the unwrapped version"):  # said of every wrapper
        check_env(env, skip_render_check=True)
    env.close()


def test_the_feedback_leads_to_the_right_program() -> None:
    env = candidates()
    for seed in range(4):
        env.reset(seed=seed)
        right = secret(env) - 1
        wrong = (right + 3) % 8
        observed, reward, terminated, _, info = env.step(wrong)
        assert (reward, terminated, info["verdict"]) == (0.0, False, "wrong_answer")
        assert observed[wrong] == 1.0
        assert observed[PLACES["is a number"]] == 1.0
        assert wrong + round(8 * float(observed[PLACES["difference"]])) == right
        assert env.step(right)[1:3] == (1.0, True)
    env.close()


@pytest.mark.parametrize("feedback", ["none", "random"])
def test_without_feedback_only_the_own_choice_is_observed(feedback: str) -> None:
    env = candidates(feedback=feedback)
    env.reset(seed=0)
    wrong = secret(env) % 8
    observed = env.step(wrong)[0]
    assert np.flatnonzero(observed).tolist() == [wrong, len(observed) - 5]
    env.close()


def test_a_lost_verdict_shows_what_was_there_before() -> None:
    judge = ScriptedJudge([Verdict.WRONG_ANSWER, Verdict.NO_VERDICT])
    env = Candidates(CodeEnv(STEPS, judge=judge), 8, "hidden_step")
    env.reset(seed=0)
    before = env.step(3)[0]
    after, reward, terminated, truncated, _ = env.step(5)
    assert (after.tolist(), reward, terminated, truncated) == (before.tolist(), 0.0, False, True)


def test_hidden_tests_do_not_enter_the_observation() -> None:
    """Two programs that differ on hidden tests only look alike."""
    info = {"public": [{"index": 0, "verdict": "accepted", "category": ""}], "verdict": "wrong_answer"}
    more = {**info, "private": [{"index": 0, "verdict": "wrong_answer"}], "passed": 1, "total": 9, "score": 0.5}
    first, second = (candidate_features(each, 1, 4, "public") for each in (info, more))
    assert first.tolist() == second.tolist()
    assert first[PLACES["share"]] == 1.0


@given(st.text(max_size=20), st.text(max_size=20), st.integers(2, 50))
def test_every_observation_is_in_the_space(expected: str, got: str, k: int) -> None:
    tests = [{"verdict": "wrong_answer", "expected": expected, "got": got}]
    observed = candidate_features({"public": tests, "verdict": "wrong_answer"}, 0, k, "public")
    assert np.isfinite(observed).all()
    assert (np.abs(observed) <= 1).all()


@pytest.mark.parametrize(
    ("expected", "got", "difference"),
    [
        ("5", "3", 0.25),
        ("3\n", "5", -0.25),
        ("1e9", "0", 1.0),
        ("x", "3", None),
        ("nan", "3", None),
        ("1 2", "3", None),
    ],
)
def test_differences(expected: str, got: str, difference: float | None) -> None:
    tests = [{"verdict": "wrong_answer", "expected": expected, "got": got}]
    observed = candidate_features({"public": tests, "verdict": "wrong_answer"}, 0, 8, "public")
    assert observed[PLACES["is a number"]] == (difference is not None)
    assert observed[PLACES["difference"]] == pytest.approx(difference or 0.0)
    if difference == 0.25:
        assert observed[PLACES["logarithm"]] == pytest.approx(math.log(3) / 20)


def test_stored_candidates_are_different_programs_and_the_right_one_is_anywhere() -> None:
    places = set()
    for problem in load_dataset("starter"):
        programs = candidate_programs(problem, 6, "stored", seed=0)
        assert programs == candidate_programs(problem, 6, "stored", seed=0)
        assert len(set(programs)) == 6
        places.add(programs.index(problem.solutions[0].source))
    assert places == set(range(6))


def test_it_is_rebuilt_from_its_spec() -> None:
    env = candidates()
    again = gymnasium.make(EnvSpec.from_json(json.loads(json.dumps(env.spec.to_json()))))  # type: ignore[union-attr]
    assert isinstance(again, Candidates)
    assert again.reset(seed=3)[1]["problem_id"] == env.reset(seed=3)[1]["problem_id"]
    assert again.step(2)[0].tolist() == env.step(2)[0].tolist()
    tokens = Tokenize(gymnasium.make("RLEF-Starter-v0"), "bytes", 64, 16)
    assert isinstance(gymnasium.make(EnvSpec.from_json(tokens.spec.to_json())), Tokenize)  # type: ignore[union-attr]


def too_few(problem: object) -> Sequence[str]:
    return ["print(1)"]


@pytest.mark.parametrize(
    ("dataset", "k", "source", "words"),
    [
        (STEPS, 1, "hidden_step", "k: expected a whole number of at least 2, got 1"),
        ("starter", 4, "hidden_step", "expected one of procedural/hidden_step"),
        ("starter", 4, "best", 'source: expected "stored", "hidden_step" or a function'),
        ("starter", 4, too_few, "expected 4 candidates, got 1"),
    ],
)
def test_bad_arguments_are_refused_in_words(dataset: str, k: int, source: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Candidates(CodeEnv(dataset, judge=ScriptedJudge()), k, source).reset(seed=0)


def test_bad_actions_are_refused_in_words() -> None:
    env = Candidates(CodeEnv(STEPS, judge=ScriptedJudge()), 8, "hidden_step")
    with pytest.raises(gymnasium.error.ResetNeeded, match="expected reset"):
        env.step(0)
    env.reset(seed=0)
    for action in (8, -1, 1.5, "print(1)"):
        with pytest.raises(gymnasium.error.InvalidAction, match="from 0 to 7"):
            env.step(action)


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_tokens_of_a_program_are_judged_as_its_text() -> None:
    env = Tokenize(gymnasium.make("RLEF-Starter-v0", judge="shared"), "bytes", length=100, action_length=200)
    observed, _ = env.reset(options={"problem_id": "starter/add-numbers"})
    assert observed["attention_mask"].sum() == 100
    assert bytes(observed["tokens"].astype(np.uint8)).decode().endswith("Use the backticks for your code only.")
    text = b"```python\nprint(sum(map(int, input().split())))\n```"
    action = np.full(200, 256)
    action[: len(text)] = list(text)
    _, reward, terminated, _, info = env.step(action)
    assert (reward, terminated, info["verdict"]) == (1.0, True, "accepted")
    env.close()


def test_tokens_pass_the_checker_and_ppo_takes_a_step() -> None:
    sb3 = pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env as sb3_check_env

    env = Tokenize(CodeEnv("starter", judge=ScriptedJudge()), "bytes", length=32, action_length=8)
    sb3_check_env(env)
    sb3.PPO("MultiInputPolicy", env, n_steps=4, batch_size=4, n_epochs=1, device="cpu").learn(4)


def test_a_tokenizer_of_a_folder(tmp_path: Any) -> None:
    tiny = pytest.importorskip("rlef_agents.tiny")
    tiny.make_tokenizer(["print(input())"], 300).save_pretrained(tmp_path)
    env = Tokenize(CodeEnv("starter", judge=ScriptedJudge()), str(tmp_path), length=400, action_length=4)
    observed, _ = env.reset(seed=0)
    assert observed in env.observation_space
    assert env.action_space.nvec.tolist() == [300 + 1] * 4 or env.action_space.nvec[0] > 256  # type: ignore[attr-defined]
    with pytest.raises(gymnasium.error.InvalidAction, match="expected"):
        env.step([0])
