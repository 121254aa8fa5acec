"""The folder that a run may write into, seen from the judge: measured while the run lasts, emptied after it.

Where namespaces hold it is a file system in memory that only the zygote and its runs see, reached through the
descriptor that the zygote hands over; else the folder itself, which Landlock opens to these runs alone.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile

__all__ = ["MOST_SCRATCH_BYTES", "Scratch"]

MOST_SCRATCH_BYTES = 2**26
"""The size of the file system in memory, and so the most that ``Limits.scratch_bytes`` can be."""
BLOCK = 4096  # bytes that a file counts for at least


class Scratch:
    """Makes the folder. ``folder`` is its path, which is the same inside and outside of the lock."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="rlef-scratch-")
        self._fd = -1

    def seen_through(self, fd: int) -> None:
        """Take over the zygote's descriptor of the folder."""
        self._fd = fd

    def leave_disk(self) -> None:
        """Remove the folder on disk: the runs have one in memory under its name, which ends with the last of them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder. Safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        shutil.rmtree(self.folder, ignore_errors=True)

    def size(self) -> int:
        """Bytes in all files; each counts for one block at least, so that empty ones are bounded as well."""
        return sum(max(BLOCK, self._status(name).st_size) for name in os.listdir(self._fd))

    def contents(self) -> dict[str, bytes]:
        """Every regular file in the folder: name -> content."""
        found = {}
        for name in sorted(os.listdir(self._fd)):
            if stat.S_ISREG(self._status(name).st_mode):
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._fd)
                with open(fd, "rb") as file:
                    found[name] = file.read()
        return found

    def empty(self) -> None:
        """Remove everything in the folder."""
        for name in os.listdir(self._fd):
            if stat.S_ISDIR(self._status(name).st_mode):
                shutil.rmtree(name, dir_fd=self._fd)
            else:
                os.unlink(name, dir_fd=self._fd)

    def _status(self, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=self._fd, follow_symlinks=False)
