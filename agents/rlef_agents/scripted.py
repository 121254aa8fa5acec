"""Three agents without a model: the oracle (upper bound), repair (needs a second turn) and random (lower bound)."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from rlef_env.agents import Conversation
from rlef_env.envs import fenced
from rlef_env.problems import Dataset, Solution

__all__ = ["OracleAgent", "RandomAgent", "RepairAgent"]

NO_SOLUTION: Final = "I have no stored solution for this problem."
"""Response without a program."""

RANDOM_PROGRAMS: Final = (
    "print({number})",
    "print(input())",
    "print(sum(map(int, input().split())) - {number})",
    "print(int(input()) % {number})",
    "for line in open(0):\n    print(line.strip()[::-1])",
    "print(input()[{number}])",
    "print({number}",
)
WITHOUT_PROGRAM: Final = "I think that the answer is {number}."
SHARE_WITHOUT_PROGRAM: Final = 0.2


class OracleAgent:
    """Answers every problem with its first stored correct Python 3 solution; also tests the data set and the judge.

    Args:
        dataset: problems with their stored solutions.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation with a stored correct solution, or with text alone if there is none."""
        return [self._answer(conversation) for conversation in conversations]

    def _answer(self, conversation: Conversation) -> str:
        return _first_program(self._dataset.get(conversation.problem_id).solutions)


class RepairAgent:
    """Starts with a stored wrong Python 3 program and, after feedback, answers with a stored correct one.

    A wrong program that passes every public test ends the episode unsolved, because the agent gets no feedback.

    Args:
        dataset: problems with their stored solutions.
        seed: chooses which of a problem's wrong programs comes first; the same for every episode of that problem.
    """

    def __init__(self, dataset: Dataset, seed: int = 0) -> None:
        self._dataset = dataset
        self._seed = seed

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer a first turn with a wrong program, every later turn with a correct one."""
        return [self._answer(conversation) for conversation in conversations]

    def _answer(self, conversation: Conversation) -> str:
        problem = self._dataset.get(conversation.problem_id)
        wrong = _python_sources(problem.incorrect_solutions)
        if wrong and conversation.turn == 0:
            # A string seeds the same way in every process; the hash of a string or a tuple would not.
            return fenced(Random(f"{self._seed} {problem.id}").choice(wrong))
        return _first_program(problem.solutions)


class RandomAgent:
    """Answers with a small random program; one response in five contains no program at all.

    Args:
        seed: the response depends on this seed, the conversation's seed and its turn only.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Answer each conversation without reading it."""
        return [self._answer(conversation) for conversation in conversations]

    def _answer(self, conversation: Conversation) -> str:
        random = Random(f"{self._seed} {conversation.seed} {conversation.turn}")
        number = random.randrange(10**6, 10**9)  # large, so that no test is passed by luck
        if random.random() < SHARE_WITHOUT_PROGRAM:
            return WITHOUT_PROGRAM.format(number=number)
        return fenced(random.choice(RANDOM_PROGRAMS).format(number=number))


def _first_program(solutions: Sequence[Solution]) -> str:
    sources = _python_sources(solutions)
    return fenced(sources[0]) if sources else NO_SOLUTION


def _python_sources(solutions: Sequence[Solution]) -> list[str]:
    return [solution.source for solution in solutions if solution.language == "python"]
