"""Index of the problems in large files: the place of each row, and metadata, so that nothing is read again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, overload

from rlef_env.files import written_whole
from rlef_env.problems.problem import Problem
from rlef_env.problems.quality_report import short_digest

__all__ = ["ChosenMetadata", "Index", "IndexedProblems", "ProblemMetadata", "Stamp", "metadata_of", "stamp"]

_COLUMNS: Final = ("file", "offset", "length", "tests", "public_tests", "wrong_programs", "digest")


class Stamp(NamedTuple):
    """State of a file: its absolute path, its size in bytes, and its modification time in nanoseconds."""

    path: str
    size: int
    changed: int


def stamp(path: Path) -> Stamp:
    """Return the current state of a file.

    Raises:
        OSError: the file does not exist.
    """
    status = path.stat()
    return Stamp(os.fspath(path.absolute()), status.st_size, status.st_mtime_ns)


class ProblemMetadata(NamedTuple):
    """Facts about a problem that are known without reading it.

    Attributes:
        id: the problem's id.
        date: the day of publication, or None.
        tests: number of tests.
        public_tests: number of public tests.
        wrong_programs: number of stored incorrect Python 3 solutions.
        difficulty: the source's own word or number, or None.
    """

    id: str
    date: str | None
    tests: int
    public_tests: int
    wrong_programs: int
    difficulty: str | None = None


def metadata_of(problem: Problem) -> ProblemMetadata:
    """Return the metadata of a problem."""
    return ProblemMetadata(
        id=problem.id,
        date=problem.date,
        tests=sum(1 for _ in problem.tests()),
        public_tests=len(problem.public_tests),
        wrong_programs=sum(solution.language == "python" for solution in problem.incorrect_solutions),
        difficulty=problem.difficulty,
    )


class IndexedProblems(Sequence[Problem], ABC):
    """Problems that are not in memory: each is read when it is accessed. Only ``read`` and ``at`` read any."""

    __slots__ = ()

    @property
    @abstractmethod
    def ids(self) -> Sequence[str]:
        """Problems' unique ids, in order."""

    @abstractmethod
    def metadata(self, place: int) -> ProblemMetadata:
        """Return the metadata of the problem at a place."""

    @abstractmethod
    def chosen(self, places: Sequence[int]) -> IndexedProblems:
        """Return the problems at these places, in this order."""

    @abstractmethod
    def read(self, place: int) -> Problem:
        """Read the problem at a place."""

    def at(self, place: int) -> Problem:
        """Return the problem at a place; subclasses keep recent ones."""
        return self.read(place)

    def __iter__(self) -> Iterator[Problem]:
        return map(self.read, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Problem, ...]: ...
    def __getitem__(self, index: int | slice) -> Problem | tuple[Problem, ...]:
        places = range(len(self))[index]
        return tuple(map(self.at, places)) if isinstance(places, range) else self.at(places)


class ChosenMetadata(Sequence[ProblemMetadata]):
    """Metadata of some problems, made when it is accessed.

    Args:
        of_place: returns the metadata of the problem at a place.
        places: the places of the problems, in order.
    """

    def __init__(self, of_place: Callable[[int], ProblemMetadata], places: Sequence[int]) -> None:
        self._of_place, self._places = of_place, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ChosenMetadata(self._of_place, self._places[index])
        return self._of_place(self._places[index])

    def __iter__(self) -> Iterator[ProblemMetadata]:
        return map(self._of_place, self._places)


@dataclass
class Index:
    """Place of each problem's row, and its metadata; about 150 bytes a problem.

    Attributes:
        code: digest of the code that checked the rows.
        sources: the files of the data set, as they were then.
        files: the files that rows are read from; they differ from the sources if these are packed.
        ids: the problems' ids, in order.
        dates: the problems' dates.
        difficulties: the problems' difficulties.
        numbers: for each problem the file's index, the row's offset and length in bytes, three numbers of its
            metadata, and a digest.
    """

    code: str
    sources: tuple[Stamp, ...]
    files: tuple[Stamp, ...] = ()
    ids: list[str] = field(default_factory=list)
    dates: list[str | None] = field(default_factory=list)
    difficulties: list[str | None] = field(default_factory=list)
    numbers: dict[str, array[int]] = field(default_factory=lambda: {name: array("Q") for name in _COLUMNS})

    def add(self, problem: Problem, file: int, offset: int, length: int) -> None:
        """Append a problem."""
        known = metadata_of(problem)
        self.ids.append(known.id)
        self.dates.append(known.date)
        self.difficulties.append(known.difficulty and sys.intern(known.difficulty))
        row = (file, offset, length, known.tests, known.public_tests, known.wrong_programs, short_digest(problem))
        for name, number in zip(_COLUMNS, row, strict=True):
            self.numbers[name].append(number)

    def metadata(self, place: int) -> ProblemMetadata:
        """Return the metadata of the problem at a place."""
        tests, public, wrong = (self.numbers[name][place] for name in _COLUMNS[3:6])
        return ProblemMetadata(self.ids[place], self.dates[place], tests, public, wrong, self.difficulties[place])

    def span(self, place: int) -> tuple[Stamp, int, int]:
        """Return the file, offset and length of the row at a place."""
        file, offset, length = (self.numbers[name][place] for name in _COLUMNS[:3])
        return self.files[file], offset, length

    def chosen(self, places: Sequence[int]) -> Index:
        """Return the index of the problems at these places, in this order."""
        return Index(
            self.code,
            self.sources,
            self.files,
            [self.ids[place] for place in places],
            [self.dates[place] for place in places],
            [self.difficulties[place] for place in places],
            {name: array("Q", (column[place] for place in places)) for name, column in self.numbers.items()},
        )

    def save(self, path: Path) -> None:
        """Write the index.

        Raises:
            OSError: it cannot be written.
        """
        content = json.dumps(
            {
                "code": self.code,
                "sources": self.sources,
                "files": self.files,
                "ids": self.ids,
                "dates": self.dates,
                "difficulties": self.difficulties,
                "numbers": {name: column.tolist() for name, column in self.numbers.items()},
            }
        ).encode()
        with written_whole(path) as file:
            file.write(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)

    @classmethod
    def load(cls, path: Path, code: str, sources: Iterable[Stamp]) -> Index | None:
        """Load an index; return None if there is none, or it is damaged or out of date."""
        try:
            digest, _, content = path.read_bytes().partition(b"\n")
            if digest.decode() != hashlib.sha256(content).hexdigest():
                return None
            row: dict[str, Any] = json.loads(content)
            index = cls(
                code=row["code"],
                sources=tuple(Stamp(*each) for each in row["sources"]),
                files=tuple(Stamp(*each) for each in row["files"]),
                ids=row["ids"],
                dates=row["dates"],
                difficulties=[word and sys.intern(word) for word in row["difficulties"]],
                numbers={name: array("Q", row["numbers"][name]) for name in _COLUMNS},
            )
            if index.code != code or index.sources != tuple(sources):
                return None
            if any(stamp(Path(file.path)) != file for file in index.files):
                return None
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None
        return index
