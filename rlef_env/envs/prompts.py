"""Texts of the environment, exactly as the paper prints them.

Source: RLEF (arXiv 2410.02089), the prompt appendix of the first version. Line breaks are the paper's. Texts that the
paper does not have (no code found, too much output, a forbidden call) follow its style and are marked here.
"""

from __future__ import annotations

from typing import Final

from rlef_env.episodes.settings import ActionProtocol

__all__ = [
    "FEEDBACK_HEADER",
    "FORMAT_LINE",
    "NO_PROGRAM",
    "RETRY",
    "TOOL_RETRY",
    "assertion",
    "exception",
    "initial_prompt",
    "memory_limit",
    "output_limit",
    "retry",
    "security_violation",
    "time_limit",
    "verdict_only",
    "wrong_answer",
]

FORMAT_LINE: Final = (
    "Your code should be enclosed in triple backticks like so: ```python YOUR CODE HERE ```. "
    "Use the backticks for your code only."
)
"""Format of a response; ends the first prompt and every feedback message."""

RETRY: Final = f"Give it another try.\n{FORMAT_LINE}"
"""End of every feedback message. In the ablation without feedback it is the whole message."""

TOOL_RETRY: Final = "Give it another try: submit a whole program."
"""The same where the action is the argument of a tool. Not in the paper."""

FEEDBACK_HEADER: Final = "Your code failed the following tests:\n\n"
"""Start of a feedback message; one bullet for each failing test follows."""

NO_PROGRAM: Final = "Could not parse your code."
"""Feedback for a response without a program. Not in the paper; the text of the same lab's later release."""


def initial_prompt(statement: str, protocol: ActionProtocol = "chat") -> str:
    """Return the first prompt. The full stop directly follows the statement, as in the paper."""
    question = f"Provide a Python solution for the following competitive programming question: {statement}."
    return question if protocol == "tool" else f"{question}\n\n{FORMAT_LINE}"


def retry(protocol: ActionProtocol = "chat") -> str:
    """Return the end of a feedback message."""
    return TOOL_RETRY if protocol == "tool" else RETRY


def wrong_answer(test_input: str, expected: str, observed: str) -> str:
    """Return the bullet for a wrong answer."""
    return f"- input `{test_input}` failed:\nExpected output `{expected}` but got `{observed}`"


def assertion(test: str, observed: str) -> str:
    """Return the bullet for a test that is code and fails. Not in the paper; in its style."""
    return f"- test `{test}` failed. The function returned `{observed}`."


def exception(test_input: str, stack_trace: str) -> str:
    """Return the bullet for an exception, or for a compile error, whose trace is the compiler's message."""
    return f"- input `{test_input}` failed:\n{stack_trace}"


def time_limit(test_input: str) -> str:
    """Return the bullet for a timeout."""
    return f"- input `{test_input}` failed: Execution took too long."


def memory_limit(test_input: str) -> str:
    """Return the bullet for running out of memory."""
    return f"- input `{test_input}` failed: Out of memory."


def output_limit(test_input: str) -> str:
    """Return the bullet for too much output. Not in the paper, which has four classes; in its style."""
    return f"- input `{test_input}` failed: Too much output."


def security_violation(test_input: str) -> str:
    """Return the bullet for a forbidden system call. Not in the paper; in its style."""
    return f"- input `{test_input}` failed: Forbidden operation."


def verdict_only(number: int, how: str) -> str:
    """Return the bullet of a failing test without its content. Not in the paper; in its style."""
    return f"- test {number} failed: {how}"
