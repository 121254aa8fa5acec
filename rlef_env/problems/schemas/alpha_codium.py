"""AlphaCodium's cleaned CodeContests (Codium-ai/AlphaCodium): CodeContests rows with labels for broken parts.

Languages are names. Tests that ``is_valid_test`` marks as broken are left out and kept in ``Problem.extra`` under
``invalid_tests``, as in every schema with this label; ``is_valid_problem`` and ``multiple_solutions`` are also kept
there.
"""

from __future__ import annotations

from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas.code_contests import CODE_CONTESTS
from rlef_env.problems.schemas.schema import Schema

__all__ = ["ALPHA_CODIUM"]


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    found = CODE_CONTESTS.problem(root)
    label = root.child("is_valid_problem")
    if label.present:
        label.boolean()
    return found


ALPHA_CODIUM: Final = Schema("alpha_codium", "AlphaCodium", CODE_CONTESTS.keys | {"is_valid_problem"}, problem)
