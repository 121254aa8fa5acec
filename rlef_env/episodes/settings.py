"""Settings of an episode that decide which tests its feedback shows."""

from __future__ import annotations

from typing import Final, Literal

from rlef_env.problems.problem import ROLES, Role

__all__ = ["PRIVATE_FEEDBACK_TESTS", "ActionProtocol", "Feedback", "shown_roles"]

Feedback = Literal["public", "first", "none", "random", "private", "verdict"]
"""Source of feedback; see ``CodeEnv``."""

ActionProtocol = Literal["chat", "tool"]
"""What an action is: a message that holds a program in backticks, or the program itself; see ``CodeEnv``."""

PRIVATE_FEEDBACK_TESTS: Final = 20
"""Number of tests that run for each response if hidden tests give feedback (RLEF, private-test feedback)."""


def shown_roles(feedback: Feedback) -> tuple[Role, ...]:
    """Return the roles of the tests whose failures feedback of this source may show."""
    return ROLES if feedback == "private" else ("public",)
