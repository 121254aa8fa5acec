"""What the flow says to the model."""

from __future__ import annotations

from typing import Final

__all__ = ["OWN_TESTS", "REFLECT", "WRITE", "propose"]

REFLECT: Final = (
    "Do not write code yet. Reflect on this question first, in short bullet points: what is the goal, what is read, "
    "what is printed, which rules and special cases are there, and why does each example have its output?"
)
"""Follows the environment's first message."""

_PROPOSE: Final = (
    "Propose {most} further small tests of such a program, different from the examples: usual cases and special cases. "
    'Answer with a JSON list and nothing else: [{{"input": "what the program reads, or the call of its function", '
    '"output": "what it must print, or return"}}, ...].'
)

WRITE: Final = (
    "Now write the program. Your code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
    "Use the backticks for your code only."
)

OWN_TESTS: Final = (
    "Your code passes all tests of the question. The tests below are your own, and may be wrong: in that case repeat "
    "your code unchanged."
)
"""Stands before the report on a failed test that the model has proposed."""


def propose(most: int) -> str:
    """Return the request for tests."""
    return _PROPOSE.format(most=most)
