"""Numbers as text: which tokens are numbers, by the grammar of a source's own grader, and which are equal exactly.

Two grammars. C++'s streams and ``scanf`` (CodeContests, Kattis): decimal digits of ASCII, ``1e5``, ``.5``, ``5.``.
Python's ``float`` (APPS, TACO, PRIME, SandboxFusion, DMOJ) and ``Decimal`` (LiveCodeBench): also ``1_0``, ``inf`` and
``nan``, and digits of any script in texts. Each rule says which of the two it reads by.

``float`` takes time linear in the digits (16 MB: 5 ms) and gives an infinity for what is too large. ``Decimal`` takes
linear time, too, and keeps an exponent as it is: ``1e999999999`` is not written out. ``int`` and ``Fraction`` would
take far more, and are not asked.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = ["DECIMAL", "exact_value", "is_decimal", "python_float", "right_integer"]

# Every part can match in one way only: no input makes the search for a match take more than linear time.
DECIMAL: Final = rb"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_DECIMAL: Final = re.compile(rb"[+-]?%b" % DECIMAL)
_INTEGER: Final = re.compile(r"\s*[+-]?\d[\d_]*\s*")
_EXACT_DOUBLES: Final = 2**53  # below it, integers and doubles are the same numbers
_HALF: Final = Decimal("0.5")


def is_decimal(token: bytes) -> bool:
    """Whether it is a decimal number in C++, such as ``-1.5e3`` or ``.5``: no infinity, NaN or hexadecimal."""
    return _DECIMAL.fullmatch(token) is not None


def python_float(token: bytes) -> float | None:
    """What Python's ``float`` makes of a text; None where it refuses it.

    >>> [python_float(text) for text in (b"1_0", b" -inf", b"0x10", "\N{FULLWIDTH DIGIT SEVEN}".encode(), b"7_")]
    [10.0, -inf, None, 7.0, None]
    """
    try:
        return float(token.decode())
    except ValueError:  # no number, or no UTF-8
        return None


def exact_value(token: bytes) -> Decimal | None:
    """What Python's ``Decimal`` makes of a text, exactly; None where it refuses it.

    >>> exact_value(b"1.00") == exact_value(b"+1e0"), exact_value(b"1e999999999999999999999") is None
    (True, True)
    """
    try:
        return Decimal(token.decode())
    except (InvalidOperation, ValueError):  # no number, or an exponent of more than 18 digits
        return None


def right_integer(output: bytes, expected: bytes) -> bool | None:
    """Whether a number is the integer that is expected; None where the rule's own tolerance is to decide.

    An integer is expected where the expected number is written with digits only. Then another integer is never right,
    however it is written (``1000009``, ``1000009.0``, ``1000009e0``), nor is a number that lies nearer to another
    integer; from 2^53 on, no other number is.

    Args:
        output: a number by the rule's own grammar.
        expected: likewise.
    """
    if _INTEGER.fullmatch(expected.decode("utf-8", "replace")) is None:
        return None
    wanted, got = exact_value(expected), exact_value(output)
    if got is None and python_float(output) == 0:  # 1e-99999999999999999999
        got = Decimal(0)
    if wanted is None or got is None or not got.is_finite():
        return output == expected
    if got == wanted:
        return True
    # Comparisons of decimals are exact; arithmetic is, too, with numbers as small as these.
    small = -_EXACT_DOUBLES < wanted < _EXACT_DOUBLES
    return None if small and wanted - _HALF < got < wanted + _HALF else False
