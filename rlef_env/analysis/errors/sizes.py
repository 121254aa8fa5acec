"""Does a program fail only on large inputs, or on edge cases? Compares the failing input with those that it passes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from rlef_env.analysis.errors.outputs import Found

__all__ = ["fails_on", "is_larger", "is_small"]

MAX_CHARACTERS: Final = 1024
"""Characters of an input in which numbers are read."""

MAX_PASSED: Final = 16
"""Passed inputs in which numbers are read; lengths are compared with those of all."""

SMALL: Final = 64
"""Characters of an input that a right program reads in no time."""

SMALL_DIGITS: Final = 4
"""Digits of the largest number of a small input."""

_NUMBER: Final = re.compile(r"-?\d+")


class Size(NamedTuple):
    """Size of an input: its length in characters, and the digits of its largest number."""

    length: int
    digits: int


def size_of(text: str) -> Size:
    """Return the size of an input."""
    digits = max((len(number.lstrip("-")) for number in _NUMBER.findall(text[:MAX_CHARACTERS])), default=0)
    return Size(len(text), digits)


def is_small(text: str) -> bool:
    """Return whether an input is short and holds no large number."""
    size = size_of(text)
    return size.length <= SMALL and size.digits <= SMALL_DIGITS


def is_larger(failing: str, passed: Sequence[str]) -> bool:
    """Return whether an input is clearly larger than all that the program passes.

    It is if it is at least twice as long and has 32 characters or more, or if its largest number has at least two
    digits more.
    """
    if not passed:
        return False
    size = size_of(failing)
    if size.length >= 32 and size.length >= 2 * max(map(len, passed)):
        return True
    return size.digits >= 2 + max(size_of(text).digits for text in passed[:MAX_PASSED])


def fails_on(failing: str, passed: Sequence[str]) -> Found:
    """Return on which kind of input a program fails that passes the public tests.

    Args:
        failing: input of the hidden test that fails.
        passed: inputs of the tests that it passes, public ones first.
    """
    if is_larger(failing, passed):
        return Found("wrong_on_large")
    new = _traits(failing).difference(*map(_traits, passed[:MAX_PASSED]))
    if passed and len(failing) < min(map(len, passed)):
        new.add("shortest")
    return Found("wrong_on_edge", ", ".join(sorted(new))) if new else Found("wrong_on_hidden")


def _traits(text: str) -> set[str]:
    """Return what makes an input an edge case."""
    head = text[:MAX_CHARACTERS]
    numbers = _NUMBER.findall(head)
    traits = set()
    if not head.strip() or "\n\n" in head:
        traits.add("empty")
    if "0" in numbers:
        traits.add("zero")
    if numbers[:1] == ["1"]:
        traits.add("one")
    if any(number[0] == "-" for number in numbers):
        traits.add("negative")
    if len(numbers) > 3 and len(set(numbers[1:])) == 1:
        traits.add("all equal")
    return traits
