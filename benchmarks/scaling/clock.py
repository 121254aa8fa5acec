"""A simulated clock, and stations where jobs wait for one of several servers. Nothing here knows what is simulated."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

__all__ = ["Clock", "Event", "Station"]

Event: TypeAlias = Callable[[], object]


class Clock:
    """Runs events in the order of their times; events of one time in the order in which they were made."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Event]] = []
        self._numbers = itertools.count()

    def after(self, seconds: float, event: Event) -> None:
        """Run an event so many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), event))

    def run(self, until: float) -> None:
        """Run all events up to a time; the clock then shows this time."""
        while self._events and self._events[0][0] <= until:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = until


@dataclass
class Station:
    """Servers with one queue: first come, first served.

    Attributes:
        clock: the clock.
        servers: number of jobs that are served at the same time.
        idle: number of servers without a job.
        busy_seconds: time for which servers had a job, summed; a job counts when it ends.
        waits: seconds that each job waited for a server.
    """

    clock: Clock
    servers: int
    idle: int = field(init=False)
    busy_seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    _queue: deque[tuple[float, float, Event]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.idle = self.servers

    def serve(self, seconds: float, then: Event) -> None:
        """Queue a job that takes a server for so many seconds; ``then`` runs when it ends."""
        self._queue.append((self.clock.now, seconds, then))
        self._start()

    def _start(self) -> None:
        while self.idle and self._queue:
            came, seconds, then = self._queue.popleft()
            self.waits.append(self.clock.now - came)
            self.idle -= 1
            self.clock.after(seconds, partial(self._end, seconds, then))

    def _end(self, seconds: float, then: Event) -> None:
        self.idle += 1
        self.busy_seconds += seconds
        then()
        self._start()

    def utilisation(self, seconds: float) -> float:
        """Return the share of the servers' time that was busy, in a run of so many seconds."""
        return self.busy_seconds / (self.servers * seconds)
