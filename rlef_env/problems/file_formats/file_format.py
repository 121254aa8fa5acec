"""The rows of one file, as the bytes of a JSON object each, in order and one at a time."""

from __future__ import annotations

import contextlib
import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Final, NamedTuple

from rlef_env.errors import DataError, RLEFError
from rlef_env.problems.file_formats.json_array import elements, starts_an_array
from rlef_env.problems.file_formats.json_values import LONGEST_ROW

__all__ = ["SUFFIXES", "RawRow", "is_plain", "raw_rows"]


class RawRow(NamedTuple):
    """A row as it is stored.

    Attributes:
        where: the file and the place in it, e.g. ``"problems.jsonl:7"``.
        raw: JSON, not checked yet.
        offset: where in the file the bytes begin; of no use where the file is packed.
    """

    where: str
    raw: bytes
    offset: int


def raw_rows(path: Path, name: str | None = None) -> Iterator[RawRow]:
    """Yield the rows of a file, by its name's ending; blank lines are skipped.

    Args:
        path: the file.
        name: what errors call it; its path by default.

    Raises:
        DataError: the file cannot be read, holds no row, is cut short, or has a row of more than 512 MiB.
    """
    name = os.fspath(path) if name is None else name
    read = SUFFIXES.get(suffix(path))
    if read is None:
        raise DataError(
            f"{name}: expected a file that ends in {', '.join(SUFFIXES)}, got another; rename or convert it"
        )
    found = False
    with _named(name):
        for row in read(path, name):
            found = True
            yield row
    if not found:
        raise DataError(f"{name}: expected one JSON object a row, got an empty file; check the path")


def suffix(path: Path) -> str:
    """The ending that tells how the file is stored, or ``""``."""
    return next((ending for ending in SUFFIXES if path.name.lower().endswith(ending)), "")


def is_plain(path: Path) -> bool:
    """Whether a row can be read from the file itself by its offset."""
    return suffix(path) in (".jsonl", ".json")


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Turn what the system says about a file into one line that names it."""
    try:
        yield
    except RLEFError:
        raise
    except FileNotFoundError:
        raise DataError(f"{name}: expected a file of problems, got no such file; check the path") from None
    except IsADirectoryError:
        raise DataError(f"{name}: expected a file of problems, got a directory; name a file in it") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name}: expected a whole gzip file, got: {error}; check that nothing was cut") from None
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise DataError(f"{name!r}: expected a readable file of problems, got: {error}; check the path") from None


def _json_lines(path: Path, name: str) -> Iterator[RawRow]:
    with path.open("rb") as file:
        yield from _lines(file, name)


def _packed_lines(path: Path, name: str) -> Iterator[RawRow]:
    with gzip.open(path, "rb") as file:
        yield from _lines(file, name)


def _lines(file: IO[bytes] | gzip.GzipFile, name: str) -> Iterator[RawRow]:
    # Bytes, because only "\n" ends a line of JSONL: text mode would also count a lone "\r" as one.
    offset = 0
    number = 1
    while line := file.readline(LONGEST_ROW + 1):
        if len(line) > LONGEST_ROW:
            raise DataError(f"{name}:{number}: expected a line of at most {LONGEST_ROW} bytes; check the line ends")
        if line.strip():
            yield RawRow(f"{name}:{number}", line, offset)
        offset += len(line)
        number += 1


def _json_file(path: Path, name: str) -> Iterator[RawRow]:
    """An array of objects, or JSONL under another name."""
    with path.open("rb") as file:
        if not starts_an_array(file):
            yield from _lines(file, name)
            return
        for number, (offset, raw) in enumerate(elements(file, name, LONGEST_ROW)):
            yield RawRow(f"{name}: row {number}", raw, offset)


def _parquet(path: Path, name: str) -> Iterator[RawRow]:
    from rlef_env.problems.file_formats.parquet import parquet_rows  # pyarrow takes a moment and is optional

    for number, raw in enumerate(parquet_rows(path, name)):
        yield RawRow(f"{name}: row {number}", raw, 0)


SUFFIXES: Final[Mapping[str, Callable[[Path, str], Iterator[RawRow]]]] = {
    ".jsonl": _json_lines,
    ".jsonl.gz": _packed_lines,
    ".json": _json_file,
    ".parquet": _parquet,
}
"""How files are stored, by the endings of their names."""
