"""Whether the kernel ran out of memory and killed processes."""

from __future__ import annotations

import threading
from typing import Final

__all__ = ["OUT_OF_MEMORY", "OutOfMemory"]


class OutOfMemory(threading.local):
    """Detects, in each thread, that the kernel killed a process for lack of memory since the thread's last check."""

    def __init__(self, count: int) -> None:
        self._count = count

    def happened(self) -> bool:
        """Return whether it killed any process on this machine since this thread last asked."""
        count, before = _oom_kills(), self._count
        self._count = count
        return count > before


def _oom_kills() -> int:
    try:
        with open("/proc/vmstat") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("oom_kill ")), 0)
    except (OSError, ValueError):
        return 0


OUT_OF_MEMORY: Final = OutOfMemory(_oom_kills())
"""Counts, in each thread, from the time this module was loaded: a run may be repeated once too often, which is safe."""
