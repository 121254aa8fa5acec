"""Finds what an attack leaves behind: child processes, files in writable places, System V objects."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sysconfig
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rlef_env.audit.machine_time import Stopwatch

__all__ = ["Files", "Process", "Processes", "adopting", "descendants"]

PR_SET_CHILD_SUBREAPER = 36
SETTLE_SECONDS = 5.0  # of time that the machine gives; a killed process has ended long before
MAX_SETTLE_SECONDS = 60.0  # of wall time
POLL_SECONDS = 0.002
PUBLIC = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")
SYSTEM_V = ("shm", "sem", "msg")


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Adopt orphaned descendants of this process while the block runs, so that a daemon stays a descendant."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


# --- processes -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Process:
    """A running process.

    Attributes:
        pid: id.
        parent: id of its parent.
        started: start time, in clock ticks of the kernel since boot.
        name: name of its command.
    """

    pid: int
    parent: int
    started: int
    name: str


class Processes:
    """Finds descendants of this process that are no idle sandboxes.

    Create it while every sandbox is idle and has been used.

    Args:
        zygotes: returns the sandboxes' zygotes, as ``Sandbox.zygotes``.
        others: ids of descendants that existed before the sandboxes. They, and what they start, are not looked at.
    """

    def __init__(self, zygotes: Callable[[], Mapping[int, bool]], others: Collection[int]) -> None:
        self.zygotes, self.others = zygotes, set(others)
        self._inner = 1  # process in each zygote: the init of its PID namespace, if it has one
        if not _wait_until(lambda: not self._unknown()):
            return
        plain = {pid for pid, launches in zygotes().items() if not launches}
        self._inner = int(any(process.parent in plain for process in self._below()))

    def begin(self) -> None:
        """Take what runs beside the idle sandboxes now for a part of this process, such as a browser that it started.

        Only processes of this PID namespace: what an attack left in a sandbox's own is found later, too.
        """
        own = _pid_namespace("self")
        self.others.update(process.pid for process in self._unknown() if _pid_namespace(process.pid) == own)

    def left(self) -> tuple[str, ...]:
        """Return the processes that stay beside the idle sandboxes. They are killed, so that each is found once."""
        _wait_until(lambda: not self._unknown())
        found = self._unknown()
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, 0)  # if this process adopted it
        _wait_until(lambda: not self._unknown())
        return tuple(f"{process.name} ({process.pid})" for process in found)

    def _unknown(self) -> list[Process]:
        """Return all but each zygote, the oldest process in it, and the oldest in that if it may keep a launcher."""
        below = self._below()
        oldest: dict[int, int] = {}  # child of a process
        for process in below:
            oldest.setdefault(process.parent, process.pid)
        idle = set()
        for zygote, launches in self.zygotes().items():
            place: int | None = zygote
            for _ in range(1 + self._inner + launches):
                if place is not None:
                    idle.add(place)
                    place = oldest.get(place)
        return [process for process in below if process.pid not in idle]

    def _below(self) -> list[Process]:
        """Return the descendants, oldest first."""
        return sorted(descendants(self.others), key=lambda process: (process.started, process.pid))


def descendants(without: Collection[int] = ()) -> list[Process]:
    """Return every running descendant of this process, without some and what they started."""
    children: dict[int, list[Process]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (process := _process(entry)):
            children.setdefault(process.parent, []).append(process)
    found, queue = [], [os.getpid()]
    while queue:
        below = [process for process in children.get(queue.pop(), []) if process.pid not in without]
        found += below
        queue += [process.pid for process in below]
    return found


def _pid_namespace(pid: int | str) -> str | None:
    """Return the name of a process's PID namespace; None if it has ended or may not be looked at."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return None


def _process(entry: Path) -> Process | None:
    """Read a process from /proc; None if it has ended."""
    try:
        name, _, rest = (entry / "stat").read_text(errors="replace").partition(" (")[2].rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = rest.split()
    return None if fields[0] in "ZX" else Process(int(entry.name), int(fields[1]), int(fields[19]), name)


def _wait_until(condition: Callable[[], bool]) -> bool:
    watch = Stopwatch()
    while not condition():
        spent = watch.read()
        if spent.given > SETTLE_SECONDS or spent.wall > MAX_SETTLE_SECONDS:
            return False
        time.sleep(POLL_SECONDS)
    return True


# --- files -----------------------------------------------------------------------------------------------------------


class Files:
    """Finds new files where a program might leave some, and new System V objects.

    Args:
        places: folders to search, beside the public ones, the working folder, the home folder and Python's library.
        mark: in public folders, only names with this text count, because other programs use these folders, too.
    """

    def __init__(self, places: Collection[Path] = (), mark: str = "") -> None:
        library = Path(sysconfig.get_path("stdlib"))
        self._own = {Path.cwd(), Path.home(), library, library / "__pycache__", Path("/"), *places} - set(
            map(Path, PUBLIC)
        )
        self._mark = mark
        self._known = self._seen()

    def left(self) -> tuple[str, ...]:
        """Return what is new since the last call."""
        seen = self._seen()
        new, self._known = sorted(seen - self._known), seen
        return tuple(new)

    def _seen(self) -> set[str]:
        found = {entry for folder in self._own for entry in _entries(folder)}
        found |= {entry for folder in PUBLIC for entry in _entries(Path(folder)) if self._mark in entry}
        return found | {entry for kind in SYSTEM_V for entry in _system_v(kind)}


def _entries(folder: Path) -> Iterator[str]:
    """Yield the entries of a folder that belong to this user, as every file of a judged program does."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                    yield entry.path


def _system_v(kind: str) -> Iterator[str]:
    with contextlib.suppress(FileNotFoundError):
        for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]:
            key, number = line.split()[:2]
            yield f"{kind} {number} (key {key})"
