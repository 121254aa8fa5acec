"""What an episode records of how it was played: where feedback came from, and which tests it may show."""

from __future__ import annotations

from typing import Final, Literal

from rlef_env.problems import ROLES, Role

__all__ = ["PRIVATE_FEEDBACK_TESTS", "Feedback", "shown_roles"]

Feedback = Literal["public", "none", "random", "private"]
"""Where feedback comes from; see ``CodeEnv``."""

PRIVATE_FEEDBACK_TESTS: Final = 20
"""With feedback from hidden tests, this many tests are run per response (RLEF, section on private-test feedback)."""


def shown_roles(feedback: Feedback) -> tuple[Role, ...]:
    """Return the roles of the tests whose failures a feedback mode may show."""
    return ROLES if feedback == "private" else ("public",)
