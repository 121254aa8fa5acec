"""What a running process has used so far, read from outside it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = [
    "TICKS",
    "Thread",
    "Usage",
    "has_schedstat",
    "naps",
    "own_work_seconds",
    "process_id",
    "usage",
    "waited",
    "worked",
]

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
WAITERS = 4
MUCH_SPACE = 2**34  # bytes of address space whose page tables are worth a look: they may take a 512th of it


@dataclass(frozen=True, slots=True)
class Thread:
    """What is known of a thread.

    Attributes:
        core: on which it is, or was last; -1 where it has just ended.
        ready: whether it is on its core or waits for it.
        on_core_seconds: how long it has been on any; 0.0 where the kernel does not tell.
        queued_seconds: how long it has waited for one; likewise.
    """

    core: int
    ready: bool
    on_core_seconds: float
    queued_seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of a process, or of a process and all that descend from it.

    Attributes:
        age_seconds: since it was forked, to a hundredth.
        cpu_seconds: user + system, all threads together, ended ones too.
        threads: thread -> what is known of it; empty where there are too many of them.
        resident_bytes: memory touched and still held; with the kernel's page tables, where they may be large: memory
            that is only read takes no other.
        thread_count: how many there are.
        runnable: whether a thread is on a core or waiting for one; a wait is told only when it is over.
        blocked: whether a thread is in a wait that cannot be interrupted: for the disk, say.
    """

    age_seconds: float
    cpu_seconds: float
    threads: Mapping[int, Thread]
    resident_bytes: int
    thread_count: int
    runnable: bool
    blocked: bool = False


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


def usage(pid: int, max_threads: int, descendants: bool = False) -> Usage | None:
    """Read a process's totals, or None where it has ended. With more threads than named, theirs are not read.

    With ``descendants`` they are those of all processes that it has started, too, as far as they are not orphans.
    """
    now = time.clock_gettime(time.CLOCK_BOOTTIME)  # before the totals: whoever is late here must not see it as sleep
    root = _usage_of_one(pid, now, max_threads, descendants)
    if root is None or not descendants:
        return root
    found, tree, seen = _children(pid), [root], {pid}
    while found and len(seen) < max_threads:
        child = found.pop()
        if child not in seen:
            seen.add(child)
            found += _children(child)
            if (each := _usage_of_one(child, now, max_threads, True)) is not None:
                tree.append(each)
    return Usage(
        root.age_seconds,
        sum(each.cpu_seconds for each in tree),
        {number: thread for each in tree for number, thread in each.threads.items()},
        sum(each.resident_bytes for each in tree),
        sum(each.thread_count for each in tree),
        any(each.runnable for each in tree),
        any(each.blocked for each in tree),
    )


def _usage_of_one(pid: int, now: float, max_threads: int, waited_for: bool) -> Usage | None:
    """One process's totals; with ``waited_for``, its CPU time is with that of ended children."""
    try:
        cpu = time.clock_gettime((~pid << 3) | 2)  # the clock id of another process (clock_getcpuclockid)
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        # State, cutime, cstime, num_threads, starttime, rss and processor of proc(5).
        count, started, resident = int(fields[17]), int(fields[19]) / TICKS, int(fields[21]) * PAGE
        if int(fields[20]) > MUCH_SPACE:
            resident += _page_tables(pid)
        if waited_for:
            cpu += (int(fields[13]) + int(fields[14])) / TICKS
        states = {pid: (fields[0], int(fields[36]))}
        if 1 < count <= max_threads:
            states = {int(task): _state(f"/proc/{pid}/task/{task}/stat") for task in os.listdir(f"/proc/{pid}/task")}
        threads = {}
        for task, (kind, core) in states.items() if count <= max_threads else ():
            on_core, queued = _schedstat(f"/proc/{pid}/task/{task}/schedstat")
            threads[task] = Thread(core, kind == b"R", on_core, queued)
    except (OSError, IndexError):
        return None
    kinds = {kind for kind, _ in states.values()}
    return Usage(now - started, cpu, threads, resident, count, b"R" in kinds, b"D" in kinds)


def own_work_seconds() -> float:
    """How long this thread has been on a core, or waiting for one."""
    return time.thread_time() + _schedstat("/proc/thread-self/schedstat")[1]


def waited(before: Usage, now: Usage) -> float:
    """How long a process waited for a core between two looks: what its few longest waiting threads did.

    The sum over hundreds of threads could be far longer than the time that passed, and pay for sleep.
    """
    waits = sorted(
        (
            thread.queued_seconds - (before.threads[number].queued_seconds if number in before.threads else 0.0)
            for number, thread in now.threads.items()
        ),
        reverse=True,
    )
    return sum(waits[:WAITERS])


def worked(before: Usage, now: Usage) -> dict[int, float]:
    """Core -> how long threads that are on it now were on a core between two looks.

    Threads that sleep hold none, and are left out; but where all did, or the kernel does not tell, their cores are
    those that they slept on, with nothing done there.
    """
    seconds: dict[int, float] = {}
    for number, thread in now.threads.items():
        known = before.threads[number].on_core_seconds if number in before.threads else 0.0
        grown = max(0.0, thread.on_core_seconds - known)  # numbers of threads come again
        if thread.core >= 0 and (grown > 0 or thread.ready):
            seconds[thread.core] = seconds.get(thread.core, 0.0) + grown
    return seconds or {thread.core: 0.0 for thread in now.threads.values() if thread.core >= 0}


def naps(threads: Collection[int], max_threads: int) -> dict[int, int]:
    """Thread -> how many times it has gone to sleep; with more threads than named, only of so many."""
    counts = {}
    for thread in sorted(threads)[:max_threads]:
        with contextlib.suppress(OSError), open(f"/proc/{thread}/status", "rb") as file:
            counts[thread] = next((int(line.split()[1]) for line in file if line.startswith(b"voluntary_")), 0)
    return counts


def _state(path: str) -> tuple[bytes, int]:
    """The state of a thread, and its core; of one that has just ended, none."""
    try:
        with open(path, "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return fields[0], int(fields[36])
    except (FileNotFoundError, ProcessLookupError):
        return b"", -1


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _page_tables(pid: int) -> int:
    """Bytes."""
    with open(f"/proc/{pid}/status", "rb") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith(b"VmPTE:")), 0)


def _schedstat(path: str) -> tuple[float, float]:
    """Seconds on a core, and in the queue for one; of a thread that has just ended, or without schedstat, none."""
    try:
        with open(path) as file:
            on_core, queued = file.read().split()[:2]
            return int(on_core) / 1e9, int(queued) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
