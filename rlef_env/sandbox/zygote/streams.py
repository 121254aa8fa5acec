"""The files and pipes by which the runs of a sandbox get their input and give their output, one run after another.

A run sees the number of every file that it is given (``st_ino``), and the kernel takes these numbers from counters of
the whole machine: given new files, a run would see how many others there were. So a sandbox uses the same ones again,
emptied, with their offsets, flags and times set back.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

__all__ = ["Streams", "as_if_new"]

READ_ONLY, WRITE_ONLY = 0o444, 0o222


class Streams:
    """Memory files and pipes of one sandbox. Not for several threads at once.

    A run cannot read what it has written: it would be memory that no limit counts. It cannot change what it reads.
    Only after ``run_ended`` is anything used again: a run that may still live keeps what it was given for itself.
    """

    def __init__(self) -> None:
        self._spare: dict[str, list[tuple[int, ...]]] = {}
        self._ended = False

    def close(self) -> None:
        """Close what is not in use. Safe to call twice."""
        for spare in self._spare.values():
            _close(*(fd for fds in spare for fd in fds))
        self._spare.clear()

    def run_ended(self) -> None:
        """Say that no process is left that has what was handed out."""
        self._ended = True

    @contextlib.contextmanager
    def given(self, name: str, content: bytes) -> Iterator[int]:
        """A descriptor to read this content from."""
        own, handed = fds = self._kept(name) or _memory_file(name, READ_ONLY, os.O_RDONLY)
        try:
            written = os.pwrite(own, content, 0)
            while written < len(content):
                written += os.pwrite(own, memoryview(content)[written:], written)
            as_if_new(handed)
            yield handed
        finally:
            os.ftruncate(own, 0)
            self._keep(name, fds)

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[tuple[int, int]]:
        """A descriptor to write to, and one of ours to read it."""
        own, handed = fds = self._kept(name) or _memory_file(name, WRITE_ONLY, os.O_WRONLY)
        try:
            as_if_new(handed)
            yield handed, own
        finally:
            os.ftruncate(own, 0)
            self._keep(name, fds)

    @contextlib.contextmanager
    def pipe(self, name: str) -> Iterator[tuple[int, int]]:
        """The two ends of an empty pipe, to read and to write, neither of which waits. The caller closes them."""
        (handle,) = fds = self._kept(name) or _pipe()
        try:
            path = f"/proc/self/fd/{handle}"
            source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                sink = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except BaseException:
                os.close(source)
                raise
            os.utime(source, (0, 0))
            yield source, sink
        finally:
            self._keep(name, fds)

    def _kept(self, name: str) -> tuple[int, ...]:
        spare = self._spare.setdefault(name, [])
        self._ended = False
        return spare.pop() if spare else ()

    def _keep(self, name: str, fds: tuple[int, ...]) -> None:
        if self._ended:
            self._spare[name].append(fds)
        else:
            _close(*fds)


def _memory_file(name: str, mode: int, flags: int) -> tuple[int, int]:
    """A descriptor of ours, and one to hand out, which opens the file in this way only."""
    own = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        os.fchmod(own, mode)
        return own, os.open(f"/proc/self/fd/{own}", flags | os.O_CLOEXEC)
    except BaseException:
        os.close(own)
        raise


def _pipe() -> tuple[int]:
    """A handle of a pipe that counts as none of its ends."""
    ends = os.pipe2(os.O_CLOEXEC)
    try:
        return (os.open(f"/proc/self/fd/{ends[0]}", os.O_PATH | os.O_CLOEXEC),)
    finally:
        _close(*ends)


def as_if_new(fd: int) -> None:
    """No offset, flag or time tells of an earlier use."""
    os.lseek(fd, 0, os.SEEK_SET)
    fcntl.fcntl(fd, fcntl.F_SETFL, 0)
    os.utime(fd, (0, 0))


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)
