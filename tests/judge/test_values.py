"""The comparison of values: hand-made cases, and against Python's own equality."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import DataError, UsageError
from rlef_env.judge.functions.value_codec import Other
from rlef_env.judge.functions.values import value_comparison
from rlef_env.problems import CheckerSpec

TOLERANT = ("float_absolute_tolerance", "1e-6", "float_relative_tolerance", "1e-7")
PRIME = 2**61 - 1  # integers that differ by multiples of it have the same hash
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, "", "1", "a", b"a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=2).map(tuple)
        | st.sets(st.integers(0, 2))
        | st.dictionaries(st.sampled_from([0, 1, "0", "1", None]), inner, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("flags", "value", "expected", "right"),
    [
        ((), 1, True, True),
        ((), (1, 2), [1, 2], False),
        ((), 0.1 + 0.2, 0.3, False),
        ((), math.nan, math.nan, False),
        ((), Other("Any"), Other("Any"), False),
        (("json",), (1, (2,)), [1, [2]], True),
        (("json",), {2: (2,), True: 3}, {"true": 3}, False),
        (("json",), {1: "a", None: 2, 2.5: 3}, {"1": "a", "null": 2, "2.5": 3}, True),
        (("json",), {1}, [1], False),
        (("json",), [1, 2], [2, 1], False),
        (("unordered",), [3, 1, 1], [1, 3, 1], True),
        (("unordered",), [3, 1, 1], [1, 3, 3], False),
        (("unordered",), [3, 1], [1, 3, 3], False),
        (("unordered",), [[1, 2], {"a": [3]}], [{"a": [3]}, [1, 2]], True),
        (("unordered",), [[1, 2]], [[2, 1]], False),
        (("unordered",), [[1, 2]], [(1, 2)], False),
        (("unordered",), [1, 1.0, True], [True, 1, 1], True),
        (("unordered",), [float("nan")], [float("nan")], False),
        (("unordered",), [Other("x")], [Other("x")], False),
        (("unordered",), [0] * 1000, [0] * 1000, True),
        (("unordered",), "ab", "ba", False),
        (("json", "unordered"), [(2, 1), 0], [0, [2, 1]], True),
        # Integers are compared exactly, for any type of the returned number, and also with a tolerance.
        ((), 2**53 + 1, float(2**53), False),
        ((), float(2**53), 2**53, True),
        ((), [float(2**53)], [2**53 + 1], False),
        (("json",), {math.inf: 1, -math.inf: 2}, {"Infinity": 1, "-Infinity": 2}, True),
        (("unordered",), [2**53 + 1, 2**53], [float(2**53), 2**53 + 1], True),
        (("unordered",), [2**53, 2**53], [float(2**53), 2**53 + 1], False),
        (TOLERANT, float(2**53), 2**53 + 1, False),
        (TOLERANT, [1000000.0000001], [1000000], False),
        (TOLERANT, [2**53 + 1], [float(2**53)], True),
        (TOLERANT, 10**400, math.inf, False),
        (TOLERANT, -0.0, 0.0, True),
        (TOLERANT, True, 1.0, True),
        (TOLERANT, True, 1.0000001, False),
        (TOLERANT, 1.0000001, 1.0, True),
        (TOLERANT, 1.00001, 1.0, False),
        (TOLERANT, 1e9 + 1, 1e9, True),
        (TOLERANT, [1.0000001, (2.0,)], [1.0, (2.0,)], True),
        (TOLERANT, (1.0000001,), [1.0], False),
        (TOLERANT, [1.0], [1.0, 2.0], False),
        (TOLERANT, {"a": 1.0000001}, {"a": 1.0}, True),
        (TOLERANT, {"b": 1.0}, {"a": 1.0}, False),
        (TOLERANT, 1, 1.0000001, True),
        (TOLERANT, 1.0000001, 1, False),
        (TOLERANT, "1.0", 1.0, False),
        (TOLERANT, math.nan, math.nan, True),
        (TOLERANT, math.inf, -math.inf, False),
        (TOLERANT, math.inf, 1e308, False),
        (TOLERANT, 10**400, 1e308, False),
        (TOLERANT, Other("float64"), 1.0, False),
        (TOLERANT, None, 1.0, False),
    ],
)
def test_value_comparison(flags: tuple[str, ...], value: object, expected: object, right: bool) -> None:
    assert value_comparison(CheckerSpec("value", flags))(value, expected) is right


@pytest.mark.parametrize("flags", [(), ("json",), ("unordered",), ("json", "unordered"), TOLERANT])
@given(value=PLAIN, expected=PLAIN)
def test_flags_only_add_to_equality(flags: tuple[str, ...], value: Any, expected: Any) -> None:
    compare = value_comparison(CheckerSpec("value", flags))
    assert compare(value, value)
    if flags in ((), TOLERANT):
        assert compare(value, expected) == (value == expected)
    elif value == expected:
        assert compare(value, expected)


@pytest.mark.parametrize("flags", [("unordered",), ("json", "unordered")])
@pytest.mark.parametrize(
    "value",
    [
        [n * PRIME for n in range(100_000)],
        [[n * PRIME] for n in range(100_000)],
        [{n: n * PRIME} for n in range(100_000)],
        [math.nan] * 100_000,
    ],
)
def test_values_with_colliding_hashes_are_wrong_in_linear_time(flags: tuple[str, ...], value: list[object]) -> None:
    assert not value_comparison(CheckerSpec("value", flags))(
        value, list(range(100_000))
    )  # in quadratic time it would take minutes


def test_a_spec_for_text_raises_usage_error() -> None:
    with pytest.raises(UsageError, match="give the problem CheckerSpec"):
        value_comparison(CheckerSpec("tokens"))
    with pytest.raises(DataError, match="value flags"):
        value_comparison(CheckerSpec("value", ("ignore_case",)))
