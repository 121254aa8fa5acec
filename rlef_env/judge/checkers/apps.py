"""The comparison of APPS, which TACO and PRIME use, too."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Final

from rlef_env.judge.checkers.lines import check_lines
from rlef_env.judge.checkers.numbers import exact_value, python_float, right_integer
from rlef_env.judge.checkers.text import lines_of, python_strip, python_tokens
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_apps"]

_ABSOLUTE, _RELATIVE = 1e-8, 1e-5  # numpy's allclose
_TEXT: Final = CheckerFlags(frozenset({"ignore_spaces", "ignore_blank_lines"}))


def check_apps(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether an output is right by the steps of APPS, with two differences.

    As in APPS, lines are stripped, blank lines are ignored, and if the whole output is numbers, each may differ by 1e-8
    plus 1e-5 of the expected one. White space and numbers are those of Python's ``str`` and ``float``. The differences:

    - In APPS two numbers too large for a double are the same infinity. Here they must be equal.
    - The last steps of APPS compare sets of tokens, so they accept any order and any multiplicity. Here both count, and
      only white space within a line is free.

    Source: hendrycks/apps, eval/testing_util.py; likewise in TACO and PRIME.

    >>> check_apps(b"0.333333  1\n\n2", b"0.3333333 1\n2"), check_apps(b"2 1", b"1 2"), check_apps(b"1 1 2", b"1 2")
    (True, False, False)
    """
    if check_lines(output, expected, _TEXT):
        return True
    left, right = (filter(None, map(python_strip, lines_of(text))) for text in (output, expected))
    exact = "exact_integers" in flags
    return all(
        one is not None and other is not None and _numbers_match(one, other, exact)
        for one, other in zip_longest(left, right)
    )


def _numbers_match(output: bytes, expected: bytes, exact: bool) -> bool:
    pairs = zip_longest(python_tokens(output), python_tokens(expected))
    return all(left is not None and right is not None and _close(left, right, exact) for left, right in pairs)


def _close(output: bytes, expected: bytes, exact: bool) -> bool:
    got, wanted = python_float(output), python_float(expected)
    if got is None or wanted is None:
        return False
    if exact and (right := right_integer(output, expected)) is not None:
        return right
    if math.isinf(got) or math.isinf(wanted):
        one, other = exact_value(output), exact_value(expected)
        return output == expected or (one is not None and one == other)
    return output == expected or abs(got - wanted) <= _ABSOLUTE + _RELATIVE * abs(wanted)
