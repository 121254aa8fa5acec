"""The comparison of SandboxFusion for CommonOJ rows."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from rlef_env.judge.checkers.numbers import python_float, right_integer
from rlef_env.judge.checkers.text import LOWER_CASE, lines_of, python_strip
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_sandboxfusion"]

_TOLERANCE: Final = 1e-5  # relative
_SMALLEST: Final = 1e-10  # the difference is divided by at least this


def check_sandboxfusion(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have equal lines, or lines that are numbers with a relative difference below 1e-5.

    White space around the whole text and around each line, and letter case, are ignored; both are those of Python's
    ``str``. The number of lines must be equal; each must be the same text, or both must be one number that Python's
    ``float`` reads, with a difference below 1e-5 of the expected one.

    Source: bytedance/SandboxFusion, sandbox/utils/testing.py (CommonOJ).

    >>> check_sandboxfusion(b"Yes\n0.333333", b"YES\n0.3333333"), check_sandboxfusion(b"0.5 1", b"0.50 1")
    (True, False)
    """
    if output == expected:
        return True
    left, right = (map(python_strip, lines_of(python_strip(text.translate(LOWER_CASE)))) for text in (output, expected))
    exact = "exact_integers" in flags
    return all(_line_matches(one, other, exact) for one, other in zip_longest(left, right))


def _line_matches(output: bytes | None, expected: bytes | None, exact: bool) -> bool:
    if output is None or expected is None:
        return False
    if output == expected or _lower(output) == _lower(expected):
        return True
    got, wanted = python_float(output), python_float(expected)
    if got is None or wanted is None:
        return False
    if exact and (right := right_integer(output, expected)) is not None:
        return right
    return abs(got - wanted) / max(abs(wanted), _SMALLEST) < _TOLERANCE  # False for NaN, from two infinities


def _lower(line: bytes) -> bytes:
    """Return a line, whose ASCII letters are in lower case already, in lower case."""
    return line if line.isascii() else line.decode("utf-8", "replace").lower().encode()
