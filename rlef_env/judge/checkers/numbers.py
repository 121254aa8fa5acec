"""Numbers as bytes: which are, by the grammar of C++'s streams, and which are equal, by their digits.

Not Python's grammar: no ``1_0``, no digits beyond ASCII. ``float`` takes time linear in the digits (16 MB: 5 ms) and
gives an infinity for what is too large, as C++ does; ``int`` would take quadratic time, and is not asked.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["DECIMAL", "as_decimal", "is_decimal", "same_exactly"]

# Every part can match in one way only: no input makes the search for a match take more than linear time.
DECIMAL: Final = rb"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_DECIMAL: Final = re.compile(rb"[+-]?%b" % DECIMAL)
_INTEGER: Final = re.compile(rb"[+-]?[0-9]+")
_PARTS: Final = re.compile(rb"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?")
_LONGEST_EXPONENT: Final = 18  # digits; beyond it numbers are equal only if their exponents are written alike
_EXACT_DOUBLES: Final = 2.0**53  # below it, integers and doubles are the same numbers


def is_decimal(token: bytes) -> bool:
    """Whether it is a decimal number, such as ``-1.5e3`` or ``.5``: no infinity, no NaN, no hexadecimal."""
    return _DECIMAL.fullmatch(token) is not None


def as_decimal(token: bytes) -> tuple[bytes, bytes, object]:
    """The value of a decimal number in one form: sign, digits without zeros at either end, and power of ten.

    >>> as_decimal(b"1.00") == as_decimal(b"+1e0"), as_decimal(b"-0.0") == as_decimal(b"0"), as_decimal(b"120")
    (True, True, (b'', b'12', 1))
    """
    match = _PARTS.fullmatch(token)
    assert match is not None
    sign, whole, fraction, exponent_sign, exponent = (part or b"" for part in match.groups())
    digits = (whole + fraction).lstrip(b"0")
    if not digits:
        return b"", b"", 0
    significant = digits.rstrip(b"0")
    shift = len(digits) - len(significant) - len(fraction)
    exponent = exponent.lstrip(b"0")
    below = exponent_sign == b"-"
    power: object = (below, exponent, shift)
    if len(exponent) <= _LONGEST_EXPONENT:
        power = (-1 if below else 1) * int(exponent or b"0") + shift
    return (b"-" if sign == b"-" else b""), significant, power


def same_exactly(output: bytes, expected: bytes) -> bool | None:
    """Whether two decimal numbers are equal, where the expected one is to be met exactly; else None.

    That is where both are integers, or the expected one is an integer of 2^53 or more.
    """
    if _INTEGER.fullmatch(expected) and (_INTEGER.fullmatch(output) or abs(float(expected)) >= _EXACT_DOUBLES):
        return output == expected or as_decimal(output) == as_decimal(expected)
    return None
