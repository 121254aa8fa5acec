"""Who is next: a queue in which priorities go first, and owners of the same priority take turns."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Hashable
from typing import Final, Generic, TypeAlias, TypeVar

__all__ = ["FairPriorityQueue", "Place"]

Item = TypeVar("Item")
Place: TypeAlias = tuple[int, int]
"""Of a waiting item: its priority, negative, and the round in which its owner's turn comes; the least is next."""
FIRST: Final[Place] = (-(10**9), 0)


class FairPriorityQueue(Generic[Item]):
    """What waits, each item once.

    An item's place is fixed when it comes: in the round that is being served, or after its owner's last one. So an
    owner of a thousand items holds another's first one up by one item.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[Place, int, Item]] = []
        self._numbers = itertools.count()
        self._rounds: dict[int, int] = {}  # priority -> the round that is being served
        self._last: dict[tuple[int, Hashable], int] = {}  # priority and owner -> the round of the owner's last item

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, item: Item, priority: int = 0, owner: Hashable = None) -> None:
        """Add an item; a higher priority goes first."""
        now = self._rounds.get(priority, 0)
        turn = self._last[priority, owner] = max(now, self._last.get((priority, owner), now - 1) + 1)
        self.put_at((-priority, turn), item)

    def put_first(self, item: Item) -> None:
        """Add an item before all others but those that were added so, too."""
        self.put_at(FIRST, item)

    def put_at(self, place: Place, item: Item) -> None:
        """Add an item behind those that are at this place."""
        heapq.heappush(self._heap, (place, next(self._numbers), item))

    def first(self) -> Item:
        """The item that is next."""
        return self._heap[0][2]

    def pop(self) -> tuple[Place, Item]:
        """Take out the item that is next, and say at which place it was."""
        place, _, item = heapq.heappop(self._heap)
        if not self._heap:
            self._forget()
        elif place != FIRST:
            self._rounds[-place[0]] = place[1]
        return place, item

    def remove(self, items: Collection[Item]) -> None:
        """Take these out, those of them that wait."""
        self._heap = [entry for entry in self._heap if entry[2] not in items]
        heapq.heapify(self._heap)

    def clear(self) -> list[Item]:
        """Take all out, in order."""
        items = [item for *_, item in sorted(self._heap, key=lambda entry: entry[:2])]
        self._heap.clear()
        self._forget()
        return items

    def _forget(self) -> None:
        """Where nobody waits, nobody has had more than others; and owners come and go."""
        self._rounds.clear()
        self._last.clear()
