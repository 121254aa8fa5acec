"""The comparison of LiveCodeBench."""

from __future__ import annotations

from itertools import zip_longest

from rlef_env.judge.checkers.numbers import exact_value
from rlef_env.judge.checkers.text import lines_of, python_strip, python_tokens
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_livecodebench"]


def check_livecodebench(output: bytes, expected: bytes, _: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have equal lines, as text or as lists of exact decimal numbers.

    White space around the whole text and around each line is ignored. The number of lines must be equal; each must be
    the same text, or both must be lists of decimal numbers that are exactly equal. White space and numbers are those of
    Python's ``str`` and ``Decimal``.

    Source: LiveCodeBench/LiveCodeBench, lcb_runner/evaluation/testing_util.py.

    >>> check_livecodebench(b"1.0 2\n", b"1.00 2"), check_livecodebench(b"0.333", b"0.3333")
    (True, False)
    """
    if output == expected:
        return True
    left, right = (map(python_strip, lines_of(python_strip(text))) for text in (output, expected))
    return all(_line_matches(one, other) for one, other in zip_longest(left, right))


def _line_matches(output: bytes | None, expected: bytes | None) -> bool:
    if output is None or expected is None:
        return False
    if output == expected:
        return True
    pairs = zip_longest(python_tokens(output), python_tokens(expected))
    return all(left is not None and right is not None and _same_number(left, right) for left, right in pairs)


def _same_number(output: bytes, expected: bytes) -> bool:
    got, wanted = exact_value(output), exact_value(expected)
    return got is not None and wanted is not None and not got.is_nan() and not wanted.is_nan() and got == wanted
