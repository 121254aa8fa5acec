"""The comparison of lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from rlef_env.judge.checkers.text import LOWER_CASE, lines_of, same, same_unordered, tokens_of
from rlef_env.judge.checkers.tolerance import as_in_python, close
from rlef_env.problems.checker_spec import NO_FLAGS, CheckerFlags

__all__ = ["check_lines"]

_BLANKS_TO_SPACE: Final = bytes.maketrans(b"\t\v\f", b"   ")


def check_lines(output: bytes, expected: bytes, flags: CheckerFlags = NO_FLAGS) -> bool:
    r"""Return whether both have the same lines, apart from white space at their ends and blank lines at the end.

    With a tolerance, lines are compared token by token. If the expected token is a finite number, another number within
    the tolerance is right. Numbers are those of Python's ``float``, as in DMOJ's checkers.

    >>> check_lines(b"a \nb\n\n", b"a\r\nb"), check_lines(b"a b", b"a\nb"), check_lines(b" a", b"a")
    (True, False, False)
    """
    if output == expected:
        return True
    left, right = _lines(output, flags), _lines(expected, flags)
    if "unordered" in flags:
        return same_unordered(left, right)
    if flags.tolerant:
        return all(_line_matches(one, other, flags) for one, other in zip_longest(left, right))
    return same(left, right)


def _lines(text: bytes, flags: CheckerFlags) -> Iterator[bytes]:
    if "ignore_case" in flags:
        text = text.translate(LOWER_CASE)
    if "ignore_spaces" in flags:
        text = _one_space(text.translate(_BLANKS_TO_SPACE))
    lines = lines_of(text)
    if "keep_spaces" not in flags:
        lines = map(bytes.strip if "strip" in flags or "ignore_spaces" in flags else bytes.rstrip, lines)
    return filter(None, lines) if "ignore_blank_lines" in flags else lines


def _one_space(text: bytes) -> bytes:
    """Replace every run of spaces by one space. A regular expression would hold a list of all text between them."""
    while b"  " in text:
        text = text.replace(b" " * 16, b" ").replace(b"  ", b" ")
    return text


def _line_matches(output: bytes | None, expected: bytes | None, flags: CheckerFlags) -> bool:
    if output is None or expected is None:
        return False
    if output == expected:
        return True
    return all(
        left is not None and right is not None and (left == right or close(left, right, flags, as_in_python))
        for left, right in zip_longest(tokens_of(output), tokens_of(expected))
    )
