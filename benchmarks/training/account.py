"""CPU seconds of a process and all that descend from it, while they live, told apart by what they are for.

What a process has used is added to its parent's account only when it ends, and the judge's workers live as long as the
run. So the accounts of all living descendants are read from ``/proc``, together with what those of them have waited
for. Needs nothing but Python, as it runs in another interpreter than the project's, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

__all__ = ["Account", "answers", "descendants_seconds", "tell"]

TICK = 1.0 / os.sysconf("SC_CLK_TCK")


class Account:
    """What steps cost: this process by phases, and its descendants, which are the judge."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Count from here on."""
        self.lengths: list[int] = []
        self.solved: list[bool] = []
        self.lost = 0
        self._phases = {"rollout": 0.0, "judge": 0.0}
        self._own, self._others, self._wall = time.process_time(), descendants_seconds(), time.monotonic()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What this process uses inside is for ``rollout`` or ``judge``; what it uses elsewhere, for the update."""
        began = time.process_time()
        try:
            yield
        finally:
            self._phases[name] += time.process_time() - began

    def report(self) -> dict[str, float | list[int]]:
        """CPU seconds since ``restart`` (rollout, judge, update, all), wall seconds, and what was drawn.

        ``solved`` is a share, ``lost`` the number of programs without a verdict, ``lengths`` are in tokens.
        """
        own, others = time.process_time() - self._own, descendants_seconds() - self._others
        rollout, judge = self._phases["rollout"], self._phases["judge"] + others
        return {
            "rollout": rollout,
            "judge": judge,
            "update": own + others - rollout - judge,
            "all": own + others,
            "wall": time.monotonic() - self._wall,
            "solved": sum(self.solved) / max(len(self.solved), 1),
            "lost": self.lost,
            "lengths": self.lengths,
        }


def descendants_seconds() -> float:
    """User + system time of all living descendants of this process and of those that they have waited for."""
    children: dict[int, list[tuple[int, int]]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append((int(folder.name), sum(map(int, fields[11:15]))))
    ticks, left = 0, [os.getpid()]
    while left:
        for pid, used in children.get(left.pop(), []):
            ticks += used
            left.append(pid)
    return ticks * TICK


def answers() -> TextIO:
    """Standard output, for answers alone: what libraries print goes to standard error from now on."""
    stream = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return stream


def tell(stream: TextIO, report: object) -> None:
    """Answer, and wait for the next line; end the process where there is none."""
    print(json.dumps(report), file=stream, flush=True)
    if not sys.stdin.readline():
        raise SystemExit
