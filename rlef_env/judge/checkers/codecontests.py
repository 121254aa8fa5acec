"""The comparison of CodeContests."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Final

from rlef_env.judge.checkers.numbers import DECIMAL, is_decimal, right_integer
from rlef_env.judge.checkers.text import LOWER_CASE, same, tokens_of
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_codecontests"]

_TABLE: Final = LOWER_CASE.translate(bytes.maketrans(b"\t\n\v\r", b"    "))  # a form feed does not separate tokens
_TOLERANCE: Final = 1e-5  # absolute; kDoublePrecision in execution/tester_sandboxer.cc
_NUMBER: Final = re.compile(rb"[+-]?(?:%b|inf(?:inity)?|nan)" % DECIMAL)


def check_codecontests(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have equal tokens, or numbers that differ by less than 1e-5.

    Spaces, newlines, tabs, carriage returns and vertical tabs separate tokens; ASCII letters count as lower case.
    The same tokens are right. Otherwise the number of tokens must be equal, and each must be the same text as its
    counterpart, or both must be numbers that differ by less than 1e-5 (absolute, as doubles: integers above 2^53 that
    differ by one count as equal, unless ``exact_integers`` is set). Numbers are those of absl's ``SimpleAtod``:
    decimal, infinity, NaN. A pair of infinities or NaNs differs, unless all tokens are the same.

    Source: google-deepmind/code_contests, execution/tester_sandboxer.cc.

    >>> check_codecontests(b"0.5\n", b"0.500000"), check_codecontests(b"1234567.0", b"1234567.1")
    (True, False)
    """
    if output == expected or same(tokens_of(output, _TABLE), tokens_of(expected, _TABLE)):
        return True
    pairs = zip_longest(tokens_of(output, _TABLE), tokens_of(expected, _TABLE))
    exact = "exact_integers" in flags
    return all(_matches(left, right, exact) for left, right in pairs)


def _matches(left: bytes | None, right: bytes | None, exact: bool) -> bool:
    if left is None or right is None:
        return False
    got, wanted = left.strip(b"\f"), right.strip(b"\f")  # absl's SimpleAtod strips form feeds
    if not _NUMBER.fullmatch(got) or not _NUMBER.fullmatch(wanted):
        return left == right
    if exact and is_decimal(got) and is_decimal(wanted) and (equal := right_integer(got, wanted)) is not None:
        return equal
    return abs(float(got) - float(wanted)) < _TOLERANCE
