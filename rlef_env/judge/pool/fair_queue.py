"""A queue in which higher priorities go first, and owners of the same priority take turns."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Hashable
from typing import Final, Generic, TypeAlias, TypeVar

__all__ = ["FairPriorityQueue", "Position"]

Item = TypeVar("Item")
Position: TypeAlias = tuple[int, int]
"""Position of a queued item: its negative priority and its round. The smallest goes first."""
FIRST: Final[Position] = (-(10**9), 0)


class FairPriorityQueue(Generic[Item]):
    """Serves owners in rounds: each round has one item of each owner.

    The position of an item is fixed when it is put: in the current round, or in the round after its owner's last item.
    So an owner with a thousand items delays the first item of another owner by one item only.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[Position, int, Item]] = []
        self._numbers = itertools.count()
        self._rounds: dict[int, int] = {}  # priority -> current round
        self._last: dict[tuple[int, Hashable], int] = {}  # priority and owner -> round of the owner's last item

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, item: Item, priority: int = 0, owner: Hashable = None) -> None:
        """Add an item; a higher priority goes first."""
        current = self._rounds.get(priority, 0)
        own = self._last[priority, owner] = max(current, self._last.get((priority, owner), current - 1) + 1)
        self.put_at((-priority, own), item)

    def put_first(self, item: Item) -> None:
        """Add an item before all others, but after those that were added in this way before."""
        self.put_at(FIRST, item)

    def put_at(self, position: Position, item: Item) -> None:
        """Add an item behind those at this position."""
        heapq.heappush(self._heap, (position, next(self._numbers), item))

    def first(self) -> Item:
        """Return the next item."""
        return self._heap[0][2]

    def pop(self) -> tuple[Position, Item]:
        """Remove the next item; return it with its position."""
        position, _, item = heapq.heappop(self._heap)
        if not self._heap:
            self._reset()
        elif position != FIRST:
            self._rounds[-position[0]] = position[1]
        return position, item

    def remove(self, items: Collection[Item]) -> None:
        """Remove those of the items that are queued."""
        self._heap = [entry for entry in self._heap if entry[2] not in items]
        heapq.heapify(self._heap)

    def clear(self) -> list[Item]:
        """Remove all items; return them in order."""
        items = [item for *_, item in sorted(self._heap, key=lambda entry: entry[:2])]
        self._heap.clear()
        self._reset()
        return items

    def _reset(self) -> None:
        """Reset the rounds when the queue is empty; owners are transient."""
        self._rounds.clear()
        self._last.clear()
