"""The rule for values: whether what a function returned is what it should return.

Both are plain (see `encoding.py`), decoded in this process; no method of a stranger's class is called. The value comes
from a program that nobody trusts: no rule raises, and each takes time about linear in both values.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Any, TypeAlias

from rlef_env.errors import UsageError
from rlef_env.judge.functions.value_codec import MOST_EQUAL_HASHES, same_value
from rlef_env.problems import CheckerFlags, CheckerSpec, check_keys, parse_checker_flags

__all__ = ["ValueRule", "value_rule"]

ValueRule: TypeAlias = Callable[[object, object], bool]
"""Whether a value is right: ``rule(value, expected)``."""


def value_rule(spec: CheckerSpec) -> ValueRule:
    """The rule that a spec of the name ``"value"`` asks for.

    Without flags: Python's ``==`` (``1 == 1.0``, a list is no tuple). ``json``: as JSON has both, tuples are lists and
    keys are text. ``list_of_one``: a list of just the expected value is right, too. ``unordered``: the elements of the
    outermost list, tuple or set in any order, each as often. With a tolerance, where a float is expected a number may
    differ by it, in lists, tuples and dicts of the same type and length, too (EvalPlus compares so); infinities and nan
    must be the same.

    >>> value_rule(CheckerSpec("value"))((1, 2), [1, 2]), value_rule(CheckerSpec("value", ("json",)))((1, 2), [1, 2])
    (False, True)

    Raises:
        UsageError: the spec has another name.
        DataError: the flags are not as they should be.
    """
    if spec.name != "value":
        raise UsageError(
            "checker: expected one for what functions return, 'value' or a program with a source, got "
            f"{spec.name!r}; give the problem CheckerSpec('value')"
        )
    flags = parse_checker_flags(spec.name, spec.flags)
    if not spec.flags:
        return same_value

    def rule(value: object, expected: object) -> bool:
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

    return rule


LISTS = (list, tuple, set, frozenset)


def _as_json(value: Any) -> Any:
    """The value as JSON would have it; what JSON has no word for stays."""
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
        return str(key) if key.bit_length() < LONGEST_KEY else hex(key)
    return JSON_FLOATS.get(repr(key), repr(key)) if type(key) is float else key


JSON_FLOATS = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
LONGEST_KEY = 10_000  # bits; str() refuses beyond 4300 digits


def _same_elements(values: list[Any], expected: list[Any]) -> bool:
    return len(values) == len(expected) and _counted(values) == _counted(expected)


def _counted(values: list[Any]) -> dict[Hashable, int]:
    """How often each stands there."""
    frozen = [_frozen(value) for value in values]
    different: list[Hashable] = []
    for _, group in itertools.groupby(sorted(frozen, key=hash), hash):
        alike: list[Hashable] = []
        for value in group:
            if value not in alike:
                if len(alike) == MOST_EQUAL_HASHES:
                    raise ValueError("too many values with the same hash")
                alike.append(value)
        different += alike
    check_keys(different)
    return Counter(frozen)


def _frozen(value: Any) -> Hashable:
    """Something with a hash that equals another's if and only if the values are equal."""
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
