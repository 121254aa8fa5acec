"""The interface of agents, and a loop that lets an agent play episodes."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium

from rlef_env.episodes import Episode

__all__ = ["Agent", "Conversation", "play"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """An episode as its agent sees it.

    Attributes:
        messages: the whole chat so far, oldest message first, each with the keys ``"role"`` (``"user"`` or
            ``"assistant"``) and ``"content"``. The last message is the environment's and asks for a response.
        problem_id: the problem's id in its data set. Agents that learn ignore it.
    """

    messages: tuple[Mapping[str, str], ...]
    problem_id: str

    @property
    def turn(self) -> int:
        """Number of responses that the agent has given in this episode."""
        return sum(message["role"] == "assistant" for message in self.messages)


class Agent(Protocol):
    """Any object with this one method is an agent."""

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order.

        Args:
            conversations: episodes that need a response; independent of each other.

        Returns:
            One response for each conversation: free text that holds a whole program between triple backticks.
        """
        ...


def play(
    agent: Agent,
    env: gymnasium.Env[str, str],
    episodes: int,
    seed: int | None = None,
    problem_ids: Sequence[str] | None = None,
) -> list[Episode]:
    """Play episodes one after the other, each to its end.

    Args:
        agent: gives the responses.
        env: a ``CodeEnv``, wrapped or not. It is left open.
        episodes: number of episodes.
        seed: seeds the environment once, before the first episode; it determines which problems are drawn.
        problem_ids: the problems of the episodes, in this order and repeated as needed; drawn at random if None.

    Returns:
        The episodes, in the order in which they were played.

    Raises:
        TypeError: the agent did not return a list of texts.
        ValueError: the agent did not return one response for one conversation.
    """
    code_env: Any = env.unwrapped
    played: list[Episode] = []
    for number in range(episodes):
        options = {"problem_id": problem_ids[number % len(problem_ids)]} if problem_ids else None
        _, info = env.reset(seed=seed if number == 0 else None, options=options)
        ended = False
        while not ended:
            conversation = Conversation(tuple(info["messages"]), info["problem_id"])
            _, _, terminated, truncated, info = env.step(only_response(agent.act([conversation])))
            ended = terminated or truncated
        played.append(code_env.episode)
    return played


def only_response(responses: object) -> str:
    """Return the single response in a list. A text alone is refused, because it is a sequence of texts too."""
    if not isinstance(responses, (list, tuple)):
        raise TypeError(
            f"act: expected a list with one text for each conversation, got {type(responses).__name__} "
            f"{reprlib.repr(responses)}"
        )
    if len(responses) != 1:
        raise ValueError(f"act: expected 1 response for 1 conversation, got {len(responses)}")
    response = responses[0]
    if not isinstance(response, str):
        raise TypeError(f"act: expected a text in the list, got {type(response).__name__} {reprlib.repr(response)}")
    return response
