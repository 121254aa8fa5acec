"""Parse JSON from outside the program, in time and memory that its length bounds.

This module decides for every reader what Python's ``json`` leaves open: no duplicate keys in an object, at most
``MAX_DEPTH`` nested brackets (because later readers of the value recurse), and a bound on the memory of the values. A
list costs a hundred bytes and is written with three, so a text of 64 MB could ask for gigabytes, and a packed text for
a thousand times as much. Therefore the contents of a text are counted before it is parsed.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from rlef_env.errors import shortened

__all__ = ["MAX_DEPTH", "MAX_MEMORY", "check_depth", "memory_of", "parse_json", "read_integer"]

MAX_DEPTH: Final = 100
"""Maximum number of nested brackets."""
MAX_MEMORY: Final = 2**30
"""Maximum bytes of memory for the values of one text, as ``memory_of`` estimates it (1 GiB)."""

# Bytes of memory for each character of a kind, measured with CPython 3.11 and rounded up: a list or an object; an
# element, a number or a short text; a key of an object.
_CONTAINER, _ELEMENT, _KEY = 256, 96, 128
_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)', re.DOTALL)
_MAX_DIGITS: Final = 100_000  # digits
_READ_AT_ONCE: Final = 4000  # digits; int refuses more than 4300


def parse_json(
    text: str, *, python_json: bool = False, long_integers: bool = False, max_memory: int = MAX_MEMORY
) -> Any:
    """Return the value of a text of JSON.

    Args:
        text: the whole text.
        python_json: whether NaN, infinity and numbers beyond the largest float are allowed, as in Python's ``json``.
        long_integers: whether integers of up to 100,000 digits are allowed; ``int`` reads 4,300.
        max_memory: maximum bytes of memory for the values, as ``memory_of`` estimates it.

    Raises:
        ValueError: not JSON, or beyond these bounds; the message is short and names no file.
    """
    if _memory(text) > max_memory and memory_of(text) > max_memory:
        raise ValueError(f"values that would take more than {max_memory:,} bytes of memory")
    try:
        value = _read(text, python_json, long_integers)
    except RecursionError:
        raise ValueError(f"more than {MAX_DEPTH} nested brackets") from None
    check_depth(value)
    return value


def memory_of(text: str) -> int:
    """Return an upper bound on the bytes of memory that the values of a text of JSON take, without its strings."""
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
    except ValueError:  # more digits than int reads: parse again with a slower hook
        read = read_integer if long_integers else _refuse_integer
        return json.JSONDecoder(**(_HOOKS if python_json else _STRICT_HOOKS), parse_int=read).decode(text)


class _Refused(ValueError):
    """JSON that this module does not accept."""


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
    """Return the integer with these decimal digits; ``int`` refuses more than 4300 digits.

    Raises:
        ValueError: more than 100,000 digits.
    """
    if len(digits) > _MAX_DIGITS:
        raise _Refused(f"a whole number of more than {_MAX_DIGITS} digits")
    if len(digits) <= _READ_AT_ONCE:
        return int(digits)
    half = len(digits) // 2
    power: int = 10**half
    tail = read_integer(digits[-half:])
    return read_integer(digits[:-half]) * power + (-tail if digits.startswith("-") else tail)


def check_depth(value: Any) -> None:
    """Refuse a value with too many nested brackets, descending level by level.

    Raises:
        ValueError: more than ``MAX_DEPTH`` nested brackets.
    """
    level = [value] if type(value) in (list, dict) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [
            each
            for container in level
            for each in (container if type(container) is list else container.values())
            if type(each) is list or type(each) is dict
        ]
    if level:
        raise _Refused(f"more than {MAX_DEPTH} nested brackets")


_HOOKS: Final[dict[str, Any]] = {"object_pairs_hook": _object}
_STRICT_HOOKS: Final[dict[str, Any]] = {**_HOOKS, "parse_constant": _refuse_constant, "parse_float": _finite}
# Made once: making a decoder takes longer than parsing a short text, and some rows hold a hundred thousand texts.
_PYTHON: Final = json.JSONDecoder(**_HOOKS)
_STRICT: Final = json.JSONDecoder(**_STRICT_HOOKS)
