"""Let an agent play episodes, and keep them as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium

from rlef_agents.agent import Agent, Conversation
from rlef_env import Episode

__all__ = ["play"]


def play(
    agent: Agent,
    env: gymnasium.Env[str, str],
    episodes: int,
    seed: int | None = None,
    problem_ids: Sequence[str] | None = None,
) -> list[Episode]:
    """Play episodes one after the other, each to its end.

    Args:
        agent: who answers.
        env: a ``CodeEnv``, wrapped or not. It is left open.
        episodes: how many to play.
        seed: seeds the environment once, before the first episode; it decides which problems are drawn.
        problem_ids: the problems to ask, in turn, over and over; drawn at random where None.

    Returns:
        The episodes, in the order they were played.

    Raises:
        ValueError: the agent did not give one response for one conversation.
    """
    code_env: Any = env.unwrapped
    played: list[Episode] = []
    for number in range(episodes):
        options = {"problem_id": problem_ids[number % len(problem_ids)]} if problem_ids else None
        _, info = env.reset(seed=seed if number == 0 else None, options=options)
        ended = False
        while not ended:
            responses = agent.act([Conversation(tuple(info["messages"]), info["problem_id"])])
            if len(responses) != 1:
                raise ValueError(f"act: expected 1 response for 1 conversation, got {len(responses)}")
            _, _, terminated, truncated, info = env.step(responses[0])
            ended = terminated or truncated
        played.append(code_env.episode)
    return played
