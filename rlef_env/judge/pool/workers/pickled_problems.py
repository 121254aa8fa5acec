"""Problems as they are sent to workers: pickled once, although many workers need the same one."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from rlef_env.judge.job import needed_to_judge
from rlef_env.judge.pool.workers.wire import Frames, frames, num_bytes
from rlef_env.problems import Problem

__all__ = ["PickledProblem", "PickledProblems"]

MAX_BYTES: Final = 32_000_000


class PickledProblem(NamedTuple):
    """A problem as it is sent.

    Attributes:
        frames: the message to a worker.
        characters: number of characters in its tests.
    """

    frames: Frames
    characters: int


class PickledProblems:
    """A cache of pickled problems; those that were used least recently are dropped."""

    def __init__(self) -> None:
        self._entries: OrderedDict[int, PickledProblem] = OrderedDict()

    def get(self, key: int, problem: Problem) -> PickledProblem:
        """Return a problem pickled. No other problem may have the same key."""
        entry = self._entries.pop(key, None)
        if entry is None:
            characters = sum(len(test.input) + len(test.output) for _, _, test in problem.tests())
            entry = PickledProblem(frames("problem", key, needed_to_judge(problem)), characters)
        self._entries[key] = entry
        while len(self._entries) > 1 and sum(num_bytes(each.frames) for each in self._entries.values()) > MAX_BYTES:
            self._entries.popitem(last=False)
        return entry
