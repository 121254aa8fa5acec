"""An agent that knows programs and no repair: it plays the conversations that a study's start is cloned from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlef_env.agents import Conversation
from rlef_env.envs import fenced
from rlef_env.problems import Dataset
from rlef_env.problems.procedural import programs_of

__all__ = ["GuessingAgent"]


class GuessingAgent:
    """Answers with a program that would be right if the problem's secret were another, or is right by chance.

    It reads no feedback, except where ``hard_coded`` makes it print what the first public test expects. A response
    depends on the seeds, the problem's programs and the turn only.

    Args:
        dataset: generated problems.
        right: probability that a repair is right. None: by chance, 1 / (number of secrets).
        first: the same for the first program.
        hard_coded: probability that a repair prints the expected output of the first public test and nothing else.
        seed: seed of the draws.
    """

    def __init__(
        self,
        dataset: Dataset,
        right: float | None = None,
        first: float | None = None,
        seed: int = 0,
        hard_coded: float = 0.0,
    ) -> None:
        self._dataset, self._right, self._first, self._seed = dataset, right, first, seed
        self._hard_coded = hard_coded

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation with a program.

        Raises:
            UsageError: a problem is not a generated one.
        """
        return [fenced(self._program(conversation)) for conversation in conversations]

    def _program(self, conversation: Conversation) -> str:
        problem = self._dataset.get(conversation.problem_id)
        right = problem.solutions[0].source
        wrong = [each for each in programs_of(conversation.problem_id) if each != right]
        random = np.random.default_rng((self._seed, conversation.seed, conversation.turn))
        if conversation.turn and random.random() < self._hard_coded:
            return f"print({problem.public_tests[0].output.strip()})"
        chance = self._right if conversation.turn else self._first
        if not wrong or random.random() < (1 / (1 + len(wrong)) if chance is None else chance):
            return right
        return wrong[int(random.integers(len(wrong)))]
