"""Stored programs, and how a program is handed in."""

from __future__ import annotations

from collections.abc import Sequence

from rlef_env.envs import fenced
from rlef_env.problems import Solution

__all__ = ["NO_ANSWER", "fenced", "python_only"]

NO_ANSWER = "I have no stored solution for this problem."
"""A response without a program."""


def python_only(solutions: Sequence[Solution]) -> list[str]:
    """Return the sources of the Python 3 programs among the stored solutions, in order."""
    return [solution.source for solution in solutions if solution.language == "python"]
