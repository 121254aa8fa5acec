"""Token by token."""

from __future__ import annotations

from typing import Final

from rlef_env.judge.checkers.text import LOWER_CASE, TO_SPACE, same, same_unordered, tokens_of
from rlef_env.problems import NO_FLAGS, CheckerFlags

__all__ = ["check_tokens"]

_ANY_CASE: Final = LOWER_CASE.translate(TO_SPACE)


def check_tokens(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Whether both have the same tokens; tokens stand between ASCII white space.

    >>> check_tokens(b"1 2\n", b"1\n2"), check_tokens(b"yes", b"YES")
    (True, False)
    """
    if output == expected:
        return True
    table = _ANY_CASE if "ignore_case" in flags else TO_SPACE
    compare = same_unordered if "unordered" in flags else same
    return compare(tokens_of(output, table), tokens_of(expected, table))
