"""Problems that stay in their files: all are checked once, and each is read when it is accessed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Final

from rlef_env.errors import DataError
from rlef_env.files import cache_folder, written_whole
from rlef_env.problems.file_formats import is_plain
from rlef_env.problems.metadata import Index, IndexedProblems, ProblemMetadata, Stamp, stamp
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.problem import Problem
from rlef_env.problems.reading import iter_problems
from rlef_env.problems.schemas import Schema

__all__ = ["LazyProblems", "open_lazy"]

_RECENT_BYTES: Final = 64 * 2**20
"""Bytes of rows whose problems are cached, the most recently used ones."""


class LazyProblems(IndexedProblems):
    """Problems of an index, read from their files one by one; can be pickled and used by several threads.

    Args:
        index: the places of the rows.
        schema: the schema of the rows.

    Raises:
        DataError: on reading, if a file has changed since it was opened.
    """

    def __init__(self, index: Index, schema: Schema) -> None:
        self._index = index
        self.schema = schema
        self._recent: OrderedDict[int, Problem] = OrderedDict()
        self._recent_bytes = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return LazyProblems, (self._index, self.schema)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LazyProblems):
            return NotImplemented
        return self._index == other._index and self.schema == other.schema

    def __hash__(self) -> int:
        return hash((self._index.sources, self.schema, len(self)))

    def __len__(self) -> int:
        return len(self._index.ids)

    @property
    def ids(self) -> Sequence[str]:
        """Problems' ids, in order."""
        return self._index.ids

    def metadata(self, place: int) -> ProblemMetadata:
        """Return the metadata of the problem at a place."""
        return self._index.metadata(place)

    def short_digest(self, place: int) -> int:
        """Return the short digest of the problem at a place; nothing is read."""
        return self._index.numbers["digest"][place]

    def chosen(self, places: Sequence[int]) -> LazyProblems:
        """Return the problems at these places, in this order."""
        return LazyProblems(self._index.chosen(places), self.schema)

    def read(self, place: int) -> Problem:
        """Read the problem at a place, unless it is a recent one."""
        return self._recent.get(place) or self._read(place)

    def at(self, place: int) -> Problem:
        """Return the problem at a place; recent ones are kept."""
        with self._lock:
            if place in self._recent:
                self._recent.move_to_end(place)
                return self._recent[place]
        problem = self._read(place)
        self._keep(place, problem)
        return problem

    def _keep(self, place: int, problem: Problem) -> None:
        with self._lock:
            if place not in self._recent:
                self._recent[place] = problem
                self._recent_bytes += self._index.span(place)[2]
            while self._recent_bytes > _RECENT_BYTES:
                oldest, _ = self._recent.popitem(last=False)
                self._recent_bytes -= self._index.span(oldest)[2]

    def _read(self, place: int) -> Problem:
        file, offset, length = self._index.span(place)
        try:
            with Path(file.path).open("rb") as opened:
                status = os.fstat(opened.fileno())
                same = (status.st_size, status.st_mtime_ns) == (file.size, file.changed)
                opened.seek(offset)
                raw = opened.read(length) if same else b""
        except OSError as error:
            raise DataError(
                f"{file.path}: expected the file to be unchanged since it was opened, got: {error}"
            ) from None
        if not same:
            raise DataError(
                f"{file.path}: expected the file to be unchanged since it was opened, got a changed one; load the data "
                "set again"
            )
        where = f"{file.path}: row {place}"
        return self.schema.problem(Field(parse_row(raw, where, python_json=self.schema.python_json), where))


def open_lazy(files: Sequence[Path], schema: Schema) -> LazyProblems:
    """Check every row of the files, or load an index that an earlier check of the same files saved.

    Rows of packed files cannot be read one by one, so they are written to the cache.

    Raises:
        DataError: a file or a row is invalid, two rows have the same id, or there is no room for the cache.
    """
    try:
        sources = tuple(stamp(file) for file in files)
    except OSError as error:
        raise DataError(f"{error.filename}: expected a readable file of problems, got: {error.strerror}") from None
    key = hashlib.sha256("\0".join([schema.name, *(source.path for source in sources)]).encode("utf-8", "replace"))
    folder = cache_folder() / "index" / key.hexdigest()[:32]
    path = folder / "index.json"
    index = Index.load(path, _code(), sources)
    if index is None:
        with _alone(folder):
            index = Index.load(path, _code(), sources) or _checked(files, sources, schema, folder)
            with suppress(OSError):  # without a saved index, the next call checks all rows again
                index.save(path)
    return LazyProblems(index, schema)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time check the same files: many environments may open them at once."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("wb")
    except OSError:  # a cache that cannot be written cannot be corrupted
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _checked(files: Sequence[Path], sources: tuple[Stamp, ...], schema: Schema, folder: Path) -> Index:
    index = Index(_code(), sources)
    if all(is_plain(file) for file in files):
        _fill(index, files, schema, None)
        index.files = sources
    else:
        _unpack(index, files, schema, folder)
    if tuple(stamp(file) for file in files) != sources:
        raise DataError(f"{files[0]}: expected files that do not change, got changes while reading; try again")
    return index


def _unpack(index: Index, files: Sequence[Path], schema: Schema, folder: Path) -> None:
    rows = folder / f"rows-{secrets.token_hex(8)}.jsonl"
    try:
        with written_whole(rows) as file:
            _fill(index, files, schema, file)
        index.files = (stamp(rows),)
        for other in folder.glob("rows-*.jsonl"):
            if other != rows:
                other.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{files[0]}: expected room to unpack it in {folder}, got: {error.strerror}; make room, or name another "
            "folder with XDG_CACHE_HOME"
        ) from None


def _fill(index: Index, files: Sequence[Path], schema: Schema, unpacked: IO[bytes] | None) -> None:
    offset = 0
    for problem, file, row in iter_problems(files, schema):
        if unpacked is None:
            index.add(problem, file, row.offset, len(row.raw))
        else:
            raw = row.raw.rstrip(b"\r\n")
            unpacked.write(raw + b"\n")
            index.add(problem, 0, offset, len(raw))
            offset += len(raw) + 1


@lru_cache(maxsize=1)
def _code() -> str:
    """Return a digest of the code that checks rows: another version of the code checks them again."""
    folder = Path(__file__).parent
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(os.fsencode(file.relative_to(folder)) + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
