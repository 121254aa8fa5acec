"""An agent that knows nothing: the lower bound."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from rlef_agents.programs import fenced
from rlef_env.agents import Conversation

__all__ = ["RandomAgent"]

PROGRAMS = (
    "print({number})",
    "print(input())",
    "print(sum(map(int, input().split())) - {number})",
    "print(int(input()) % {number})",
    "for line in open(0):\n    print(line.strip()[::-1])",
    "print(input()[{number}])",
    "print({number}",
)
WORDS = "I think that the answer is {number}."
SHARE_WITHOUT_PROGRAM = 0.2


class RandomAgent:
    """Answers with a small program drawn at random; one response in five holds no program at all.

    Args:
        seed: the same seed gives the same responses to the same sequence of calls.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation without reading it."""
        return [self._answer() for _ in conversations]

    def _answer(self) -> str:
        number = self._random.randrange(10**6, 10**9)  # large, so that no test is passed by luck
        if self._random.random() < SHARE_WITHOUT_PROGRAM:
            return WORDS.format(number=number)
        return fenced(self._random.choice(PROGRAMS).format(number=number))
