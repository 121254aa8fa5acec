"""Policies without a model for problems of ``hidden_step``: one reads feedback, one does not, one repeats itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from rlef_env.agents import Conversation
from rlef_env.envs import fenced

SHOWN = re.compile(r"input `(\d+)\s*` failed:\nExpected output `(\d+)\s*`")


def adds(step: int) -> str:
    """A response whose program adds a number."""
    return fenced(f"n = int(input())\nprint(n + {step})")


class Guesser:
    """Guesses a number of 1 to ``steps`` in every turn; never twice the same."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        return [self.answer(conversation) for conversation in conversations]

    def answer(self, conversation: Conversation) -> str:
        order = list(range(1, self.steps + 1))
        Random(f"{conversation.seed}").shuffle(order)
        return adds(order[conversation.turn])


class Reader(Guesser):
    """Guesses first; then it adds what the expected output is more than the input, wherever both are shown."""

    def answer(self, conversation: Conversation) -> str:
        shown = SHOWN.search(conversation.messages[-1]["content"]) if conversation.turn else None
        return adds(int(shown[2]) - int(shown[1])) if shown else super().answer(conversation)


class Repeater(Guesser):
    """Guesses first, and gives the same response ever after."""

    def answer(self, conversation: Conversation) -> str:
        return conversation.messages[1]["content"] if conversation.turn else super().answer(conversation)


class Talker(Guesser):
    """Guesses first; then it writes no program."""

    def answer(self, conversation: Conversation) -> str:
        return "I give up." if conversation.turn else super().answer(conversation)


class Printer(Guesser):
    """Guesses first; then it prints the expected output that it is shown, whatever the input."""

    def answer(self, conversation: Conversation) -> str:
        shown = SHOWN.search(conversation.messages[-1]["content"]) if conversation.turn else None
        return fenced(f"print({shown[2]})") if shown else super().answer(conversation)
