"""The comparison of the Kattis default validator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import starmap, zip_longest
from operator import eq
from typing import Final

from rlef_env.judge.checkers.text import LOWER_CASE, TO_SPACE, tokens_of
from rlef_env.judge.checkers.tolerance import as_in_c, close
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_kattis"]

_ANY_CASE: Final = LOWER_CASE.translate(TO_SPACE)
_TOKEN_OR_SPACE: Final = re.compile(rb"[ \t\n\v\f\r]+|[^ \t\n\v\f\r]+")


def check_kattis(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have equal tokens, or numbers within the tolerance.

    ASCII white space separates tokens; its amount and kind matter only with ``space_change_sensitive``. Letter case
    matters only with ``case_sensitive``. With a tolerance, if the expected token is a finite number (as ``scanf`` reads
    it, hexadecimal too), the output's token must be equal text or a number within one of the tolerances. Without a
    tolerance, "1.0" is not "1".

    Source: Kattis/problemtools, support/default_validator.

    >>> check_kattis(b"YES\n", b"yes"), check_kattis(b"1.1", b"1.0", CheckerFlags(absolute_tolerance=0.2))
    (True, True)
    """
    if output == expected:
        return True
    split = _pieces if "space_change_sensitive" in flags else _tokens
    pairs = zip_longest(split(output, flags), split(expected, flags))
    if not flags.tolerant:
        return all(starmap(eq, pairs))
    return all(
        left is not None and right is not None and (left == right or close(left, right, flags, as_in_c))
        for left, right in pairs
    )


def _tokens(text: bytes, flags: CheckerFlags) -> Iterator[bytes]:
    return tokens_of(text, TO_SPACE if "case_sensitive" in flags else _ANY_CASE)


def _pieces(text: bytes, flags: CheckerFlags) -> Iterator[bytes]:
    """Yield tokens and the white space between them in order: a space is never equal or close to a token."""
    folded = text if "case_sensitive" in flags else text.translate(LOWER_CASE)
    return (match.group() for match in _TOKEN_OR_SPACE.finditer(folded))
