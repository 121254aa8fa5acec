"""Find the elements of one large JSON array without reading all of it into memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from rlef_env.errors import DataError

__all__ = ["elements", "starts_an_array"]

_TOKEN: Final = re.compile(rb'["\[\]{},]')
_SPACE: Final = b" \t\r\n"
_CHUNK: Final = 2**20


def starts_an_array(file: IO[bytes]) -> bool:
    """Return whether the first character after white space is a bracket; leave the file at its start."""
    while (start := file.read(_CHUNK)) and not start.strip(_SPACE):
        pass
    file.seek(0)
    return start.lstrip(_SPACE).startswith(b"[")


def elements(file: IO[bytes], name: str, max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yield ``(offset, bytes)`` for each element of the array in the file.

    Only the boundaries of elements are checked, not whether they are JSON.

    Args:
        file: an open file at its start, for which ``starts_an_array`` is true.
        name: the file's name in errors.
        max_bytes: maximum bytes of an element.

    Raises:
        DataError: the array does not end, something follows it, or an element is too long.
    """
    buffer = bytearray()
    start = 0  # place of the buffer in the file
    place = 0  # in the buffer: everything before it has been scanned
    first = 0  # in the buffer: the start of the element
    depth = 0
    number = 0
    reach = _CHUNK
    while chunk := file.read(reach):
        buffer += chunk
        reach = _CHUNK
        while (token := _TOKEN.search(buffer, place)) is not None:
            kind = token[0]
            place = token.end()
            if kind == b'"':
                place = _end_of_string(buffer, place)
                if place == 0:
                    place = token.start()
                    reach = len(buffer)  # doubled each time, because the string is searched again from its start
                    break
            elif kind in (b"[", b"{"):
                depth += 1
                if depth == 1:
                    first = place
            else:
                depth -= kind != b","
                if depth == 0 or (depth == 1 and kind == b","):
                    raw = bytes(buffer[first : token.start()])
                    if raw.strip(_SPACE) or number or kind == b",":
                        yield _trimmed(start + first, raw, f"{name}: row {number}")
                    number += 1
                    first = place
                if depth == 0:
                    if buffer[place:].strip(_SPACE) or file.read(_CHUNK).strip(_SPACE):
                        raise DataError(f"{name}: expected nothing after the array, got more; put all rows into it")
                    return
        else:
            place = len(buffer)
        if len(buffer) - first > max_bytes:
            raise DataError(f"{name}: row {number}: expected at most {max_bytes} bytes, got more; check the quotes")
        del buffer[:first]
        start, place, first = start + first, place - first, 0
    raise DataError(f"{name}: row {number}: expected a ']' after the last row, got the end of the file; was it cut?")


def _end_of_string(buffer: bytearray, place: int) -> int:
    """Return the place after the closing quote of the string that begins at ``place``; 0 if it is not in the buffer."""
    while (quote := buffer.find(b'"', place)) >= 0:
        before = quote
        while before > place and buffer[before - 1] == ord("\\"):
            before -= 1
        place = quote + 1
        if (quote - before) % 2 == 0:
            return place
    return 0


def _trimmed(offset: int, raw: bytes, where: str) -> tuple[int, bytes]:
    body = raw.lstrip(_SPACE)
    if not body:
        raise DataError(f"{where}: expected a JSON object, got nothing; remove the superfluous comma")
    return offset + len(raw) - len(body), body.rstrip(_SPACE)
