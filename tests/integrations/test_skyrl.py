"""The environment for SkyRL, made and played with the released skyrl-gym as SkyRL's generator does it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from gymnasium.error import ResetNeeded

from rlef_env import Episodes, Verdict, load_dataset
from rlef_env.errors import NoVerdictError, ProblemNotFound, UsageError
from rlef_env.integrations.rows import training_rows
from rlef_env.testing import ScriptedJudge
from tests.integrations.cases import CASES, Case, fenced, write_dataset

skyrl_gym = pytest.importorskip("skyrl_gym")

from rlef_env.integrations import skyrl as adapter  # noqa: E402

RIGHT, WRONG = fenced(CASES[0].program), fenced("print(4)")


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    adapter.register()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    name = write_dataset(tmp_path_factory.mktemp("data") / "problems.jsonl")
    rows = training_rows("skyrl", load_dataset(name), name)
    return {row["extra_info"]["problem_id"]: row for row in rows}


def make(row: dict[str, Any], max_turns: int = 3, **arguments: Any) -> Any:
    """Make an environment as SkyRL does: all columns but two are extras, and the turn limit is added."""
    extras = {name: value for name, value in row.items() if name not in ("prompt", "env_class")}
    return skyrl_gym.make(row["env_class"], env_config={}, extras={**extras, "max_turns": max_turns}, **arguments)


def play(row: dict[str, Any], responses: Iterable[str], **arguments: Any) -> tuple[list[float], Any]:
    """Play an episode as SkyRL's generator does, and return its rewards and the environment."""
    env = make(row, **arguments)
    chat, _ = env.init(copy.deepcopy(row["prompt"]))
    assert chat == row["prompt"]
    rewards, answers, done = [], iter(responses), False
    while not done:
        output = env.step(next(answers))
        rewards.append(output["reward"])
        done = output["done"]
        assert [message["role"] for message in output["observations"]] == ([] if done else ["user"])
    env.close()
    return rewards, env


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_case_is_rewarded_as_by_score(rows: dict[str, Any], case: Case) -> None:
    rewards, env = play(rows[case.problem_id], [fenced(case.program)], max_turns=1)
    assert rewards == [case.reward]
    assert env.get_metrics() == {"solved": float(case.verdict is Verdict.ACCEPTED), "turns": 1.0}


@pytest.mark.parametrize("responses", [[WRONG, RIGHT], ["no program", RIGHT], [WRONG, WRONG, WRONG]])
def test_an_episode_is_that_of_episodes(rows: dict[str, Any], responses: list[str]) -> None:
    row = rows["text"]
    env, episode = make(row), Episodes(row["extra_info"]["dataset"]).begin("text")
    for response in responses:
        output, turn = env.step(response), episode.respond(response)
        assert (output["reward"], output["done"]) == (turn.reward, episode.ended)
        assert output["metadata"] == episode.info
        assert episode.ended or output["observations"] == episode.messages[-1:]
    assert env.turns == len(responses)


def test_threads_share_the_problems_and_the_pool(rows: dict[str, Any]) -> None:
    with ThreadPoolExecutor(8) as threads:
        played = list(threads.map(lambda case: play(rows[case.problem_id], [fenced(case.program)], max_turns=1), CASES))
    assert [rewards for rewards, _ in played] == [[case.reward] for case in CASES]
    assert len({id(env.play.__dict__["_episodes"]) for _, env in played}) == 1


def test_no_verdict_is_an_error_and_never_a_number(rows: dict[str, Any]) -> None:
    env = make(rows["text"], pool=ScriptedJudge([Verdict.NO_VERDICT, Verdict.ACCEPTED]))
    with pytest.raises(NoVerdictError):
        env.step(RIGHT)
    assert env.step(RIGHT)["reward"] == 1.0  # the turn did not count


def test_arguments_of_the_registration_hold_for_all_rows(rows: dict[str, Any]) -> None:
    adapter.register("rlef-weights", reward={"outcome": 2.0})
    rewards, _ = play({**rows["text"], "env_class": "rlef-weights"}, [RIGHT])
    assert rewards == [2.0]


def test_bad_input_is_one_line(rows: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"expected extra_info.problem_id"):
        skyrl_gym.make("rlef", env_config={}, extras={"max_turns": 3})
    with pytest.raises(ProblemNotFound, match="unknown"):
        make({**rows["text"], "extra_info": {**rows["text"]["extra_info"], "problem_id": "unknown"}})
    env = make(rows["text"], max_turns=1)
    env.step(RIGHT)
    with pytest.raises(ResetNeeded):
        env.step(RIGHT)
