"""Numbers in text: which tokens are numbers by the grammar of the original grader, and which are exactly equal.

There are two grammars. C++ streams and ``scanf`` (CodeContests, Kattis) read ASCII digits: ``1e5``, ``.5``, ``5.``.
Python's ``float`` (APPS, TACO, PRIME, SandboxFusion, DMOJ) and ``Decimal`` (LiveCodeBench) also read ``1_0``, ``inf``
and ``nan``, and digits of any script in text. Each comparison says which grammar it uses.

``float`` takes time linear in the digits (16 MB: 5 ms) and returns an infinity for a number that is too large.
``Decimal`` takes linear time, too, and stores an exponent as it is: ``1e999999999`` is not expanded. ``int`` and
``Fraction`` would take far longer, so they are not used.
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
    """Return whether a token is a decimal number in C++, such as ``-1.5e3``: no infinity, NaN or hexadecimal."""
    return _DECIMAL.fullmatch(token) is not None


def python_float(token: bytes) -> float | None:
    """Return the value that Python's ``float`` reads from a text; None if it rejects the text.

    >>> [python_float(text) for text in (b"1_0", b" -inf", b"0x10", "\N{FULLWIDTH DIGIT SEVEN}".encode(), b"7_")]
    [10.0, -inf, None, 7.0, None]
    """
    try:
        return float(token.decode())
    except ValueError:  # not a number, or not UTF-8
        return None


def exact_value(token: bytes) -> Decimal | None:
    """Return the exact value that Python's ``Decimal`` reads from a text; None if it rejects the text.

    >>> exact_value(b"1.00") == exact_value(b"+1e0"), exact_value(b"1e999999999999999999999") is None
    (True, True)
    """
    try:
        return Decimal(token.decode())
    except (InvalidOperation, ValueError):  # not a number, or an exponent of more than 18 digits
        return None


def right_integer(output: bytes, expected: bytes) -> bool | None:
    """Return whether a number is the expected integer; None if the tolerance of the comparison has to decide.

    An integer is expected if the expected number is written with digits only. Then another integer is never right,
    however it is written (``1000009``, ``1000009.0``, ``1000009e0``), and neither is a number nearer to another
    integer. From 2^53 on, no other number is right.

    Args:
        output: number by the grammar of the comparison.
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
    # Comparisons of decimals are exact; so is arithmetic with numbers this small.
    small = -_EXACT_DOUBLES < wanted < _EXACT_DOUBLES
    return None if small and wanted - _HALF < got < wanted + _HALF else False
