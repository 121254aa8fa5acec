"""Load data sets by name: embedded and generated ones, your own files and folders, sets of the Hugging Face hub."""

from __future__ import annotations

import difflib
import os
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from rlef_env.errors import DataError, ProblemNotFound, UsageError, short_repr
from rlef_env.problems.file_formats import SUFFIXES, is_pattern, is_plain, named_files
from rlef_env.problems.filters import checked_day, ids_of_quality, ids_published, qualities
from rlef_env.problems.folders import is_folder_of_problems, problems_in_folder
from rlef_env.problems.hub import hub_file, is_hub_name
from rlef_env.problems.lazy import open_lazy
from rlef_env.problems.metadata import ChosenMetadata, IndexedProblems, ProblemMetadata, metadata_of
from rlef_env.problems.problem import Problem
from rlef_env.problems.quality_report import Quality, report_path
from rlef_env.problems.reading import iter_problems, read_jsonl, schema_named, schema_of_files

__all__ = ["BUILTINS", "Dataset", "load_dataset"]

_SMALL: Final = 16 * 2**20
"""Files up to this size in bytes are held in memory; packed files up to a sixteenth of it."""
_MAX_COMPARED: Final = 1000
"""Number of ids that an unknown id is compared with, so that the cost does not grow with the data set."""


@dataclass(frozen=True)
class Dataset:
    """Problems in a fixed order.

    ``len(dataset)``, ``dataset[0]`` and ``for problem in dataset`` work as for a tuple. Problems of large files are
    read when they are accessed; ``ids`` and ``metadata`` read nothing.

    Attributes:
        name: the name that it was loaded by.
        label: the name in reports, e.g. ``"Starter"``.
        problems: the problems; their ids are unique.
        schema: the schema of the rows that it was read from, e.g. ``"code_contests"``; None for other problems.

    Raises:
        DataError: two problems have the same id.
    """

    name: str
    label: str
    problems: Sequence[Problem]
    schema: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.problems, IndexedProblems) and len(self._places) < len(self.problems):
            twice = next(each for place, each in enumerate(self.ids) if self._places[each] != place)
            raise DataError(f"data set {self.label!r}: expected unique ids, got {short_repr(twice)} twice; rename one")

    @cached_property
    def _places(self) -> dict[str, int]:
        return {problem_id: place for place, problem_id in enumerate(self.ids)}

    def __deepcopy__(self, _: dict[int, object]) -> Dataset:
        """Return the data set itself, because it is immutable: Gymnasium copies the arguments of ``make``."""
        return self

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __getitem__(self, index: int) -> Problem:
        return self.problems[index]

    @property
    def ids(self) -> Sequence[str]:
        """Problems' ids, in order."""
        return self.problems.ids if isinstance(self.problems, IndexedProblems) else self._ids

    @cached_property
    def _ids(self) -> Sequence[str]:
        return [problem.id for problem in self.problems]

    def metadata(self) -> Iterator[ProblemMetadata]:
        """Yield the metadata of each problem (id, date, difficulty, numbers of tests) without reading the problem."""
        return iter(self.metadata_at(range(len(self))))

    def metadata_at(self, places: Sequence[int]) -> Sequence[ProblemMetadata]:
        """Return the metadata of the problems at these places."""
        of_place = self.problems.metadata if isinstance(self.problems, IndexedProblems) else self._metadata.__getitem__
        return ChosenMetadata(of_place, places)

    # The following are computed once per data set, however many environments use it.

    @cached_property
    def _metadata(self) -> Sequence[ProblemMetadata]:
        return tuple(map(metadata_of, self.problems))

    @cached_property
    def tested(self) -> Sequence[int]:
        """Places of the problems that have a test, in order."""
        return array("q", (place for place, each in enumerate(self.metadata()) if each.tests))

    @cached_property
    def wrongly_solved(self) -> Sequence[int]:
        """Places of the problems that have public tests and an incorrect Python solution, in order."""
        found = (place for place, each in enumerate(self.metadata()) if each.public_tests and each.wrong_programs)
        return array("q", found)

    def select(self, ids: Iterable[str]) -> Dataset:
        """Return the data set with only the problems of these ids, in its own order; unknown ids are ignored."""
        places = sorted({self._places[each] for each in ids if each in self._places})
        if isinstance(self.problems, IndexedProblems):
            return replace(self, problems=self.problems.chosen(places))
        return replace(self, problems=tuple(self.problems[place] for place in places))

    def get(self, problem_id: str) -> Problem:
        """Return the problem with this id.

        Raises:
            ProblemNotFound: there is none; the message names similar ids.
        """
        return self.problems[self.place(problem_id)]

    def place(self, problem_id: str) -> int:
        """Return the place of the problem with this id, without reading it.

        Raises:
            ProblemNotFound: there is none; the message names similar ids.
        """
        place = self._places.get(problem_id)
        if place is None:
            raise ProblemNotFound(
                f"expected the id of one of the {len(self)} problems of data set {self.label!r}, "
                f"got {short_repr(problem_id)}; {self._suggestion(str(problem_id))}"
            )
        return place

    def _suggestion(self, problem_id: str) -> str:
        if not self._places:
            return "this data set is empty"
        alike = [each for each in self._places if each[:2] == problem_id[:2]] or list(self._places)
        similar = difflib.get_close_matches(problem_id[:100], alike[:_MAX_COMPARED], n=3, cutoff=0.5)
        if similar:
            return "similar: " + ", ".join(short_repr(problem) for problem in similar)
        return f"the first is {short_repr(next(iter(self._places)))}"


def load_dataset(
    name_or_path: str | os.PathLike[str],
    split: str = "train",
    *,
    schema: str | None = None,
    after: str | None = None,
    before: str | None = None,
    quality: str | Quality | Collection[str | Quality] | None = None,
    reports: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Load a data set.

    Every row is checked before this function returns. A file's name determines its format (``.jsonl``, ``.jsonl.gz``,
    ``.json``, ``.parquet``), a row's fields determine its schema.

    Args:
        name_or_path: ``"starter"``, the embedded set, or another name of ``BUILTINS``; the path of a file, of a
            folder of such files or of problem packages, or a pattern such as ``"data/train-*.parquet"``; or
            ``OWNER/NAME``, a data set of the Hugging Face hub, e.g. ``"deepmind/code_contests"``.
        split: the split of a data set of the hub, or of a folder with files such as ``valid-00000.parquet``; else
            ``"train"``.
        schema: the name of the rows' schema, if their fields do not determine it.
        after: only problems published on this day or later, as ``"2024-08-01"``; problems without a date are left out.
        before: only problems published before this day.
        quality: only problems of this class in the reports of ``rlef problems verify``, e.g. ``"verified"``, or of
            one of several classes. A report on an older version of a problem does not count. None selects all problems,
            with or without a report.
        reports: the file of the reports; by default it lies beside the data.

    Raises:
        UsageError: an unsupported name, split, schema, date or quality; the message lists the supported ones.
        DataError: the data cannot be read as problems; the message says where and why.
    """
    after, before = checked_day("after", after), checked_day("before", before)
    wanted = qualities(quality)
    dataset = _loaded(os.fspath(name_or_path), split, schema)
    if after or before:
        dataset = dataset.select(ids_published(dataset, after, before))
    if quality is None:
        return dataset
    path = report_path(name_or_path) if reports is None else Path(reports)
    return dataset.select(ids_of_quality(dataset, wanted, path))


def _loaded(name: str, split: str, schema: str | None) -> Dataset:
    head = re.split(r"[/?]", name, maxsplit=1)[0]
    if head in BUILTINS and not name.lower().endswith(tuple(SUFFIXES)):
        return BUILTINS[head](name, split)
    try:
        path = Path(name).expanduser()
        there = path.exists()
    except (RuntimeError, ValueError) as error:
        raise UsageError(f"data set: expected a path, got {name!r} ({error}); write the path in full") from None
    if name and is_folder_of_problems(path):
        if split != "train":
            raise UsageError(f"split: expected 'train', got {split!r}; name the folder of the split you want")
        found, problems = problems_in_folder(path)
        return Dataset(name, path.resolve().name, problems, found)
    if (name and there) or name.lower().endswith(tuple(SUFFIXES)) or is_pattern(name):
        return _of_files(name, named_files(name, split), schema, _stem(path))
    if is_hub_name(name):
        return _of_files(name, [hub_file(name, split)], schema, name)
    raise UsageError(
        f"data set: expected one of {', '.join(map(repr, BUILTINS))}, the path of a file that ends in "
        f"{', '.join(SUFFIXES)}, of a folder of such files or of problem packages, or OWNER/NAME on the Hugging Face "
        f"hub, got {name!r}; check the path"
    )


def _of_files(name: str, files: Sequence[Path], schema: str | None, label: str) -> Dataset:
    rows = schema_of_files(files) if schema is None else schema_named(schema)
    size = sum(file.stat().st_size if is_plain(file) else 16 * file.stat().st_size for file in files if file.exists())
    if size <= _SMALL:
        problems: Sequence[Problem] = tuple(problem for problem, _, _ in iter_problems(files, rows))
    else:
        problems = open_lazy(files, rows)
    return Dataset(name, label, problems, rows.name)


def _stem(path: Path) -> str:
    ending = next((ending for ending in SUFFIXES if path.name.lower().endswith(ending)), "")
    return path.resolve().name if path.name in ("", "..") else path.name[: len(path.name) - len(ending)]


@lru_cache(maxsize=1)
def _starter() -> Dataset:
    with resources.as_file(resources.files("rlef_env.problems") / "starter.jsonl") as path:
        return Dataset("starter", "Starter", tuple(read_jsonl(path)), "code_contests")


def _named_starter(name: str, split: str) -> Dataset:
    if name != "starter":
        raise UsageError(f"data set: expected 'starter', got {name!r}; the starter set has no parts")
    if split != "train":
        raise UsageError(f"split of 'starter': expected 'train', its only one, got {split!r}; leave split out")
    return _starter()


@lru_cache(maxsize=8)
def _procedural(name: str, split: str) -> Dataset:
    from rlef_env.problems.procedural import generated_problems

    return Dataset(name, "Procedural", generated_problems(name, split), "procedural")


BUILTINS: Final[Mapping[str, Callable[[str, str], Dataset]]] = {"starter": _named_starter, "procedural": _procedural}
"""Data sets without a file: the part of a name before ``/`` or ``?`` -> a function of the name and the split."""
