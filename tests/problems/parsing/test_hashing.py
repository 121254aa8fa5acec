"""Colliding keys are refused before a dict is made of them; ordinary keys never are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.problems.parsing.hashing import check_keys
from tests.clashing import clashing


@pytest.mark.parametrize("bits", [11, 12, 13])
def test_colliding_keys_are_refused(bits: int) -> None:
    with pytest.raises(ValueError, match="keys whose hashes collide"):
        check_keys(clashing(bits))
    with pytest.raises(ValueError, match="keys whose hashes collide"):
        check_keys([float(key) for key in clashing(bits)])


def test_equal_hashes_are_refused_unless_they_are_few() -> None:
    check_keys([number * (2**61 - 1) for number in range(64)])
    check_keys([-1, -2, *range(100)])  # one hash, in CPython
    with pytest.raises(ValueError, match="the same hash"):
        check_keys([number * (2**61 - 1) for number in range(66)])


@pytest.mark.parametrize(
    "keys",
    [
        range(20_000),
        range(-10_000, 10_000),
        range(0, 20_000 * 2**20, 2**20),
        range(0, 5_000 * 2**40, 2**40),
        [number * number for number in range(5_000)],
        [float(number) / 7 for number in range(5_000)],
        [2**number for number in range(1100)],
        [(number, -number) for number in range(5_000)],
        [frozenset({number, number + 1}) for number in range(5_000)],
        [complex(number, 1) for number in range(5_000)],
        [str(number) for number in range(5_000)],
    ],
    ids=lambda keys: repr(keys)[:30],
)
@pytest.mark.parametrize("of_set", [False, True])
def test_ordinary_keys_are_accepted(keys: list[object], of_set: bool) -> None:
    check_keys(keys, of_set)


@given(st.integers(-(2**70), 2**70), st.integers(1, 2**65), st.booleans())
def test_arithmetic_sequences_are_accepted(start: int, step: int, of_set: bool) -> None:
    if step % (2**61 - 1):
        check_keys([start + step * number for number in range(1500)], of_set)
