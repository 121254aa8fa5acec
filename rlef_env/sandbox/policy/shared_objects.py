"""Finds the shared objects that executables and libraries need, as recorded in these files (64-bit ELF)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

__all__ = ["needed_objects"]

HEADER, SEGMENT, ENTRY = struct.Struct("<16s2HI3QI6H"), struct.Struct("<2I6Q"), struct.Struct("<qQ")
LOADED, DYNAMIC = 1, 2  # kinds of segment
NEEDED, NAMES = 1, 5  # kinds of entry in the dynamic segment: an object's name, the address of all names
MAX_BYTES = 2**29  # of a file that is read


def needed_objects(files: Iterable[str], folders: Iterable[str], always: Iterable[str] = ()) -> set[str]:
    """Find the shared objects that these files need, directly and indirectly.

    Args:
        files: executables and shared objects. Other files and unreadable ones need nothing.
        folders: where to look for shared objects, in this order.
        always: names of objects that are needed in any case.

    Returns:
        The path of each object, which is often a symbolic link, and the path that it resolves to.
    """
    places = list(dict.fromkeys(folders))
    found: set[str] = set()
    seen: set[str] = set()
    queue = [*always, *(name for file in files for name in _names(file))]
    while queue:
        name = queue.pop()
        if name in seen:
            continue
        seen.add(name)
        path = next((path for folder in places if os.path.isfile(path := os.path.join(folder, name))), None)
        if path is not None:
            found |= {path, os.path.realpath(path)}
            queue += _names(path)
    return found


def _names(path: str) -> list[str]:
    """Return the names of the objects that a file needs directly."""
    try:
        if os.path.getsize(path) > MAX_BYTES:
            return []
        with Path(path).open("rb") as file:
            header = file.read(HEADER.size)
            if header[:6] != b"\x7fELF\x02\x01":
                return []
            fields = HEADER.unpack(header)
            file.seek(fields[5])
            table = file.read(fields[9] * fields[10])
            segments = [SEGMENT.unpack_from(table, place * fields[9]) for place in range(fields[10])]

            def at(address: int, size: int) -> bytes:
                kind = (each for each in segments if each[0] == LOADED and each[3] <= address < each[3] + each[5])
                segment = next(kind)
                file.seek(segment[2] + address - segment[3])
                return file.read(size)

            dynamic = next(segment for segment in segments if segment[0] == DYNAMIC)
            file.seek(dynamic[2])
            text = file.read(dynamic[5])
            entries = [ENTRY.unpack_from(text, place) for place in range(0, len(text) - ENTRY.size + 1, ENTRY.size)]
            names = next(value for kind, value in entries if kind == NAMES)
            return [at(names + value, 256).partition(b"\0")[0].decode() for kind, value in entries if kind == NEEDED]
    except (OSError, ValueError, struct.error, StopIteration):
        return []
