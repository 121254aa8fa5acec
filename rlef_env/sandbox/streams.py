"""The files and pipes by which the runs of a sandbox get their input and give their output, one run after another.

A run sees the number of every file that it is given (``st_ino``), and the kernel takes these numbers from counters of
the whole machine: given new files, a run would see how many others there were. So a sandbox uses the same ones again,
emptied, with their times set back, and opened anew, so that no offset or flag of the run before is left.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

__all__ = ["Streams"]

READ_ONLY, WRITE_ONLY = 0o444, 0o222


class Streams:
    """Memory files and pipes of one sandbox. Not for several threads at once.

    A run cannot read what it has written: it would be memory that no limit counts. It cannot change what it reads.
    Only after ``run_ended`` is anything used again: a run that may still live keeps what it was given for itself.
    """

    def __init__(self) -> None:
        self._spare: dict[str, list[int]] = {}
        self._ended = False

    def close(self) -> None:
        """Close what is not in use. Safe to call twice."""
        for fd in [fd for spare in self._spare.values() for fd in spare]:
            os.close(fd)
        self._spare.clear()

    def run_ended(self) -> None:
        """Say that no process is left that has what was handed out."""
        self._ended = True

    @contextlib.contextmanager
    def given(self, name: str, content: bytes) -> Iterator[int]:
        """A descriptor to read this content from."""
        with self._kept(name, lambda: _memory_file(name, READ_ONLY)) as fd:
            try:
                view = memoryview(content)
                while view:
                    view = view[os.pwrite(fd, view, len(content) - len(view)) :]
                with _opened(fd, os.O_RDONLY) as handed:
                    yield handed
            finally:
                os.ftruncate(fd, 0)

    @contextlib.contextmanager
    def taken(self, name: str) -> Iterator[tuple[int, int]]:
        """A descriptor to write to, and one of ours to read it."""
        with self._kept(name, lambda: _memory_file(name, WRITE_ONLY)) as fd:
            try:
                with _opened(fd, os.O_WRONLY) as handed:
                    yield handed, fd
            finally:
                os.ftruncate(fd, 0)

    @contextlib.contextmanager
    def pipe(self, name: str) -> Iterator[tuple[int, int]]:
        """The two ends of an empty pipe, to read and to write, neither of which waits. The caller closes them."""
        with self._kept(name, _pipe) as handle:
            path = f"/proc/self/fd/{handle}"
            source = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                sink = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except BaseException:
                os.close(source)
                raise
            os.utime(source, (0, 0))
            yield source, sink

    @contextlib.contextmanager
    def _kept(self, name: str, make: Callable[[], int]) -> Iterator[int]:
        spare = self._spare.setdefault(name, [])
        fd = spare.pop() if spare else make()
        self._ended = False
        try:
            yield fd
        finally:
            if self._ended:
                spare.append(fd)
            else:
                os.close(fd)


def _memory_file(name: str, mode: int) -> int:
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    os.fchmod(fd, mode)
    return fd


def _pipe() -> int:
    """A handle of a pipe that counts as none of its ends."""
    ends = os.pipe2(os.O_CLOEXEC)
    try:
        return os.open(f"/proc/self/fd/{ends[0]}", os.O_PATH | os.O_CLOEXEC)
    finally:
        for end in ends:
            os.close(end)


@contextlib.contextmanager
def _opened(fd: int, flags: int) -> Iterator[int]:
    """The file of a descriptor, opened anew, as if nobody had read or written it."""
    os.utime(fd, (0, 0))
    handed = os.open(f"/proc/self/fd/{fd}", flags | os.O_CLOEXEC)
    try:
        yield handed
    finally:
        os.close(handed)
