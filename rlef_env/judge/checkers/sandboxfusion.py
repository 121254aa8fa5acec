"""SandboxFusion's rule for CommonOJ rows."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from rlef_env.judge.checkers.numbers import is_decimal, same_exactly
from rlef_env.judge.checkers.text import LOWER_CASE, lines_of
from rlef_env.problems import NO_FLAGS, CheckerFlags

__all__ = ["check_sandboxfusion"]

_TOLERANCE: Final = 1e-5  # relative
_SMALLEST: Final = 1e-10  # what the difference is a share of, at least


def check_sandboxfusion(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""The rule of SandboxFusion for CommonOJ rows (bytedance/SandboxFusion, sandbox/utils/testing.py).

    White space around the whole text and around each line, and the case of ASCII letters, are ignored. There must be as
    many lines; each must be the same text, or both one number whose difference is below 1e-5 of the expected one.

    >>> check_sandboxfusion(b"Yes\n0.333333", b"YES\n0.3333333"), check_sandboxfusion(b"0.5 1", b"0.50 1")
    (True, False)
    """
    if output == expected:
        return True
    left, right = (map(bytes.strip, lines_of(text.translate(LOWER_CASE).strip())) for text in (output, expected))
    exact = "exact_integers" in flags
    return all(_line_matches(one, other, exact) for one, other in zip_longest(left, right))


def _line_matches(output: bytes | None, expected: bytes | None, exact: bool) -> bool:
    if output is None or expected is None:
        return False
    if output == expected:
        return True
    if not is_decimal(output) or not is_decimal(expected):
        return False
    if exact and (equal := same_exactly(output, expected)) is not None:
        return equal
    got, wanted = float(output), float(expected)
    return abs(got - wanted) / max(abs(wanted), _SMALLEST) < _TOLERANCE  # NaN, of two infinities, is not below it
