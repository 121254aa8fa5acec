"""How many cores this process may use, by its CPU affinity and by the quota of its container.

A container with a quota of two cores sees all cores of its host. With one worker for each of them, the kernel would
stop the workers most of the time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["cpu_quota", "usable_cores"]

ROOT, MEMBERSHIP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return the number of cores, rounded down, at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota()
    return cores if quota is None else max(1, min(cores, int(quota)))


def cpu_quota(root: Path = ROOT, membership: Path = MEMBERSHIP) -> float | None:
    """Return how many cores' worth of time the control groups of this process allow (cgroups(7)); None for no bound.

    Args:
        root: where the control groups are mounted.
        membership: the file that lists the control groups of this process.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return None
    quotas: list[float | None] = []
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        if not controllers:  # version 2, alone or beside version 1
            folders = (*_upwards(root, path), *_upwards(root / "unified", path))
            quotas += [_ratio(_words(folder / "cpu.max")) for folder in folders]
        elif "cpu" in controllers.split(","):
            folders = (*_upwards(root / controllers, path), *_upwards(root / "cpu", path))
            quotas += [
                _ratio(_words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")) for folder in folders
            ]
    return min((quota for quota in quotas if quota is not None), default=None)


def _upwards(root: Path, path: str) -> Iterator[Path]:
    """Yield a group's folder and all folders above it. In a container only the root may exist, and is the group's."""
    folder = root / path.strip("/")
    yield folder
    while folder != root:
        folder = folder.parent
        yield folder


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _ratio(words: Sequence[str]) -> float | None:
    """Return quota / period in cores; None for no bound ("max", or -1 in version 1)."""
    if len(words) != 2 or not all(word.isdecimal() for word in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])
