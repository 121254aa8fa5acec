"""Independent samples: the baseline without feedback, with the same number of programs."""

from __future__ import annotations

from collections.abc import Sequence

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

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer the first message of each conversation."""
        return self._agent.act([Conversation(each.messages[:1], each.problem_id) for each in conversations])
