"""Independent samples: the baseline that feedback has to beat at the same number of programs."""

from __future__ import annotations

from collections.abc import Sequence

from rlef_env.agents import Agent, Conversation

__all__ = ["IndependentAgent"]


class IndependentAgent:
    """Shows another agent the first message only, at every turn: as many samples as turns, none of which saw feedback.

    In an environment that ends an episode when the public tests pass, the last program is the first that passes them:
    best of n as the public tests choose, n being the number of turns.

    Args:
        agent: who answers; it must draw anew each time, or all of its samples are the same.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation as if it had just begun."""
        return self._agent.act([Conversation(each.messages[:1], each.problem_id) for each in conversations])
