"""An agent that knows the answer: the upper bound, and a test of the data set and of the judge."""

from __future__ import annotations

from collections.abc import Sequence

from rlef_agents.programs import NO_ANSWER, fenced, python_only
from rlef_env.agents import Conversation
from rlef_env.problems import Dataset

__all__ = ["OracleAgent"]


class OracleAgent:
    """Answers every problem with the first correct Python 3 solution that its record stores.

    Args:
        dataset: where the problems and their solutions are.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation with a stored correct solution, or in words where there is none."""
        return [self._answer(conversation) for conversation in conversations]

    def _answer(self, conversation: Conversation) -> str:
        correct = python_only(self._dataset.get(conversation.problem_id).solutions)
        return fenced(correct[0]) if correct else NO_ANSWER
