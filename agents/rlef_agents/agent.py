"""What an agent is: conversations in, responses out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Agent", "Conversation"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """An episode as its agent sees it.

    Attributes:
        messages: the whole chat so far, oldest first, each with the keys ``"role"`` (``"user"`` or ``"assistant"``) and
            ``"content"``; the last one is the environment's and asks for a response.
        problem_id: the problem's id in its data set. Agents that learn ignore it.
    """

    messages: tuple[Mapping[str, str], ...]
    problem_id: str

    @property
    def turn(self) -> int:
        """How many responses the agent has given in this episode."""
        return sum(message["role"] == "assistant" for message in self.messages)


class Agent(Protocol):
    """Anything with this one method is an agent."""

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation, in order.

        Args:
            conversations: episodes that wait for a response; independent of each other.

        Returns:
            One response per conversation: free text that holds a whole program between triple backticks.
        """
        ...
