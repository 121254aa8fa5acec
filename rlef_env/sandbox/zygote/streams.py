"""The files and pipes through which the runs of a sandbox get their input and give their output; they are reused.

A run can see the number of every file that it gets (``st_ino``), and the kernel takes these numbers from counters of
the whole machine: with new files, a run would see how many others were made. So a sandbox uses the same files again
and again, emptied, with their offsets, flags and times reset.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator

__all__ = ["Streams", "reset"]

READ_ONLY, WRITE_ONLY = 0o444, 0o222


class Streams:
    """Memory files and pipes of one sandbox. Not thread-safe.

    A run cannot read what it has written: that would be memory which no limit counts. It cannot change what it reads.
    Nothing is reused before ``run_ended``: a run that may still be alive keeps its files for itself.
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
        """Note that no process has the files any more that were given out."""
        self._ended = True

    @contextlib.contextmanager
    def given(self, name: str, content: bytes) -> Iterator[int]:
        """Yield a descriptor from which a run reads this content."""
        own, theirs = fds = self._reuse(name) or _memory_file(name, READ_ONLY, os.O_RDONLY)
        try:
            written = os.pwrite(own, content, 0)
            while written < len(content):
                written += os.pwrite(own, memoryview(content)[written:], written)
            reset(theirs)
            yield theirs
        finally:
            os.ftruncate(own, 0)
            self._keep(name, fds)

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[tuple[int, int]]:
        """Yield a descriptor to which a run writes, and ours, to read what it wrote."""
        own, theirs = fds = self._reuse(name) or _memory_file(name, WRITE_ONLY, os.O_WRONLY)
        try:
            reset(theirs)
            yield theirs, own
        finally:
            os.ftruncate(own, 0)
            self._keep(name, fds)

    @contextlib.contextmanager
    def pipe(self, name: str) -> Iterator[tuple[int, int]]:
        """Yield the read end and the write end of an empty pipe, both non-blocking. The caller closes them."""
        (handle,) = fds = self._reuse(name) or _pipe()
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

    def _reuse(self, name: str) -> tuple[int, ...]:
        spare = self._spare.setdefault(name, [])
        self._ended = False
        return spare.pop() if spare else ()

    def _keep(self, name: str, fds: tuple[int, ...]) -> None:
        if self._ended:
            self._spare[name].append(fds)
        else:
            _close(*fds)


def _memory_file(name: str, mode: int, flags: int) -> tuple[int, int]:
    """Return a descriptor of ours, and one for a run that opens the file with these flags only."""
    own = os.memfd_create(name, os.MFD_CLOEXEC)
    try:
        os.fchmod(own, mode)
        return own, os.open(f"/proc/self/fd/{own}", flags | os.O_CLOEXEC)
    except BaseException:
        os.close(own)
        raise


def _pipe() -> tuple[int]:
    """Return a handle of a new pipe that counts neither as its read end nor as its write end."""
    ends = os.pipe2(os.O_CLOEXEC)
    try:
        return (os.open(f"/proc/self/fd/{ends[0]}", os.O_PATH | os.O_CLOEXEC),)
    finally:
        _close(*ends)


def reset(fd: int) -> None:
    """Reset offset, flags and times, so that nothing shows an earlier use."""
    os.lseek(fd, 0, os.SEEK_SET)
    fcntl.fcntl(fd, fcntl.F_SETFL, 0)
    os.utime(fd, (0, 0))


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)
