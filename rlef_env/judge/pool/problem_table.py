"""What belongs to a problem, such as its key, remembered while the problem is in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from rlef_env.problems import Problem

__all__ = ["MAX_PROBLEMS", "ProblemTable"]

MAX_PROBLEMS: Final = 256
Value = TypeVar("Value")


class ProblemTable(Generic[Value]):
    """Maps problem objects to values; the problems that were used least recently are dropped.

    It holds each problem, so that no other object gets the same ``id``. Two threads may compute a value twice.

    Args:
        make: computes the value of a problem that is not in the table.
    """

    def __init__(self, make: Callable[[Problem], Value]) -> None:
        self._make = make
        self._entries: OrderedDict[int, tuple[Value, Problem]] = OrderedDict()

    def __getitem__(self, problem: Problem) -> Value:
        entry = self._entries.pop(id(problem), None)
        if entry is None:
            entry = (self._make(problem), problem)
        self._entries[id(problem)] = entry
        if len(self._entries) > MAX_PROBLEMS:
            self._entries.popitem(last=False)
        return entry[0]

    def drop(self, problem: Problem) -> None:
        """Remove a problem, if it is in the table."""
        self._entries.pop(id(problem), None)

    def clear(self) -> None:
        """Remove all problems."""
        self._entries.clear()
