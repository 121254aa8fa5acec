"""Compare a wrong output with the expected one: how far is it from right?

The texts are untrusted and may be long: only their first ``MAX_CHARACTERS`` are compared, in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

__all__ = ["Found", "compare_outputs", "compare_values"]

MAX_CHARACTERS: Final = 4096
"""Characters that are compared; the judge keeps as many of an output."""

CUT: Final = "[...]"
"""Ends an output that the judge cut."""

MAX_DIGITS: Final = 18
"""Longer numbers are compared as text."""

_PIECE: Final = re.compile(r"-?\d+(?:\.\d+)?|[^\W\d_]+")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_ANSWERS: Final = frozenset(("yes", "no", "true", "false", "possible", "impossible"))
_OBJECT: Final = re.compile(r"<(?:\w+ object|function|built-in|class|generator|bound method|a value of type)\b")


class Found(NamedTuple):
    """A category and what exactly was seen."""

    category: str
    detail: str = ""


def compare_outputs(output: str, expected: str) -> Found | None:
    """Return how a printed output differs from the expected one; None if no rule applies."""
    if not output.strip():
        return Found("empty_output") if expected.strip() else None
    cut = len(output) > MAX_CHARACTERS
    if cut or len(expected) > MAX_CHARACTERS:
        return _compare_long(output[:MAX_CHARACTERS] if cut else output, expected, cut)
    return (
        _format_only(output, expected)
        or _type_of_output(output, expected)
        or _off_by_one(output, expected)
        or _part(output, expected)
        or _order(output.split(), expected.split())
    )


def compare_values(value: str, expected: str) -> Found | None:
    """Return how a returned value differs from the expected one, both as Python source; None if no rule applies."""
    if not value or not expected:
        return None
    got, wanted = _kind(value), _kind(expected)
    if got != wanted:
        return Found("wrong_type", f"{got} instead of {wanted}")
    if max(len(value), len(expected)) > MAX_CHARACTERS:
        return None
    if got == "text" and _squeezed(value) == _squeezed(expected):
        return Found("format_only", "white space or letter case")
    pieces, right = _PIECE.findall(value), _PIECE.findall(expected)
    return _off_by_one_numbers(pieces, right) or _part_of_pieces(pieces, right) or _order(pieces, right)


# --- format ----------------------------------------------------------------------------------------------------------


def _format_only(output: str, expected: str) -> Found | None:
    if not expected.strip():
        return None
    if "".join(output.split()) == "".join(expected.split()):
        return Found("format_only", "white space")
    if _squeezed(output) == _squeezed(expected):
        return Found("format_only", "letter case")
    got, wanted = _PIECE.findall(output.casefold()), _PIECE.findall(expected.casefold())
    if not wanted:
        return None
    if got == wanted:
        return Found("format_only", "punctuation or brackets")
    if len(got) == len(wanted) and all(map(_same_number, got, wanted)):
        return Found("format_only", "number format")
    known = set(wanted)
    extra = [piece for piece in got if piece[0].isalpha() and piece not in known]
    if extra and not _ANSWERS.issuperset(extra):
        rest = [piece for piece in got if not piece[0].isalpha() or piece in known]
        if len(rest) == len(wanted) and all(map(_same_number, rest, wanted)):
            return Found("format_only", "extra text")
    return None


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _same_number(got: str, wanted: str) -> bool:
    """Return whether both are the same text, or the same number rounded to the decimals that both have."""
    if got == wanted:
        return True
    if got[0].isalpha() or wanted[0].isalpha() or max(len(got), len(wanted)) > MAX_DIGITS:
        return False
    decimals = min(len(got.partition(".")[2]), len(wanted.partition(".")[2]))
    difference = abs(float(got) - float(wanted))
    return difference <= 0.5001 * 10.0**-decimals if decimals else difference == 0


# --- types -----------------------------------------------------------------------------------------------------------


def _type_of_output(output: str, expected: str) -> Found | None:
    got, wanted = output.split(), expected.split()
    if not wanted:
        return None
    if _OBJECT.match(output.lstrip()):
        return Found("wrong_type", "an object")
    if "None" in got and "None" not in wanted:
        return Found("wrong_type", "None")
    if len(got) != len(wanted):
        return None
    for ours, theirs in zip(got, wanted, strict=True):
        number = _NUMBER.fullmatch(ours)
        if _NUMBER.fullmatch(theirs):
            if number is None:
                return Found("wrong_type", "text instead of a number")
            if "." in ours and "." not in theirs:
                return Found("wrong_type", "a decimal number instead of an integer")
        elif number is not None:
            return Found("wrong_type", "a number instead of text")
    return None


def _kind(value: str) -> str:
    """Return the type of a value from the beginning of its source."""
    first = value.lstrip()[:1]
    if value in ("None", "True", "False"):
        return "None" if value == "None" else "a truth value"
    if first.isdigit() or first in "-.":
        return "a decimal number" if "." in value or "e" in value else "an integer"
    kinds = {"'": "text", '"': "text", "[": "a list", "(": "a tuple", "<": "an object"}
    if first == "{":
        return "a dictionary" if ":" in value or value == "{}" else "a set"
    return kinds.get(first, "an object")


# --- numbers and parts -----------------------------------------------------------------------------------------------


def _off_by_one(output: str, expected: str) -> Found | None:
    found = _off_by_one_numbers(output.split(), expected.split())
    if found is not None:
        return found
    got, wanted = _lines(output), _lines(expected)
    short, long = sorted((got, wanted), key=len)
    if len(long) - len(short) == 1 and len(short) > 1 and short in (long[:-1], long[1:]):
        what = "one line is missing" if got is short else "one line too many"
        return Found("off_by_one", f"{what} at the {'end' if short == long[:-1] else 'start'}")
    return None


def _off_by_one_numbers(got: Sequence[str], wanted: Sequence[str]) -> Found | None:
    """Return a result if all tokens that differ are integers that differ by one.

    1 and 0 may be a truth value, and -1 often means that there is no answer: pairs of these do not count.
    """
    if len(got) != len(wanted):
        return None
    pairs = [(ours, theirs) for ours, theirs in zip(got, wanted, strict=True) if ours != theirs]
    numbers: list[tuple[int, int]] = []
    for ours, theirs in pairs:
        if not _is_integer(ours) or not _is_integer(theirs) or abs(int(ours) - int(theirs)) != 1:
            return None
        numbers.append((int(ours), int(theirs)))
    if not numbers or all({-1, 0, 1}.issuperset(pair) for pair in numbers):
        return None
    signs = {ours - theirs for ours, theirs in numbers}
    return Found("off_by_one", {1: "one too large", -1: "one too small"}[signs.pop()] if len(signs) == 1 else "by one")


def _is_integer(token: str) -> bool:
    digits = token.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS


def _part(output: str, expected: str) -> Found | None:
    found = _part_of_pieces(output.split(), expected.split())
    if found is not None or not expected.strip():
        return found
    rest = iter(_lines(output))
    if all(line in rest for line in _lines(expected)):
        return Found("extra_output", "other lines between")
    return None


def _part_of_pieces(got: Sequence[str], wanted: Sequence[str]) -> Found | None:
    if got and len(got) < len(wanted) and got == wanted[: len(got)]:
        return Found("partial_output", "the beginning")
    if wanted and len(wanted) < len(got):
        if got[: len(wanted)] == wanted:
            return Found("extra_output", "at the end")
        if got[-len(wanted) :] == wanted:
            return Found("extra_output", "at the start")
    return None


def _order(got: Iterable[str], wanted: Iterable[str]) -> Found | None:
    return Found("wrong_order") if sorted(got) == sorted(wanted) else None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def _compare_long(output: str, expected: str, cut: bool) -> Found | None:
    """Compare texts of which at least one is long: only beginnings, because the rest of an output may be cut off."""
    output, expected = output.rstrip(), expected.rstrip()
    if not cut and len(output) < len(expected) and expected.startswith(output):
        return Found("partial_output", "the beginning")
    if expected and len(expected) < len(output) and output.startswith(expected):
        return Found("extra_output", "at the end")
    return Found("wrong_type", "an object") if _OBJECT.match(output[:100].lstrip()) else None
