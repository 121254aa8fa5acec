"""What a running process has used so far, read from outside it."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Usage", "has_schedstat", "own_work_seconds", "process_id", "usage", "waited"]

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
WAITERS = 4


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of a process.

    Attributes:
        age_seconds: since it was forked, to a hundredth.
        cpu_seconds: user + system, all threads together, ended ones too.
        queued_seconds: thread -> time it has spent waiting for a core; empty where the kernel does not tell.
        resident_bytes: memory touched and still held.
        threads: how many there are.
        runnable: whether a thread is on a core or waiting for one; a wait is told only when it is over.
    """

    age_seconds: float
    cpu_seconds: float
    queued_seconds: Mapping[int, float]
    resident_bytes: int
    threads: int
    runnable: bool


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


def usage(pid: int, most_threads: int) -> Usage | None:
    """Read a process's totals, or None where it has ended. With more threads than named, theirs are not read."""
    now = time.clock_gettime(time.CLOCK_BOOTTIME)  # before the totals: whoever is late here must not see it as sleep
    try:
        cpu = time.clock_gettime((~pid << 3) | 2)  # the clock id of another process (clock_getcpuclockid)
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        # State, num_threads, starttime and rss of proc(5).
        threads, started, resident = int(fields[17]), int(fields[19]) / TICKS, int(fields[21]) * PAGE
        tasks = os.listdir(f"/proc/{pid}/task") if threads <= most_threads else []
        runnable = fields[0] == b"R" or (threads > 1 and any(_runs(f"/proc/{pid}/task/{task}/stat") for task in tasks))
        queued = {int(task): _queued(f"/proc/{pid}/task/{task}/schedstat") for task in tasks}
    except (OSError, IndexError):
        return None
    return Usage(now - started, cpu, queued, resident, threads, runnable)


def own_work_seconds() -> float:
    """How long this thread has been on a core, or waiting for one."""
    return time.thread_time() + _queued("/proc/thread-self/schedstat")


def waited(before: Mapping[int, float], now: Mapping[int, float]) -> float:
    """How long a process waited for a core between two looks: what its few longest waiting threads did.

    The sum over hundreds of threads could be far longer than the time that passed, and pay for sleep.
    """
    waits = sorted((total - before.get(thread, 0.0) for thread, total in now.items()), reverse=True)
    return sum(waits[:WAITERS])


def _runs(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"R"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _queued(path: str) -> float:
    try:
        with open(path) as file:
            return int(file.read().split()[1]) / 1e9
    except (FileNotFoundError, ProcessLookupError):  # a thread that has just ended, or a kernel without schedstat
        return 0.0
