"""What each wrapper of a single environment must do: pass Gymnasium's check, be rebuilt from its spec, refuse in words.

``MADE`` has a row for each name in ``rlef_env.wrappers``; a test fails if one is missing.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.spaces import Box
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from gymnasium.wrappers import TransformAction, TransformObservation

import rlef_env.wrappers
from rlef_env.analysis import Run
from rlef_env.envs import CodeEnv, CodeVectorEnv
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.problems.writing import write_jsonl
from rlef_env.testing import ScriptedJudge, check_environment
from rlef_env.wrappers import MessagesObservation, RecordEpisodes, TokenBudget, TurnsLeft, vector
from tests.envs.samples import SUM, SUM_RIGHT, SUM_WRONG, TINY
from tests.integrations.cases import CASES, fenced, write_dataset

Make = Callable[[Any, Path], Any]
OTHERS = {"Candidates", "Tokenize"}  # their actions or observations are numbers: tests of their own
FUNCTIONS = {"CandidateSource", "candidate_features", "candidate_programs", "candidate_space"}
MADE: dict[str, Make] = {
    "MessagesObservation": lambda env, _: MessagesObservation(env),
    "RecordEpisodes": lambda env, folder: RecordEpisodes(env, folder / "run", every=2),
    "TokenBudget": lambda env, _: TokenBudget(env, "characters", per_turn=5000, per_episode=9000),
    "TurnsLeft": lambda env, _: TurnsLeft(env),
}
every_wrapper = pytest.mark.parametrize("name", MADE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("data") / "sum.jsonl"
    write_jsonl(path, [SUM])
    return str(path)


def made(data: str, **arguments: Any) -> gymnasium.Env[Any, Any]:
    """Make an environment with a spec that JSON can hold."""
    return gymnasium.make("RLEF-CodeContests-v0", dataset=data, judge="shared", **arguments)


def test_every_wrapper_is_tried() -> None:
    assert set(MADE) == set(rlef_env.wrappers.__all__) - OTHERS - FUNCTIONS
    assert sorted(rlef_env.wrappers.__all__) == dir(rlef_env.wrappers)
    with pytest.raises(AttributeError, match="no attribute 'Other'"):
        rlef_env.wrappers.Other  # noqa: B018


@every_wrapper
def test_gymnasium_finds_no_fault(name: str, data: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*is different from the unwrapped version")
        env = MADE[name](made(data, render_mode="ansi"), tmp_path)
        check_env(env)
        env.close()
        env.close()


@every_wrapper
def test_a_wrapped_environment_is_rebuilt_from_json(name: str, data: str, tmp_path: Path) -> None:
    with MADE[name](made(data, max_turns=2), tmp_path) as env:
        spec = EnvSpec.from_json(env.spec.to_json())
        with gymnasium.make(spec) as again:
            assert type(again) is type(env)
            assert again.unwrapped.config.settings == env.unwrapped.config.settings
            assert again._saved_kwargs == env._saved_kwargs  # type: ignore[attr-defined]
            played = [[each.reset(seed=1), each.step(SUM_WRONG), each.step(SUM_RIGHT)] for each in (env, again)]
            assert played[0] == played[1]
            assert played[0][2][1:4] == (1.0, True, False)


@pytest.mark.parametrize("name", ["RecordEpisodes", "TokenBudget"])  # the others change observations: test_texts.py
def test_the_wrapped_environment_keeps_the_promises_of_an_environment(name: str, tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in itertools.count())
    check_environment(lambda **arguments: MADE[name](CodeEnv(**arguments), next(folders)))


@every_wrapper
def test_programs_are_judged_and_rewarded_as_everywhere(name: str, tmp_path: Path) -> None:
    arguments: dict[str, Any] = {"dataset": write_dataset(tmp_path / "cases.jsonl"), "max_turns": 1, "judge": "shared"}
    with MADE[name](CodeEnv(**arguments), tmp_path) as env:
        for case in CASES:
            env.reset(options={"problem_id": case.problem_id})
            _, reward, *_, info = env.step(fenced(case.program))
            assert (info["verdict"], reward) == (case.verdict.value, case.reward), case


def test_the_vector_wrapper_judges_as_everywhere(tmp_path: Path) -> None:
    name = write_dataset(tmp_path / "cases.jsonl")
    envs = vector.RecordEpisodes(CodeVectorEnv(1, dataset=name, max_turns=1, pool="shared"), tmp_path / "run")
    for case in CASES:
        envs.reset(options={"problem_id": case.problem_id})
        _, rewards, *_, infos = envs.step([fenced(case.program)])
        assert (infos["final_info"]["verdict"][0], rewards[0]) == (case.verdict.value, case.reward), case
    envs.close()
    assert [facts.turns[0].verdict for facts in Run(tmp_path / "run").facts] == [case.verdict.value for case in CASES]


@every_wrapper
def test_a_lost_verdict_stays_lost(name: str, tmp_path: Path) -> None:
    env = MADE[name](CodeEnv(TINY, judge=ScriptedJudge([Verdict.NO_VERDICT])), tmp_path)
    env.reset(seed=1)
    _, reward, terminated, truncated, info = env.step(SUM_RIGHT)
    assert (reward, terminated, truncated, info["has_verdict"]) == (0.0, False, True, False)


@every_wrapper
@pytest.mark.parametrize("kind", [SyncVectorEnv, AsyncVectorEnv])
def test_several_environments(name: str, kind: Any, data: str, tmp_path: Path) -> None:
    def one() -> Any:
        return MADE[name](made(data, max_turns=1), tmp_path)

    arguments = {"shared_memory": False} if kind is AsyncVectorEnv and name == "MessagesObservation" else {}
    envs = kind([one, one], **arguments)
    try:
        observations, _ = envs.reset(seed=1)
        assert observations in envs.observation_space
        observations, rewards, *_ = envs.step((SUM_RIGHT, SUM_WRONG))
        assert observations in envs.observation_space
        assert rewards.tolist() == [1.0, -1.0]
    finally:
        envs.close()


def test_messages_cannot_be_shared_between_processes_in_memory(data: str) -> None:
    with pytest.raises(Exception, match="shared_memory"):
        AsyncVectorEnv([lambda: MessagesObservation(made(data))])


@every_wrapper
def test_other_environments_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"^{name}: expected a CodeEnv, wrapped or not, got <.*CartPole"):
        MADE[name](gymnasium.make("CartPole-v1"), tmp_path)
    instead = "wrappers.vector.RecordEpisodes" if name == "RecordEpisodes" else f"wrappers=.{name}"
    with pytest.raises(UsageError, match=f"^{name}: expected a single .*got a vector environment; .*{instead}"):
        MADE[name](gymnasium.make_vec("RLEF-Starter-v0", 2, pool="shared"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_spaces_of_numbers_are_refused() -> None:
    env = CodeEnv(TINY, judge=ScriptedJudge())
    numbers = TransformObservation(env, lambda text: np.array([len(text)], np.float32), Box(0, 2**20, (1,)))
    with pytest.raises(UsageError, match=r"^TurnsLeft: expected observations that are texts, got Box"):
        TurnsLeft(numbers)
    with pytest.raises(UsageError, match=r"^TokenBudget: expected actions that are texts, got Box.*; put TokenBudget"):
        TokenBudget(TransformAction(env, str, Box(0, 1, (1,))), "characters", per_turn=1)


def test_the_vector_wrapper_goes_directly_around_the_environment(tmp_path: Path) -> None:
    envs = gymnasium.make_vec("RLEF-Starter-v0", 2, vectorization_mode="sync", judge="shared")
    with pytest.raises(UsageError, match=r"^vector.RecordEpisodes: expected a CodeVectorEnv itself, got Sync"):
        vector.RecordEpisodes(envs, tmp_path / "run")
