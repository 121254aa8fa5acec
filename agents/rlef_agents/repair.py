"""An agent that errs first and then reacts to what the environment says: it shows what a second turn is for."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from rlef_agents.programs import NO_ANSWER, fenced, python_only
from rlef_env.agents import Conversation
from rlef_env.problems import Dataset

__all__ = ["RepairAgent"]


class RepairAgent:
    """Starts with a stored wrong Python 3 program and, once told that it failed, gives a stored correct one.

    A wrong program that passes every public test ends the episode at once, unsolved: nobody told the agent.

    Args:
        dataset: where the problems and their solutions are.
        seed: decides which of a problem's wrong programs comes first; the same for every play of that problem.
    """

    def __init__(self, dataset: Dataset, seed: int = 0) -> None:
        self._dataset = dataset
        self._seed = seed

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer a first turn with a wrong program, every later one with a correct one."""
        return [self._answer(conversation) for conversation in conversations]

    def _answer(self, conversation: Conversation) -> str:
        problem = self._dataset.get(conversation.problem_id)
        correct, wrong = python_only(problem.solutions), python_only(problem.incorrect_solutions)
        if wrong and conversation.turn == 0:
            # A string seeds the same way in every process; a tuple's or a string's hash would not.
            return fenced(Random(f"{self._seed} {problem.id}").choice(wrong))
        return fenced(correct[0]) if correct else NO_ANSWER
