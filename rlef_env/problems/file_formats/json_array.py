"""The elements of one large JSON array, found without reading it whole."""

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
    """Whether the first character but white space is a bracket; leaves the file at its start."""
    while (start := file.read(_CHUNK)) and not start.strip(_SPACE):
        pass
    file.seek(0)
    return start.lstrip(_SPACE).startswith(b"[")


def elements(file: IO[bytes], name: str, longest: int) -> Iterator[tuple[int, bytes]]:
    """Yield ``(offset, bytes)`` for each element of the array that the file holds.

    Only where elements begin and end is checked, not whether they are JSON.

    Args:
        file: at its start, where ``starts_an_array``.
        name: what errors call it.
        longest: bytes of an element at most.

    Raises:
        DataError: the array does not end, something follows it, or an element is longer than that.
    """
    buffer = bytearray()
    start = 0  # in the file, of the buffer
    place = 0  # in the buffer: what is before it has been looked at
    first = 0  # in the buffer: where the element begins
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
                    reach = len(buffer)  # twice as much each time, as the string is searched again from its start
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
        if len(buffer) - first > longest:
            raise DataError(f"{name}: row {number}: expected at most {longest} bytes, got more; check the quotes")
        del buffer[:first]
        start, place, first = start + first, place - first, 0
    raise DataError(f"{name}: row {number}: expected a ']' after the last row, got the end of the file; was it cut?")


def _end_of_string(buffer: bytearray, place: int) -> int:
    """The place after the closing quote of the string whose text begins at ``place``; 0 where it is not in there."""
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
        raise DataError(f"{where}: expected a JSON object, got nothing; remove the comma too many")
    return offset + len(raw) - len(body), body.rstrip(_SPACE)
