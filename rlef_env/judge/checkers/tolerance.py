"""Compare numbers within a tolerance."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from rlef_env.judge.checkers.numbers import is_decimal, python_float
from rlef_env.problems.checker_spec import CheckerFlags

__all__ = ["as_in_c", "as_in_python", "close"]

_HEXADECIMAL: Final = re.compile(rb"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?")


def close(output: bytes, expected: bytes, flags: CheckerFlags, read: Callable[[bytes], float | None]) -> bool:
    """Return whether both tokens are finite numbers within one of the tolerances.

    Args:
        output: token of the output.
        expected: token of the stored answer.
        flags: flags with the tolerances.
        read: returns the value of a token; None if it is not a finite number.
    """
    wanted, got = read(expected), read(output)
    if wanted is None or got is None:
        return False
    difference = abs(wanted - got)
    absolute, relative = flags.absolute_tolerance, flags.relative_tolerance
    return (absolute is not None and difference <= absolute) or (
        relative is not None and difference <= relative * abs(wanted)
    )


def as_in_c(token: bytes) -> float | None:
    """Return the value of a token that is, as a whole, a finite number to C's ``scanf``; else None."""
    if is_decimal(token):
        value = float(token)
    elif _HEXADECIMAL.fullmatch(token):
        try:
            value = float.fromhex(token.decode("ascii"))
        except (OverflowError, ValueError):  # beyond the largest double, or an exponent that Python cannot read
            return None
    else:
        return None
    return value if math.isfinite(value) else None


def as_in_python(token: bytes) -> float | None:
    """Return the value of a token that is, as a whole, a finite number to Python's ``float`` of bytes; else None."""
    value = python_float(token) if token.isascii() else None
    return value if value is not None and math.isfinite(value) else None
