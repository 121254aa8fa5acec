"""Agents for tests: they record what they are asked, fail, or wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rlef_env.agents import Conversation, SampledText
from rlef_env.envs import fenced
from rlef_env.problems import Problem, Solution, Test

WAIT = 120  # seconds: a test that needs them has failed


def sums(count: int) -> list[Problem]:
    """Return problems ``p0``, ``p1``, ...: print the sum of the two numbers, plus the problem's number."""
    return [
        Problem(
            id=f"p{number}",
            statement=f"Print the sum, plus {number}.",
            public_tests=(Test("1 2\n", f"{3 + number}\n"),),
            private_tests=(Test("4 5\n", f"{9 + number}\n"),),
            solutions=(Solution(right(number)),),
            incorrect_solutions=(Solution(WRONG),),
        )
        for number in range(count)
    ]


def right(number: int) -> str:
    return f"print(sum(map(int, input().split())) + {number})"


WRONG = "print('no')"
HARD_CODED = "print(3)"  # passes the public test of p0, and not the private one


class Scripted:
    """Answers with a function of the conversation, and records the sizes of the batches.

    Args:
        answer: returns the program.
        concurrent: whether it may be called from several threads.
    """

    def __init__(self, answer: Callable[[Conversation], str], concurrent: bool = False) -> None:
        self.answer, self.concurrent = answer, concurrent
        self.batches: list[int] = []
        self.asked: list[Conversation] = []
        self.lock = threading.Lock()
        self.settings = {"answer": "scripted"}

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        with self.lock:
            self.batches.append(len(conversations))
            self.asked += conversations
        return [SampledText(fenced(self.answer(each)), 100, 10) for each in conversations]


def number_of(conversation: Conversation) -> int:
    return int(conversation.problem_id[1:])


def solves(conversation: Conversation) -> str:
    return right(number_of(conversation))


def repairs(conversation: Conversation) -> str:
    """Answer wrongly first, then rightly."""
    return right(number_of(conversation)) if conversation.turn else WRONG
