"""JSON from outside as values, in time and memory that its length bounds.

What Python's ``json`` leaves open is settled here, for every reader: no key twice in one object, no more than
``DEEPEST`` brackets within brackets (what reads a value later recurses), and a bound on the memory of the values.
A list costs a hundred bytes and is written with three, so that a text of 64 MB could ask for gigabytes, and a packed
one for a thousand times as much. So what a text holds is counted before it is read.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from rlef_env.errors import shortened

__all__ = ["DEEPEST", "MOST_MEMORY", "check_depth", "memory_of", "parse_json", "read_integer"]

DEEPEST: Final = 100
"""Brackets within brackets."""
MOST_MEMORY: Final = 2**30
"""Bytes of memory that the values of one text may take, as ``memory_of`` estimates it (1 GiB)."""

# Bytes of memory for each character of a kind, measured with CPython 3.11 and rounded up: a list or an object; an
# element, a number or a short text; a key of an object.
_CONTAINER, _ELEMENT, _KEY = 256, 96, 128
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)', re.DOTALL)
_LONGEST_INTEGER: Final = 100_000  # digits
_READ_AT_ONCE: Final = 4000  # digits; int refuses more than 4300


def parse_json(
    text: str, *, python_json: bool = False, long_integers: bool = False, max_memory: int = MOST_MEMORY
) -> Any:
    """The value that a text of JSON stands for.

    Args:
        text: the whole text.
        python_json: NaN, infinity and numbers beyond the largest float may stand in it, as Python's ``json`` has them.
        long_integers: whole numbers of up to 100,000 digits may stand in it; ``int`` reads 4,300.
        max_memory: bytes that its values may take, as ``memory_of`` estimates it.

    Raises:
        ValueError: it is no JSON, or asks for more than that; the message is short and names no file.
    """
    if _memory(text) > max_memory and memory_of(text) > max_memory:
        raise ValueError(f"values that would take more than {max_memory:,} bytes of memory")
    try:
        value = _read(text, python_json, long_integers)
    except RecursionError:
        raise ValueError(f"more than {DEEPEST} brackets within brackets") from None
    check_depth(value)
    return value


def memory_of(text: str) -> int:
    """Bytes of memory that the values of a text of JSON would take beyond the texts in it: an upper bound."""
    return _memory(_STRING.sub("", text))


def _memory(text: str) -> int:
    containers = text.count("[") + text.count("{")
    return _CONTAINER * containers + _ELEMENT * text.count(",") + _KEY * text.count(":")


def _read(text: str, python_json: bool, long_integers: bool) -> Any:
    try:
        return (_PYTHON if python_json else _STRICT).decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(str(error)) from None
    except _Refused:
        raise
    except ValueError:  # more digits than int reads: read again, which takes three times as long
        read = read_integer if long_integers else _refuse_integer
        return json.JSONDecoder(**(_HOOKS if python_json else _STRICT_HOOKS), parse_int=read).decode(text)


class _Refused(ValueError):
    """JSON, but not what is taken here."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused(f"key {shortened(repr(twice), 60)} stands twice in one object")
    return result


def _refuse_constant(name: str) -> float:
    raise _Refused(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _Refused(f"number {shortened(text, 60)} is too large")
    return value


def _refuse_integer(digits: str) -> int:
    if len(digits) > _READ_AT_ONCE:
        raise _Refused(f"a whole number of more than {_READ_AT_ONCE} digits")
    return int(digits)


def read_integer(digits: str) -> int:
    """The whole number that is written so; ``int`` refuses beyond 4300 digits.

    Raises:
        ValueError: more than 100,000 digits.
    """
    if len(digits) > _LONGEST_INTEGER:
        raise _Refused(f"a whole number of more than {_LONGEST_INTEGER} digits")
    if len(digits) <= _READ_AT_ONCE:
        return int(digits)
    half = len(digits) // 2
    power: int = 10**half
    tail = read_integer(digits[-half:])
    return read_integer(digits[:-half]) * power + (-tail if digits.startswith("-") else tail)


def check_depth(value: Any) -> None:
    """Refuse a value of too many brackets within brackets, going down level by level.

    Raises:
        ValueError: it has more than ``DEEPEST``.
    """
    level = [value] if type(value) in (list, dict) else []
    for _ in range(DEEPEST):
        if not level:
            return
        level = [
            each
            for container in level
            for each in (container if type(container) is list else container.values())
            if type(each) is list or type(each) is dict
        ]
    if level:
        raise _Refused(f"more than {DEEPEST} brackets within brackets")


_HOOKS: Final[dict[str, Any]] = {"object_pairs_hook": _object}
_STRICT_HOOKS: Final[dict[str, Any]] = {**_HOOKS, "parse_constant": _refuse_constant, "parse_float": _finite}
# To make one takes longer than to read a short text, and some rows hold a hundred thousand.
_PYTHON: Final = json.JSONDecoder(**_HOOKS)
_STRICT: Final = json.JSONDecoder(**_STRICT_HOOKS)
