"""``MessagesObservation`` and ``TurnsLeft``: what the agent reads."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from rlef_env.agents import play
from rlef_env.envs import CodeEnv, replay
from rlef_env.judge import Verdict
from rlef_env.testing import ScriptedJudge
from rlef_env.wrappers import MessagesObservation, TurnsLeft
from tests.envs.samples import SUM_WRONG, TINY


def env(**arguments: Any) -> CodeEnv:
    return CodeEnv(**{"dataset": TINY, "judge": ScriptedJudge([Verdict.WRONG_ANSWER]), **arguments})


def test_the_observation_is_the_chat() -> None:
    wrapped, plain = MessagesObservation(env()), env()
    chat, info = wrapped.reset(seed=3)
    prompt, _ = plain.reset(seed=3)
    assert chat == ({"role": "user", "content": prompt},)
    assert chat in wrapped.observation_space
    assert [] not in wrapped.observation_space
    assert ({"role": "user"},) not in wrapped.observation_space
    for _ in range(3):
        chat, reward, terminated, truncated, info = wrapped.step(SUM_WRONG)
        expected = plain.step(SUM_WRONG)
        assert (reward, terminated, truncated) == expected[1:4]
        assert list(chat) == info["messages"] == expected[4]["messages"]
        assert chat in wrapped.observation_space
    assert [message["role"] for message in chat] == ["user", "assistant"] * 3
    kept = copy.deepcopy(chat)
    info["messages"][0]["content"] = "changed"
    assert chat == kept, "who changes an info changes no observation"


def test_a_long_response_fits_the_space() -> None:
    wrapped = MessagesObservation(TurnsLeft(env(prompt_cap=None)))
    wrapped.reset(seed=3)
    chat, *_ = wrapped.step("x" * 2**20)
    assert chat in wrapped.observation_space


def test_each_message_says_how_many_responses_are_left() -> None:
    wrapped, plain = TurnsLeft(env()), env()
    texts, prompts = [wrapped.reset(seed=3)[0]], [plain.reset(seed=3)[0]]
    for turn in range(3):
        text, _, _, _, info = wrapped.step(SUM_WRONG)
        texts.append(text)
        prompts.append(plain.step(SUM_WRONG)[0])
        assert text in wrapped.observation_space
        if turn < 2:
            assert info["messages"][-1]["content"] == text
    said = ["You have 3 responses left.\n\n", "You have 2 responses left.\n\n", "This is your last response.\n\n", ""]
    assert texts == [sentence + prompt for sentence, prompt in zip(said, prompts, strict=True)]
    contents = [message["content"] for message in info["messages"]]
    assert contents == [texts[0], SUM_WRONG, texts[1], SUM_WRONG, texts[2], SUM_WRONG]


@pytest.mark.parametrize("turns", [1, 2])
def test_the_episode_itself_is_the_one_without_the_sentences(turns: int) -> None:
    class Agent:
        def __init__(self) -> None:
            self.read: list[str] = []

        def act(self, conversations: Any) -> list[str]:
            self.read += [conversation.messages[-1]["content"] for conversation in conversations]
            return [SUM_WRONG] * len(conversations)

    agent, wrapped = Agent(), TurnsLeft(env(max_turns=turns))
    [episode] = play(agent, wrapped, 1, seed=2)
    assert agent.read[-1].startswith("This is your last response.\n\n")
    assert episode == replay(episode, env(max_turns=turns))
    assert "responses left" not in episode.prompt + str(episode.messages)


def test_the_space_holds_the_longest_message() -> None:
    wrapped = TurnsLeft(env(max_turns=100_000))
    assert wrapped.observation_space.max_length == env().observation_space.max_length + len(  # type: ignore[attr-defined]
        "You have 100000 responses left.\n\n"
    )
