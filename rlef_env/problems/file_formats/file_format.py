"""Read the rows of one file, each as the bytes of a JSON object, in order and one at a time."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from rlef_env.errors import DataError, RLEFError
from rlef_env.problems.file_formats.json_array import elements, starts_an_array
from rlef_env.problems.file_formats.json_values import MAX_ROW_BYTES
from rlef_env.problems.parsing.fields import parse_row

__all__ = ["SUFFIXES", "RawRow", "is_plain", "iter_rows", "raw_rows"]


class RawRow(NamedTuple):
    """A row as it is stored.

    Attributes:
        where: the file and the place in it, e.g. ``"problems.jsonl:7"``.
        raw: JSON, not checked yet.
        offset: the place of the bytes in the file; meaningless if the file is packed.
    """

    where: str
    raw: bytes
    offset: int


def raw_rows(path: Path) -> Iterator[RawRow]:
    """Yield the rows of a file; the ending of its name determines the format. Blank lines are skipped.

    Raises:
        DataError: the file cannot be read, holds no row, is truncated, or has a row of more than 512 MiB.
    """
    name = os.fspath(path)
    read = SUFFIXES.get(suffix(path))
    if read is None:
        raise DataError(
            f"{name}: expected a file that ends in {', '.join(SUFFIXES)}, got another; rename or convert it"
        )
    yield from _checked(read, path, name)


def iter_rows(path: str | os.PathLike[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield ``("FILE:LINE", row)`` for every row of a JSONL file of any name, with one line in memory at a time.

    Raises:
        DataError: see ``raw_rows`` and ``parse_row``.
    """
    for row in _checked(_json_lines, Path(path), os.fspath(path)):
        yield row.where, parse_row(row.raw, row.where)


def _checked(read: Callable[[Path, str], Iterator[RawRow]], path: Path, name: str) -> Iterator[RawRow]:
    found = False
    with _named(name):
        for row in read(path, name):
            found = True
            yield row
    if not found:
        raise DataError(f"{name}: expected one JSON object per row, got an empty file; check the path")


def suffix(path: Path) -> str:
    """Return the ending of the file's name that determines the format, or ``""``."""
    return next((ending for ending in SUFFIXES if path.name.lower().endswith(ending)), "")


def is_plain(path: Path) -> bool:
    """Return whether a row can be read from the file itself by its offset."""
    return suffix(path) in (".jsonl", ".json")


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn an error of the system or a library into one line that names the file."""
    try:
        yield
    except RLEFError:
        raise
    except FileNotFoundError:
        raise DataError(f"{name}: expected a file of rows, got no such file; check the path") from None
    except IsADirectoryError:
        raise DataError(f"{name}: expected a file of rows, got a directory; name a file in it") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name}: expected a complete gzip file, got: {error}; check that nothing was cut") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise DataError(f"{name!r}: expected a readable file of rows, got: {error}; check the path") from None


def _json_lines(path: Path, name: str) -> Iterator[RawRow]:
    with path.open("rb") as file:
        yield from _lines(file, name)


def _packed_lines(path: Path, name: str) -> Iterator[RawRow]:
    with gzip.open(path, "rb") as file:
        yield from _lines(file, name)


def _lines(file: IO[bytes] | gzip.GzipFile, name: str) -> Iterator[RawRow]:
    # Bytes, because only "\n" ends a line of JSONL: text mode would also end a line at a lone "\r".
    offset = 0
    number = 1
    while line := file.readline(MAX_ROW_BYTES + 1):
        if len(line) > MAX_ROW_BYTES:
            raise DataError(f"{name}:{number}: expected a line of at most {MAX_ROW_BYTES} bytes; check the line ends")
        if line.strip():
            yield RawRow(f"{name}:{number}", line, offset)
        offset += len(line)
        number += 1


def _json_file(path: Path, name: str) -> Iterator[RawRow]:
    """Read an array of objects, or JSONL with another ending."""
    with path.open("rb") as file:
        if not starts_an_array(file):
            yield from _lines(file, name)
            return
        for number, (offset, raw) in enumerate(elements(file, name, MAX_ROW_BYTES)):
            yield RawRow(f"{name}: row {number}", raw, offset)


def _parquet(path: Path, name: str) -> Iterator[RawRow]:
    from rlef_env.problems.file_formats.parquet import parquet_rows  # here: pyarrow is slow to import, and optional

    for number, raw in enumerate(parquet_rows(path, name)):
        yield RawRow(f"{name}: row {number}", raw, 0)


SUFFIXES: Final[Mapping[str, Callable[[Path, str], Iterator[RawRow]]]] = {
    ".jsonl": _json_lines,
    ".jsonl.gz": _packed_lines,
    ".json": _json_file,
    ".parquet": _parquet,
}
"""Ending of a file's name -> the reader of its format."""
