"""LiveCodeBench's rule."""

from __future__ import annotations

from itertools import zip_longest

from rlef_env.judge.checkers.numbers import as_decimal, is_decimal
from rlef_env.judge.checkers.text import lines_of, tokens_of
from rlef_env.problems import NO_FLAGS, CheckerFlags

__all__ = ["check_livecodebench"]


def check_livecodebench(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    r"""The rule of LiveCodeBench (lcb_runner/evaluation/testing_util.py).

    White space around the whole text and around each line is ignored. There must be as many lines; each must be the
    same text, or both lists of decimal numbers that are equal, exactly.

    >>> check_livecodebench(b"1.0 2\n", b"1.00 2"), check_livecodebench(b"0.333", b"0.3333")
    (True, False)
    """
    if output == expected:
        return True
    left, right = (map(bytes.strip, lines_of(text.strip())) for text in (output, expected))
    return all(_line_matches(one, other) for one, other in zip_longest(left, right))


def _line_matches(output: bytes | None, expected: bytes | None) -> bool:
    if output is None or expected is None:
        return False
    return output == expected or all(
        left is not None
        and right is not None
        and is_decimal(left)
        and is_decimal(right)
        and as_decimal(left) == as_decimal(right)
        for left, right in zip_longest(tokens_of(output), tokens_of(expected))
    )
