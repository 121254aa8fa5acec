"""Reads what the kernel reads of an executable."""

from __future__ import annotations

import struct

__all__ = ["names_loader"]

INTERP = 3  # type of a program header: the path of the loader that is executed in place of the program


def names_loader(executable: bytes) -> bool:
    """Return whether the kernel would execute another file, the loader that a 64-bit ELF file names.

    A file that is no such executable names none.
    """
    order = "<" if executable[5:6] == b"\x01" else ">"
    if executable[:5] != b"\x7fELF\x02" or len(executable) < 64:
        return False
    (first,) = struct.unpack_from(order + "Q", executable, 32)
    size, count = struct.unpack_from(order + "HH", executable, 54)
    places = (first + number * size for number in range(count))
    return any(
        struct.unpack_from(order + "I", executable, at)[0] == INTERP for at in places if at + 4 <= len(executable)
    )
