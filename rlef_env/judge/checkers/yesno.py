"""Yes or no."""

from __future__ import annotations

from rlef_env.judge.checkers.text import LOWER_CASE, same, tokens_of
from rlef_env.problems import NO_FLAGS, CheckerFlags

__all__ = ["check_yesno"]


def check_yesno(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    r"""Whether both have the same tokens, "yes" and "no" in any letter case (testlib's yesno and nyesno).

    >>> check_yesno(b"yes\nNo", b"YES NO"), check_yesno(b"Yes abc", b"YES ABC"), check_yesno(b"YES\nYES", b"YES")
    (True, False, False)
    """
    return output == expected or same(map(_word, tokens_of(output)), map(_word, tokens_of(expected)))


def _word(token: bytes) -> bytes:
    if len(token) in (2, 3) and (lower := token.translate(LOWER_CASE)) in (b"yes", b"no"):
        return lower
    return token
