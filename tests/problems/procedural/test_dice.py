"""Reproducible random numbers: known values, and bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlef_env.problems.procedural.dice import Dice


def test_numbers_are_what_they_were() -> None:
    dice = Dice("golden")
    assert [dice.integer(0, 10**9) for _ in range(3)] == [811302351, 486017739, 268177545]
    assert "".join(dice.shuffled("abcdef")) == "acfbde"
    assert "".join(dice.picks("abcdef", 6)) == "afceea"


@given(st.text(), st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_integers_stay_within_bounds(seed: str, low: int, more: int) -> None:
    dice = Dice(seed)
    assert all(low <= dice.integer(low, low + more) <= low + more for _ in range(20))


@given(st.text(), st.lists(st.integers(), min_size=1))
def test_items_come_from_where_they_are_picked(seed: str, items: list[int]) -> None:
    dice = Dice(seed)
    assert sorted(dice.shuffled(items)) == sorted(items)
    assert set(dice.picks(items, 9)) <= set(items)
    assert len(dice.distinct(range(len(items)), len(items) // 2)) == len(items) // 2


def test_every_value_is_about_as_likely() -> None:
    dice = Dice("fair")
    counts = [0] * 6
    for _ in range(6000):
        counts[dice.integer(1, 6) - 1] += 1
    assert all(abs(count - 1000) < 150 for count in counts)
    assert 1700 < sum(dice.chance(30) for _ in range(6000)) < 1900
