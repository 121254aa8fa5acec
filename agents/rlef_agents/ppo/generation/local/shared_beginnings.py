"""Find a sequence of tokens that begins like another one."""

from __future__ import annotations

from bisect import bisect_left
from typing import Generic, TypeVar

import numpy as np

from rlef_agents.ppo.trajectory import Ids

__all__ = ["Beginnings"]

Item = TypeVar("Item")


class Beginnings(Generic[Item]):
    """Sequences of tokens in lexicographic order: the one with the longest common beginning is a neighbour."""

    def __init__(self) -> None:
        self._keys: list[bytes] = []
        self._items: list[Item] = []

    def add(self, ids: Ids, item: Item) -> None:
        """Add an item's tokens."""
        key = _key(ids)
        place = bisect_left(self._keys, key)
        self._keys.insert(place, key)
        self._items.insert(place, item)

    def longest(self, ids: Ids) -> tuple[Item | None, int]:
        """Return the item with the longest common beginning, and its length in tokens; None and 0 where it is empty."""
        key = _key(ids)
        place = bisect_left(self._keys, key)
        found: Item | None = None
        length = 0
        for neighbour in range(max(place - 1, 0), min(place + 1, len(self._keys))):
            if (common := _common(self._keys[neighbour], key)) > length:
                found, length = self._items[neighbour], common
        return found, length


def _key(ids: Ids) -> bytes:
    """Return bytes that compare as the tokens do."""
    return np.asarray(ids).astype(">u4").tobytes()


def _common(one: bytes, other: bytes) -> int:
    size = min(len(one), len(other)) // 4
    differs = np.flatnonzero(np.frombuffer(one, ">u4", size) != np.frombuffer(other, ">u4", size))
    return int(differs[0]) if len(differs) else size
