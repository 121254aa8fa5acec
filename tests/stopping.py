"""Programs that stop until the test lets them continue, so that no test waits for a time.

A judged program can tell nobody how far it is, and a sleep may be too short on a slow machine. ``STOP`` stops the
program that runs it. The test waits until it has stopped, and lets it continue with ``resume``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

__all__ = ["STOP", "resume", "stopped", "wait_until"]

STOP = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"
"""First lines of a Python program. While it is stopped, it uses no core, like a program that sleeps."""


def stopped(pids: Iterable[int]) -> list[int]:
    """Return those of these processes and their descendants that are stopped."""
    return [pid for root in pids for pid in _tree(root) if _state(pid) == "T"]


def resume(pids: Iterable[int]) -> None:
    """Let processes continue."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def wait_until(condition: Callable[[], object]) -> None:
    """Return when the condition holds. If it never does, the test's own time limit ends the wait."""
    while not condition():
        time.sleep(0.01)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in list(Path(f"/proc/{pid}/task").iterdir()):
            with contextlib.suppress(OSError):
                for child in (task / "children").read_text().split():
                    yield from _tree(int(child))


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
