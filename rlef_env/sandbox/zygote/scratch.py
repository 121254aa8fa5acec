"""The folder that a run may write into, from the judge's side: measured during the run, emptied after it.

Where namespaces hold, it is a file system in memory that only the zygote and its runs see, and the judge reaches it
through a descriptor that the zygote sends. Elsewhere it is a folder on disk, to which Landlock gives only these runs
access.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile

__all__ = ["MAX_SCRATCH_BYTES", "Scratch"]

MAX_SCRATCH_BYTES = 2**26
"""Size of the file system in memory, and so the upper bound of ``Limits.scratch_bytes``."""
BLOCK = 4096  # bytes that a file counts for at least


class Scratch:
    """Creates the folder.

    Attributes:
        folder: its path, the same inside and outside of the lock.
    """

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="rlef-scratch-")
        self._fd = -1

    def open_through(self, fd: int) -> None:
        """Take over the zygote's descriptor of the folder."""
        self._fd = fd

    def leave_disk(self) -> None:
        """Remove the folder on disk. The runs have one in memory under the same path, which is gone with the zygote."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the folder. Safe to call twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        shutil.rmtree(self.folder, ignore_errors=True)

    def size(self) -> int:
        """Return the bytes in all files. Each counts for at least one block, so that empty files are bounded too."""
        return sum(max(BLOCK, self._status(name).st_size) for name in os.listdir(self._fd))

    def contents(self) -> dict[str, bytes]:
        """Return every regular file in the folder: name -> content."""
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
