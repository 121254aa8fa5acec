"""Independent samples: the baseline without feedback, with the same number of programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from rlef_env.agents import Agent, Conversation

__all__ = ["IndependentAgent"]


class IndependentAgent:
    """Passes only the first message to another agent, at every turn: one sample per turn, each without feedback.

    If the environment ends an episode when the public tests pass, the last program is the first that passes them. This
    is best of n, chosen by the public tests, where n is the number of turns.

    Args:
        agent: agent that answers. It must sample at random, or all its samples are equal.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self.concurrent = bool(getattr(agent, "concurrent", False))
        self.settings = {"each_turn": "first message only", **getattr(agent, "settings", {})}

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer the first message of each conversation."""
        return self._agent.act([_first_message(each) for each in conversations])


def _first_message(conversation: Conversation) -> Conversation:
    """Return the conversation as it was at its beginning, with a seed of its own at every turn."""
    first = replace(conversation, messages=conversation.messages[:1])
    turn = conversation.turn
    return replace(first, seed=Random(f"{first.seed} {turn}").getrandbits(31)) if turn else first
