"""The interface of agents, and a loop that lets an agent play episodes."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium

from rlef_env.episodes import Episode

__all__ = ["Agent", "Conversation", "SampledText", "checked_responses", "play"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """An episode as its agent sees it.

    Attributes:
        messages: the whole chat so far, oldest message first, each with the keys ``"role"`` (``"user"`` or
            ``"assistant"``) and ``"content"``. The last message is the environment's and asks for a response.
        problem_id: the problem's id in its data set. Agents that learn ignore it.
        seed: seed of the episode. An agent that draws numbers derives them from its own seed, this one and ``turn``
            alone: then its response does not depend on which other episodes are played, or when.
        sample: number of the episode among those of its problem, from 0.
    """

    messages: tuple[Mapping[str, str], ...]
    problem_id: str
    seed: int = 0
    sample: int = 0

    @property
    def turn(self) -> int:
        """Number of responses that the agent has given in this episode."""
        return sum(message["role"] == "assistant" for message in self.messages)


class SampledText(str):
    r"""A response, with the number of tokens that it took. An agent may return it in place of a text.

    Args:
        text: the response.
        prompt_tokens: tokens that the model read; None where unknown.
        completion_tokens: tokens that the model wrote; None where unknown.
        values: further numbers by name, which a run keeps; ``executions`` is the number of runs of a program on a test
            that the agent has asked for itself.

    >>> SampledText("```python\nprint(1)\n```", 210, 9).completion_tokens
    9
    """

    __slots__ = ("completion_tokens", "prompt_tokens", "values")

    prompt_tokens: int | None
    completion_tokens: int | None
    values: Mapping[str, float]

    def __new__(
        cls,
        text: str,
        prompt_tokens: int | None = None,
        completion_tokens: int | None = None,
        values: Mapping[str, float] | None = None,
    ) -> SampledText:
        """Return the text with its numbers."""
        made = super().__new__(cls, text)
        made.prompt_tokens, made.completion_tokens, made.values = prompt_tokens, completion_tokens, values or {}
        return made


class Agent(Protocol):
    """Any object with this one method is an agent.

    Three attributes are optional. ``concurrent``: True if ``act`` may be called from several threads at the same time;
    evaluations then call it with one conversation at a time, so that no response waits for another. ``settings``: what
    decides its responses, as plain JSON values (sampling, hash of the weights); a run that was played with other
    settings is not continued. ``token_prices``: prices of a million tokens read and of a million tokens written, for
    the cost of evaluations.
    """

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
            conversation = Conversation(tuple(info["messages"]), info["problem_id"], (seed or 0) + number)
            (response,) = checked_responses(agent.act([conversation]), 1)
            _, _, terminated, truncated, info = env.step(response)
            ended = terminated or truncated
        played.append(code_env.episode)
    return played


def checked_responses(responses: object, count: int) -> list[str]:
    """Return what ``act`` returned, if it is a list of texts. A text alone is a sequence of texts too, but refused.

    Args:
        responses: what ``act`` returned.
        count: number of conversations.

    Raises:
        TypeError: it is no list of texts.
        ValueError: it has not one response for each conversation.
    """
    if not isinstance(responses, (list, tuple)):
        raise TypeError(
            f"act: expected a list with one text for each conversation, got {type(responses).__name__} "
            f"{reprlib.repr(responses)}"
        )
    if len(responses) != count:
        asked = f"{count} response{'s' * (count != 1)} for {count} conversation{'s' * (count != 1)}"
        raise ValueError(f"act: expected {asked}, got {len(responses)}")
    for response in responses:
        if not isinstance(response, str):
            raise TypeError(f"act: expected a text in the list, got {type(response).__name__} {reprlib.repr(response)}")
    return list(responses)
