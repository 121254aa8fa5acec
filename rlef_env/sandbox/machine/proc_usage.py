"""Reads from ``/proc`` what a running process has used so far."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

__all__ = [
    "TICKS",
    "Thread",
    "Usage",
    "core_work",
    "has_schedstat",
    "own_work_seconds",
    "process_id",
    "queue_time",
    "sleep_counts",
    "usage",
]

TICKS = os.sysconf("SC_CLK_TCK")  # in a second
PAGE = os.sysconf("SC_PAGE_SIZE")
MAX_COUNTED_WAITS = 4  # threads whose waits count
MUCH_SPACE = 2**34  # bytes of address space from which on page tables, at most a 512th of it, are worth reading

# Places in /proc/PID/stat (proc(5)), counted from 0 after the name of the command.
STATE, CHILDREN_USER, CHILDREN_SYSTEM, THREADS, START, SPACE, RESIDENT, CORE = 0, 13, 14, 17, 19, 20, 21, 36


@dataclass(frozen=True, slots=True)
class Thread:
    """State and totals of a thread.

    Attributes:
        core: the core it is on, or was on last; -1 if it has just ended.
        ready: whether it is on its core or waits for it.
        on_core_seconds: time on any core; 0.0 if the kernel does not report it.
        queued_seconds: time waiting for a core; 0.0 if the kernel does not report it.
    """

    core: int
    ready: bool
    on_core_seconds: float
    queued_seconds: float


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of a process, or of a process and its descendants.

    Attributes:
        age_seconds: time since it was forked, to a hundredth of a second.
        cpu_seconds: user + system time of all threads, ended ones included.
        threads: thread id -> state and totals; empty if there are too many threads.
        resident_bytes: memory touched and still held. Page tables are included where they may be large, because memory
            that is only read takes nothing else.
        thread_count: number of threads.
        runnable: whether a thread is on a core or waiting for one. ``Thread.queued_seconds`` grows only when a wait is
            over.
        blocked: whether a thread is in an uninterruptible wait, for the disk for example.
    """

    age_seconds: float
    cpu_seconds: float
    threads: Mapping[int, Thread]
    resident_bytes: int
    thread_count: int
    runnable: bool
    blocked: bool = False

    def since(self, pid: int, cpu_seconds: float) -> Usage:
        """Return the totals without the CPU seconds that the process had used, in its only thread, at some moment."""
        threads = dict(self.threads)
        if pid in threads:
            threads[pid] = replace(threads[pid], on_core_seconds=max(0.0, threads[pid].on_core_seconds - cpu_seconds))
        return replace(self, cpu_seconds=max(0.0, self.cpu_seconds - cpu_seconds), threads=threads)


def has_schedstat() -> bool:
    """Return whether the kernel reports how long a process waited for a core."""
    return os.path.exists("/proc/self/schedstat")


def process_id(handle: int) -> int:
    """Return the process that a pidfd stands for; -1 once its parent has waited for it."""
    with open(f"/proc/self/fdinfo/{handle}") as file:
        for line in file:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    return -1


def usage(pid: int, max_threads: int, descendants: bool = False) -> Usage | None:
    """Read the totals of a process; None if it has ended.

    Args:
        pid: the process.
        max_threads: with more threads than this, single threads are not read.
        descendants: add the totals of all processes that it has started, except orphans.
    """
    # Read before the totals, so that a delay in between cannot look like sleep of the process.
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
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
        age_seconds=root.age_seconds,
        cpu_seconds=sum(each.cpu_seconds for each in tree),
        threads={number: thread for each in tree for number, thread in each.threads.items()},
        resident_bytes=sum(each.resident_bytes for each in tree),
        thread_count=sum(each.thread_count for each in tree),
        runnable=any(each.runnable for each in tree),
        blocked=any(each.blocked for each in tree),
    )


def _usage_of_one(pid: int, now: float, max_threads: int, ended_children: bool) -> Usage | None:
    """Read the totals of one process, with the CPU time of its ended children if asked for."""
    try:
        cpu = time.clock_gettime((~pid << 3) | 2)  # the clock id of another process (clock_getcpuclockid)
        fields = _stat(f"/proc/{pid}/stat")
        count, states = int(fields[THREADS]), {pid: (fields[STATE], int(fields[CORE]))}
        memory, holder = fields, f"/proc/{pid}"
        if ended_children:
            cpu += (int(fields[CHILDREN_USER]) + int(fields[CHILDREN_SYSTEM])) / TICKS
        if 1 < count <= max_threads:
            stats = {int(task): _thread_stat(pid, task) for task in os.listdir(f"/proc/{pid}/task")}
            states = {task: (each[STATE], int(each[CORE])) if each else (b"", -1) for task, each in stats.items()}
            # The kernel reports no memory for a first thread that has ended before the others.
            for task, each in stats.items():
                if each and int(each[RESIDENT]) > int(memory[RESIDENT]):
                    memory, holder = each, f"/proc/{pid}/task/{task}"
        resident = int(memory[RESIDENT]) * PAGE
        if int(memory[SPACE]) > MUCH_SPACE:
            resident += _page_table_bytes(holder)
        threads = {}
        if count <= max_threads:
            for task, (state, core) in states.items():
                threads[task] = Thread(core, state == b"R", *_schedstat(f"/proc/{pid}/task/{task}/schedstat"))
    except (OSError, IndexError):
        return None
    seen = {state for state, _ in states.values()}
    age = now - int(fields[START]) / TICKS
    return Usage(age, cpu, threads, resident, count, runnable=b"R" in seen, blocked=b"D" in seen)


def own_work_seconds() -> float:
    """Return how long this thread has been on a core or waiting for one."""
    return time.thread_time() + _schedstat("/proc/thread-self/schedstat")[1]


def queue_time(before: Usage, now: Usage) -> float:
    """Return the seconds that a process waited for a core between two samples: those of its longest waiting threads.

    The sum over hundreds of threads could be far longer than the time that passed, and would excuse sleep.
    """
    waits = (
        thread.queued_seconds - (before.threads[number].queued_seconds if number in before.threads else 0.0)
        for number, thread in now.threads.items()
    )
    return sum(sorted(waits, reverse=True)[:MAX_COUNTED_WAITS])


def core_work(before: Usage, now: Usage) -> dict[int, float]:
    """Return core -> seconds that the threads which are on it now worked, on any core, between two samples.

    Threads that sleep occupy no core and are left out. But if all threads slept, or the kernel reports no times, the
    result has the cores that they are on, with 0.0 seconds each.
    """
    seconds: dict[int, float] = {}
    for number, thread in now.threads.items():
        known = before.threads[number].on_core_seconds if number in before.threads else 0.0
        grown = max(0.0, thread.on_core_seconds - known)  # thread ids are reused
        if thread.core >= 0 and (grown > 0 or thread.ready):
            seconds[thread.core] = seconds.get(thread.core, 0.0) + grown
    return seconds or {thread.core: 0.0 for thread in now.threads.values() if thread.core >= 0}


def sleep_counts(threads: Collection[int], max_threads: int) -> dict[int, int]:
    """Return thread -> how many times it has gone to sleep, for at most ``max_threads`` of them."""
    counts = {}
    for thread in sorted(threads)[:max_threads]:
        with contextlib.suppress(OSError), open(f"/proc/{thread}/status", "rb") as file:
            counts[thread] = next((int(line.split()[1]) for line in file if line.startswith(b"voluntary_")), 0)
    return counts


def _stat(path: str) -> list[bytes]:
    """Return the fields of a stat file that follow the name of the command, which may contain anything."""
    with open(path, "rb") as file:
        return file.read().rpartition(b")")[2].split()


def _thread_stat(pid: int, task: str) -> list[bytes]:
    """Return the numbers of a thread; none if it has just ended."""
    try:
        return _stat(f"/proc/{pid}/task/{task}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return []


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _page_table_bytes(process: str) -> int:
    with open(f"{process}/status", "rb") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith(b"VmPTE:")), 0)


def _schedstat(path: str) -> tuple[float, float]:
    """Return seconds on a core and seconds waiting for one; (0.0, 0.0) if the thread has ended or there is no file."""
    try:
        with open(path) as file:
            on_core, queued = file.read().split()[:2]
            return int(on_core) / 1e9, int(queued) / 1e9
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
