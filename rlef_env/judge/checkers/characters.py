"""The same characters, in any order."""

from __future__ import annotations

from collections import Counter
from typing import Final

from rlef_env.judge.checkers.text import LOWER_CASE
from rlef_env.problems import NO_FLAGS, CheckerFlags

__all__ = ["check_characters"]

_WHITE: Final = b" \t\n\v\f\r"


def check_characters(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    """The rule of DMOJ's ``easy`` (DMOJ/judge-server, dmoj/checkers/easy.py).

    >>> check_characters(b"t A c", b"Cat"), check_characters(b"caat", b"cat")
    (True, False)
    """
    left, right = (text.translate(LOWER_CASE, _WHITE) for text in (output, expected))
    return left == right or (len(left) == len(right) and Counter(left) == Counter(right))
