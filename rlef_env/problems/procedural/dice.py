"""Random numbers that are the same on every machine and in every version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """Draws from a text seed.

    Only ``Random.random()`` is used, because Python promises for no other method that its numbers stay the same between
    versions (Library Reference, "Notes on Reproducibility").

    >>> dice = Dice("a text")
    >>> [dice.integer(1, 6) for _ in range(5)]
    [3, 3, 3, 2, 3]
    """

    def __init__(self, seed: str) -> None:
        source = Random()
        source.seed(seed, version=2)
        self._next = source.random

    def integer(self, low: int, high: int) -> int:
        """Draw an integer, ``low`` and ``high`` included."""
        return low + int(self._next() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        """Return True with this probability."""
        return self.integer(1, 100) <= percent

    def pick(self, items: Sequence[T]) -> T:
        """Draw one of the items."""
        return items[self.integer(0, len(items) - 1)]

    def picks(self, items: Sequence[T], count: int) -> list[T]:
        """Draw ``count`` items with replacement."""
        return [self.pick(items) for _ in range(count)]

    def distinct(self, items: Sequence[T], count: int) -> list[T]:
        """Draw ``count`` items without replacement, in random order."""
        if 4 * count < len(items):
            places: dict[int, None] = {}
            while len(places) < count:
                places[self.integer(0, len(items) - 1)] = None
            return [items[place] for place in places]
        left = list(items)
        return [left.pop(self.integer(0, len(left) - 1)) for _ in range(count)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return all items, in random order."""
        return self.distinct(items, len(items))

    def integers(self, low: int, high: int, count: int) -> list[int]:
        """Draw ``count`` integers with replacement."""
        return [self.integer(low, high) for _ in range(count)]
