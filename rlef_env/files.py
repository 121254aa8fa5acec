"""The user's cache folder, and files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["cache_folder", "written_whole"]


def cache_folder() -> Path:
    """Return ``$XDG_CACHE_HOME/rlef-env``, by default ``~/.cache/rlef-env``; the folder may not exist yet."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".cache") / "rlef-env"


@contextlib.contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file for writing that replaces ``path`` only when the block ends without an error.

    The bytes are on disk before the file takes its name: a full disk or a crash leaves the old file as it was.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    # The temporary name is random because two processes may write the same file at once.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
