"""Compare the value that a function returned with the expected value.

Both are plain (see `value_codec.py`) and decoded in this process; no method of the program's classes is called. The
value comes from an untrusted program: no comparison raises, and each takes time about linear in both values.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.functions.value_codec import MAX_EQUAL_HASHES, same_value
from rlef_env.problems import CheckerSpec
from rlef_env.problems.checker_spec import CheckerFlags, parse_checker_flags
from rlef_env.problems.parsing.hashing import check_keys
from rlef_env.problems.parsing.literals import parse_value

__all__ = ["ValueChecker", "ValueComparison", "value_comparison"]

ValueComparison: TypeAlias = Callable[[object, object], bool]
"""Returns whether a value is right: ``compare(value, expected)``."""


class ValueChecker:
    """A ``Checker`` of values: its ``output`` is the value itself, its ``expected`` the stored text of a value.

    Raises:
        UsageError: the spec does not have the name ``"value"``.
        DataError: the flags are unknown or malformed.
    """

    def __init__(self, spec: CheckerSpec) -> None:
        self._compare = value_comparison(spec)

    def __call__(self, _: bytes, output: object, expected: bytes) -> bool:
        """Return whether a value is right; raises ``DataError`` if the expected value cannot be read."""
        return self._compare(output, parse_value(expected.decode("utf-8", "surrogatepass")))


def value_comparison(spec: CheckerSpec) -> ValueComparison:
    """Return the comparison that a spec with the name ``"value"`` asks for.

    Without flags: Python's ``==`` (``1 == 1.0``, a list is not a tuple). ``json``: both as JSON represents them: tuples
    are lists and keys are text. ``list_of_one``: a list of just the expected value is right, too. ``unordered``: the
    elements of the outermost list, tuple or set in any order, each as often. With a tolerance, a number may differ by
    it if a float is expected, also in lists, tuples and dicts of the same type and length (as in EvalPlus); infinities
    and nan must be the same.

    >>> [value_comparison(CheckerSpec("value", flags))((1, 2), [1, 2]) for flags in ((), ("json",))]
    [False, True]

    Raises:
        UsageError: the spec has another name.
        DataError: the flags are unknown or malformed.
    """
    if spec.name != "value":
        raise UsageError(
            "checker: expected one for what functions return, 'value' or a program with a source, got "
            f"{spec.name!r}; give the problem CheckerSpec('value')"
        )
    flags = parse_checker_flags(spec.name, spec.flags)
    if not spec.flags:
        return same_value

    def compare(value: object, expected: object) -> bool:
        in_list = "list_of_one" in flags and type(value) in (list, tuple) and len(value) == 1  # type: ignore[arg-type]
        return is_right(value, expected) or (in_list and is_right(value[0], expected))  # type: ignore[index]

    def is_right(value: object, expected: object) -> bool:
        try:
            if "json" in flags:
                value, expected = _as_json(value), _as_json(expected)
            if "unordered" in flags and isinstance(value, LISTS) and isinstance(expected, LISTS):
                return _same_elements(list(value), list(expected))
            return same_value(value, expected) or (flags.tolerant and _close(value, expected, flags))
        except (ValueError, OverflowError, RecursionError):  # keys that collide, integers beyond any float
            return False

    return compare


LISTS = (list, tuple, set, frozenset)


def _as_json(value: Any) -> Any:
    """Return the value as JSON represents it; what JSON cannot represent stays."""
    kind = type(value)
    if kind is list or kind is tuple:
        return [_as_json(each) for each in value]
    if kind is dict:
        keys = [_json_key(key) for key in value]
        check_keys(keys)
        return dict(zip(keys, map(_as_json, value.values()), strict=True))
    return value


def _json_key(key: object) -> object:
    if key is None or type(key) is bool:
        return {None: "null", True: "true", False: "false"}[key]
    if type(key) is int:
        return str(key) if key.bit_length() < MAX_KEY_BITS else hex(key)
    return JSON_FLOATS.get(repr(key), repr(key)) if type(key) is float else key


JSON_FLOATS = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
MAX_KEY_BITS = 10_000  # str() refuses integers of more than 4300 digits


def _same_elements(values: list[Any], expected: list[Any]) -> bool:
    return len(values) == len(expected) and _counted(values) == _counted(expected)


def _counted(values: list[Any]) -> dict[Hashable, int]:
    """Return how often each value occurs."""
    frozen = [_frozen(value) for value in values]
    different: list[Hashable] = []
    for _, group in itertools.groupby(sorted(frozen, key=hash), hash):
        alike: list[Hashable] = []
        for value in group:
            if value not in alike:
                if len(alike) == MAX_EQUAL_HASHES:
                    raise ValueError("too many values with the same hash")
                alike.append(value)
        different += alike
    check_keys(different)
    return Counter(frozen)


def _frozen(value: Any) -> Hashable:
    """Return a hashable form of a value; two forms are equal if and only if the values are equal."""
    kind = type(value)
    if kind is list or kind is tuple:
        return (kind.__name__, *map(_frozen, value))
    if kind is dict:
        pairs = [(key, _frozen(each)) for key, each in value.items()]
        check_keys(pairs, of_set=True)
        return ("dict", frozenset(pairs))
    return frozenset(value) if kind is set else value


def _close(value: Any, expected: Any, flags: CheckerFlags) -> bool:
    if type(expected) is float:
        return type(value) in (float, int) and _near(value, expected, flags)
    if type(value) is not type(expected) or type(value) not in (list, tuple, dict):
        return same_value(value, expected)
    if len(value) != len(expected):
        return False
    if type(value) is dict:
        return all(key in value and _close(value[key], each, flags) for key, each in expected.items())
    return all(_close(one, other, flags) for one, other in zip(value, expected, strict=True))


def _near(value: float, expected: float, flags: CheckerFlags) -> bool:
    if not math.isfinite(value) or not math.isfinite(expected):
        return value == expected or (value != value and expected != expected)
    difference = abs(value - expected)
    absolute, relative = flags.absolute_tolerance, flags.relative_tolerance
    return (absolute is not None and difference <= absolute) or (
        relative is not None and difference <= relative * abs(expected)
    )
