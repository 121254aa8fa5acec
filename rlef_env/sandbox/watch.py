"""What a running process has used so far, read from outside it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

__all__ = ["Usage", "has_schedstat", "process_id", "usage"]

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of a process, all threads together.

    Attributes:
        cpu_seconds: user + system.
        queued_seconds: time spent waiting for a core; 0 where the kernel does not tell.
        resident_bytes: memory touched and still held.
    """

    cpu_seconds: float
    queued_seconds: float
    resident_bytes: int


def has_schedstat() -> bool:
    """Whether the kernel tells how long a process waited for a core."""
    return os.path.exists("/proc/self/schedstat")


def process_id(handle: int) -> int:
    """The process a pidfd stands for; -1 once it has been waited for."""
    with open(f"/proc/self/fdinfo/{handle}") as file:
        for line in file:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    return -1


def usage(pid: int) -> Usage | None:
    """Read a process's totals, or None where it has ended."""
    try:
        cpu = time.clock_gettime((~pid << 3) | 2)  # the clock id of another process (clock_getcpuclockid)
        with open(f"/proc/{pid}/statm") as file:
            resident = int(file.read().split()[1]) * PAGE
        queued = 0.0
        for task in os.listdir(f"/proc/{pid}/task"):
            queued += _queued(f"/proc/{pid}/task/{task}/schedstat")
    except (OSError, IndexError):
        return None
    return Usage(cpu, queued, resident)


def _queued(path: str) -> float:
    try:
        with open(path) as file:
            return int(file.read().split()[1]) / 1e9
    except FileNotFoundError:  # a thread that has just ended, or a kernel without schedstat
        return 0.0
