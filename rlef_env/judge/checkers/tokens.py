"""The comparisons of whole outputs: their bytes, their characters, their tokens."""

from __future__ import annotations

from collections import Counter
from typing import Final

from rlef_env.judge.checkers.text import LOWER_CASE, TO_SPACE, same, same_unordered, tokens_of
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_characters", "check_exact", "check_tokens", "check_yesno"]

_ANY_CASE: Final = LOWER_CASE.translate(TO_SPACE)
_WHITE: Final = b" \t\n\v\f\r"


def check_exact(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both are the same bytes.

    >>> check_exact(b"1\n", b"1\n"), check_exact(b"1", b"1\n")
    (True, False)
    """
    return output == expected


def check_characters(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    """Return whether both have the same characters, each as often, in any order, letter case and white space.

    Source: DMOJ's ``easy`` (DMOJ/judge-server, dmoj/checkers/easy.py).

    >>> check_characters(b"t A c", b"Cat"), check_characters(b"caat", b"cat")
    (True, False)
    """
    left, right = (text.translate(LOWER_CASE, _WHITE) for text in (output, expected))
    return left == right or (len(left) == len(right) and Counter(left) == Counter(right))


def check_tokens(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have the same tokens; ASCII white space separates tokens.

    >>> check_tokens(b"1 2\n", b"1\n2"), check_tokens(b"yes", b"YES")
    (True, False)
    """
    if output == expected:
        return True
    table = _ANY_CASE if "ignore_case" in flags else TO_SPACE
    compare = same_unordered if "unordered" in flags else same
    return compare(tokens_of(output, table), tokens_of(expected, table))


def check_yesno(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have the same tokens, "yes" and "no" in any letter case.

    Source: testlib's yesno and nyesno.

    >>> check_yesno(b"yes\nNo", b"YES NO"), check_yesno(b"Yes abc", b"YES ABC"), check_yesno(b"YES\nYES", b"YES")
    (True, False, False)
    """
    left, right = (map(_fold_yes_and_no, tokens_of(text)) for text in (output, expected))
    return output == expected or same(left, right)


def _fold_yes_and_no(token: bytes) -> bytes:
    if len(token) in (2, 3) and (lower := token.translate(LOWER_CASE)) in (b"yes", b"no"):
        return lower
    return token
