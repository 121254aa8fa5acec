"""Measure the CPU seconds of a process and its living descendants, by purpose.

The kernel adds a process's CPU time to its parent's total only when the process has ended, and the judge's workers live
as long as the run. Therefore the totals of all living descendants, including the children that these have waited for,
are read from ``/proc``. This module needs only Python, because it also runs in TRL's interpreter.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TextIO, TypeVar

__all__ = ["CPUAccount", "answer_stream", "descendants_seconds", "send_answer"]

P = ParamSpec("P")
T = TypeVar("T")
TICK = 1.0 / os.sysconf("SC_CLK_TCK")


class CPUAccount:
    """CPU seconds of steps: this process's by phase, and its descendants', which belong to the judge."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Set all counts to zero."""
        self.lengths: list[int] = []
        self.solved: list[bool] = []
        self.without_verdict = 0
        self._phases = {"rollout": 0.0, "judge": 0.0}
        self._parts: dict[str, float] = defaultdict(float)
        self._own, self._others, self._wall = time.process_time(), descendants_seconds(), time.monotonic()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count this process's time inside as ``rollout`` or ``judge``; its other time belongs to the update."""
        began = time.process_time()
        try:
            yield
        finally:
            self._phases[name] += time.process_time() - began

    def timed(self, part: str, function: Callable[P, T]) -> Callable[P, T]:
        """Return a function that counts this process's time in another one as a part of the update, by name."""

        @functools.wraps(function)
        def counted(*arguments: P.args, **named: P.kwargs) -> T:
            began = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                self._parts[part] += time.process_time() - began

        return counted

    def report(self) -> dict[str, float | list[int] | dict[str, float]]:
        """Return the CPU seconds since ``restart`` (rollout, judge, update, all), wall seconds, and statistics.

        ``solved`` is a share, ``without_verdict`` a number of programs, ``lengths`` are the responses' in tokens,
        ``parts`` the seconds of each part that ``timed`` counts.
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
            "without_verdict": self.without_verdict,
            "lengths": self.lengths,
            "parts": dict(self._parts),
        }


def descendants_seconds() -> float:
    """Return the user + system time of this process's living descendants and of the children they have waited for."""
    children: dict[int, list[tuple[int, int]]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):  # the process has ended meanwhile
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(fields[1]), []).append((int(folder.name), sum(map(int, fields[11:15]))))
    ticks, parents = 0, [os.getpid()]
    while parents:
        for pid, used in children.get(parents.pop(), []):
            ticks += used
            parents.append(pid)
    return ticks * TICK


def answer_stream() -> TextIO:
    """Return standard output for answers, and redirect the output of libraries to standard error."""
    stream = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return stream


def send_answer(stream: TextIO, report: object) -> None:
    """Send an answer and wait for the next input line; exit at the end of the input."""
    print(json.dumps(report), file=stream, flush=True)
    if not sys.stdin.readline():
        raise SystemExit
