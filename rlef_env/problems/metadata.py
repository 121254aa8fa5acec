"""What is known of the problems in large files without reading them again: where each is, and a few facts."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, runtime_checkable

from rlef_env.problems.file_formats import written_whole
from rlef_env.problems.problem import Problem
from rlef_env.problems.quality_report import short_digest

__all__ = ["ChosenMetadata", "Index", "IndexedProblems", "ProblemMetadata", "Stamp", "metadata_of", "stamp"]

_COLUMNS: Final = ("file", "offset", "length", "tests", "public_tests", "wrong_programs", "digest")


class Stamp(NamedTuple):
    """A file as it was: its absolute path, its size in bytes, and when it was changed last, in nanoseconds."""

    path: str
    size: int
    changed: int


def stamp(path: Path) -> Stamp:
    """The file as it is now.

    Raises:
        OSError: it is not there.
    """
    status = path.stat()
    return Stamp(os.fspath(path.absolute()), status.st_size, status.st_mtime_ns)


class ProblemMetadata(NamedTuple):
    """What can be said of a problem without reading it.

    Attributes:
        id: the problem's id.
        date: the day it was published, or None.
        tests: how many tests it has.
        public_tests: how many of them are public.
        wrong_programs: how many wrong Python 3 solutions are stored.
        difficulty: the source's own word or number for it, or None.
    """

    id: str
    date: str | None
    tests: int
    public_tests: int
    wrong_programs: int
    difficulty: str | None = None


def metadata_of(problem: Problem) -> ProblemMetadata:
    """The facts of a problem."""
    return ProblemMetadata(
        id=problem.id,
        date=problem.date,
        tests=sum(1 for _ in problem.tests()),
        public_tests=len(problem.public_tests),
        wrong_programs=sum(solution.language == "python" for solution in problem.incorrect_solutions),
        difficulty=problem.difficulty,
    )


@runtime_checkable
class IndexedProblems(Protocol):
    """A sequence of problems that are not in memory; what is asked for here reads none of them."""

    @property
    def ids(self) -> Sequence[str]:
        """The problems' ids, each its own."""
        ...

    def facts(self, place: int) -> ProblemMetadata:
        """What is known of the problem at a place."""
        ...

    def chosen(self, places: Sequence[int]) -> Sequence[Problem]:
        """The problems at these places."""
        ...


class ChosenMetadata(Sequence[ProblemMetadata]):
    """The facts of some problems, made when they are asked for.

    Args:
        fact: what is known of the problem at a place.
        places: of the problems, in order.
    """

    def __init__(self, fact: Callable[[int], ProblemMetadata], places: Sequence[int]) -> None:
        self._fact, self._places = fact, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ChosenMetadata(self._fact, self._places[index])
        return self._fact(self._places[index])

    def __iter__(self) -> Iterator[ProblemMetadata]:
        return map(self._fact, self._places)


@dataclass
class Index:
    """Where each problem is, and its facts; about 150 bytes a problem.

    Attributes:
        code: what the rows were checked by.
        sources: the files that were asked for, as they were.
        files: the files that rows are read from; other than the sources where these are packed.
        ids: of the problems, in order.
        dates: likewise.
        difficulties: likewise.
        numbers: likewise: the file's place, where the row begins and how long it is in bytes, the facts, and a digest.
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
        facts = metadata_of(problem)
        self.ids.append(facts.id)
        self.dates.append(facts.date)
        self.difficulties.append(facts.difficulty and sys.intern(facts.difficulty))
        row = (file, offset, length, facts.tests, facts.public_tests, facts.wrong_programs, short_digest(problem))
        for name, number in zip(_COLUMNS, row, strict=True):
            self.numbers[name].append(number)

    def facts(self, place: int) -> ProblemMetadata:
        """The facts of the problem at a place."""
        tests, public, wrong = (self.numbers[name][place] for name in _COLUMNS[3:6])
        return ProblemMetadata(self.ids[place], self.dates[place], tests, public, wrong, self.difficulties[place])

    def span(self, place: int) -> tuple[Stamp, int, int]:
        """The file, where the row at a place begins in it, and how long it is."""
        file, offset, length = (self.numbers[name][place] for name in _COLUMNS[:3])
        return self.files[file], offset, length

    def chosen(self, places: Sequence[int]) -> Index:
        """The index of some of the problems, in the order named."""
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
        """The index in a file; None where there is none, it is broken, or it is not about these files as they are."""
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
