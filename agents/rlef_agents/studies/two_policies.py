"""An agent of two policies: one writes the first program of an episode, the other one its repairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rlef_env.agents import Agent, Conversation

__all__ = ["FirstAndRepairs"]


class FirstAndRepairs:
    """Lets one agent answer the first turn and another one all later turns.

    Args:
        first: agent of the first turn.
        repairs: agent of the other turns.
        settings: settings of the two, which a run keeps.
    """

    def __init__(self, first: Agent, repairs: Agent, settings: Mapping[str, Any] | None = None) -> None:
        self._agents = first, repairs
        self.settings = dict(settings or {})

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation."""
        responses = [""] * len(conversations)
        for agent, later in zip(self._agents, (False, True), strict=True):
            places = [place for place, each in enumerate(conversations) if (each.turn > 0) == later]
            if places:
                answers = agent.act([conversations[place] for place in places])
                for place, answer in zip(places, answers, strict=True):
                    responses[place] = answer
        return responses
