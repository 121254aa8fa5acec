"""`play` gives the agent the whole conversation; seeds and problem ids decide the episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import gymnasium
import pytest

import rlef_env
from rlef_agents import Conversation, RandomAgent, play
from rlef_env import CodeEnv


class Recorder:
    """Always answers with the same wrong program and records the conversations."""

    def __init__(self) -> None:
        self.conversations: list[Conversation] = []

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        self.conversations += conversations
        return ["```python\nprint('nö')\n```" for _ in conversations]


@pytest.fixture(scope="module")
def env() -> Iterator[CodeEnv]:
    environment = CodeEnv(dataset="starter")
    yield environment
    environment.close()


def test_the_agent_sees_the_whole_chat(env: CodeEnv) -> None:
    recorder = Recorder()
    (episode,) = play(recorder, env, episodes=1, seed=0)
    assert [conversation.turn for conversation in recorder.conversations] == [0, 1, 2]
    assert [len(conversation.messages) for conversation in recorder.conversations] == [1, 3, 5]
    last = recorder.conversations[-1]
    assert last.problem_id == episode.problem_id
    assert last.messages[0]["content"] == episode.prompt
    assert last.messages[4] == {"role": "user", "content": episode.turns[1].feedback}
    assert last.messages[3]["content"] == "```python\nprint('nö')\n```"


def test_a_seed_gives_the_same_episodes(env: CodeEnv) -> None:
    once, again, other = (play(RandomAgent(0), env, episodes=3, seed=seed) for seed in (5, 5, 6))
    assert once == again
    assert [episode.problem_id for episode in once] != [episode.problem_id for episode in other]
    assert len({episode.problem_id for episode in once}) > 1, "only the first reset is seeded"


def test_problem_ids_are_asked_in_turn(env: CodeEnv) -> None:
    ids = [problem.id for problem in env.dataset.problems[:2]]
    played = play(RandomAgent(0), env, episodes=3, problem_ids=ids)
    assert [episode.problem_id for episode in played] == [ids[0], ids[1], ids[0]]


def test_a_wrapped_environment() -> None:
    gymnasium.register_envs(rlef_env)
    env = gymnasium.make("RLEF-Starter-v0", max_turns=1)
    (episode,) = play(Recorder(), env, episodes=1, seed=0)
    env.close()
    assert len(episode.turns) == 1
    assert episode.ended


@pytest.mark.parametrize(
    ("returned", "error", "words"),
    [
        (["a", "b"], ValueError, "expected 1 response for 1 conversation, got 2"),
        ([], ValueError, "expected 1 response for 1 conversation, got 0"),
        ("a", TypeError, "expected a list with one text for each conversation, got str 'a'"),
        (None, TypeError, "expected a list with one text for each conversation, got NoneType"),
        ([1], TypeError, "expected a text in the list, got int 1"),
    ],
)
def test_an_agent_that_does_not_return_one_text(
    env: CodeEnv, returned: list[str], error: type[Exception], words: str
) -> None:
    class Wrong:
        def act(self, conversations: Sequence[Conversation]) -> list[str]:
            return returned

    with pytest.raises(error, match=f"^act: {words}"):
        play(Wrong(), env, episodes=1)
