"""Problems stored as one folder each: problem packages, and APPS as its authors publish it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rlef_env.errors import DataError
from rlef_env.problems.file_formats import SUFFIXES
from rlef_env.problems.metadata import IndexedProblems, ProblemMetadata, metadata_of
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem

__all__ = ["FolderProblems", "is_folder_of_problems", "problems_in_folder"]


@dataclass(frozen=True, slots=True)
class FolderProblems(IndexedProblems):
    """Problems that stay in their folders: all were checked once, and each is read when it is accessed.

    Attributes:
        reader: reads the problem in a folder, given the folder's path and the problem's id.
        places: the path of each folder, and the problem's id.
        known: the metadata of each problem.
    """

    reader: Callable[[str, str], Problem]
    places: tuple[tuple[str, str], ...]
    known: tuple[ProblemMetadata, ...]

    def __len__(self) -> int:
        return len(self.places)

    @property
    def ids(self) -> Sequence[str]:
        """Problems' ids, in order."""
        return [each.id for each in self.known]

    def metadata(self, place: int) -> ProblemMetadata:
        """Return the metadata of the problem at a place."""
        return self.known[place]

    def chosen(self, places: Sequence[int]) -> FolderProblems:
        """Return the problems at these places, in this order."""
        return FolderProblems(
            self.reader, tuple(self.places[place] for place in places), tuple(self.known[place] for place in places)
        )

    def read(self, place: int) -> Problem:
        """Read the problem at a place."""
        return self.reader(*self.places[place])

    def at(self, place: int) -> Problem:
        """Return the problem at a place; a few recent ones are kept."""
        return _recent(self.reader, *self.places[place])


@lru_cache(maxsize=8)
def _recent(read: Callable[[str, str], Problem], where: str, key: str) -> Problem:
    return read(where, key)


def is_folder_of_problems(path: Path) -> bool:
    """Return whether a path is a folder without files of rows, or a problem package."""
    from rlef_env.problems.packages import is_package  # here: YAML is slow to import, and few data sets need it

    if not path.is_dir():
        return False
    return is_package(path) or not any(file.name.lower().endswith(tuple(SUFFIXES)) for file in path.iterdir())


def problems_in_folder(path: Path) -> tuple[str, Sequence[Problem]]:
    """Return the schema, ``"package"`` or ``"apps"``, and the problems in a folder that is one or contains some.

    Raises:
        DataError: there are none, or one is invalid.
    """
    from rlef_env.problems.packages import package_paths, read_package
    from rlef_env.problems.schemas.apps import APPS, rows_of_directory

    if any((folder / "question.txt").is_file() for folder in path.iterdir()):
        return APPS.name, tuple(APPS.problem(Field(row, where)) for where, _, row in rows_of_directory(path))
    try:
        packages = list(package_paths(path))
    except DataError:
        raise DataError(
            f"{path}: expected a folder of files that end in {', '.join(SUFFIXES)}, a problem package (problem.yaml, "
            "init.yml) or a folder of them, or a folder of APPS problems (question.txt), got none of these; check the "
            "path"
        ) from None
    known = tuple(metadata_of(read_package(*place)) for place in packages)
    return "package", FolderProblems(read_package, tuple(packages), known)
