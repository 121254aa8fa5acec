"""Mutants keep the form of their inputs."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from rlef_env.quality.mutate import free_places, mutants

LISTS = ["3\n4 1 9\n", "5\n1 2 3 4 5\n", "2\n7 7\n"]
numbers = st.lists(st.integers(-50, 50), min_size=1, max_size=6)


def some(inputs: list[str], seed: int = 0, most: int = 60) -> list[str]:
    return list(itertools.islice(mutants(inputs, seed), most))


@given(st.lists(numbers, min_size=1, max_size=4), st.integers(0, 9))
def test_a_list_keeps_its_length_and_its_range(lists: list[list[int]], seed: int) -> None:
    inputs = [f"{len(values)}\n{' '.join(map(str, values))}\n" for values in lists]
    low, high = min(map(min, lists)), max(map(max, lists))
    for text in some(inputs, seed):
        length, values = text.split("\n", 1)
        assert int(length) == len(values.split())
        assert all(low <= int(value) <= high for value in values.split())


def test_the_same_seed_gives_the_same_mutants() -> None:
    assert some(LISTS, 1) == some(LISTS, 1) != some(LISTS, 2)


def test_no_mutant_is_an_input_or_a_mutant_before() -> None:
    found = some(LISTS, most=300)
    assert len(found) == len({*found, *LISTS}) - len(LISTS)
    assert len(found) >= 50


def test_it_ends_where_there_is_nothing_to_change() -> None:
    assert some(["1\n5\n"]) == []
    assert some([]) == []


def test_words_are_made_of_the_letters_that_stand_there() -> None:
    for text in some(["3\nabc\n", "2\nzz\n"]):
        length, word = text.split()
        assert int(length) == len(word)
        assert set(word) <= set("abcz")


def test_counts_are_left_alone() -> None:
    lines = [["2", "9"], ["8", "7"], ["6", "5"]]
    assert (0, 0) not in free_places(lines)  # lines below, and tokens of each
    assert (0, 1) in free_places(lines)
    assert (2, 1) in free_places(lines)
