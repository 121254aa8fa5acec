"""Data sets by name: embedded and generated ones, files and folders of your own, and those of the Hugging Face hub."""

from __future__ import annotations

import difflib
import os
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from rlef_env.errors import DataError, ProblemNotFound, UsageError, short_repr
from rlef_env.problems.file_formats import SUFFIXES, is_pattern, is_plain, named_files
from rlef_env.problems.folders import is_folder_of_problems, problems_in_folder
from rlef_env.problems.hub import hub_file, is_hub_name
from rlef_env.problems.lazy import LazyProblems, open_stored
from rlef_env.problems.metadata import ChosenMetadata, IndexedProblems, ProblemMetadata, metadata_of
from rlef_env.problems.problem import Problem
from rlef_env.problems.quality_report import Quality, is_about, read_reports, report_path, short_digest
from rlef_env.problems.reading import iter_problems, layout_of_files, read_jsonl, schema_named

__all__ = ["BUILTINS", "Dataset", "load_dataset"]

_SMALL: Final = 16 * 2**20
"""Bytes of files whose problems are all held in memory; of packed ones a sixteenth."""
_MOST_COMPARED: Final = 1000
"""Ids that an unknown one is compared with: it must not cost as much as the data set is large."""


@dataclass(frozen=True)
class Dataset:
    """Problems in a fixed order.

    ``len(dataset)``, ``dataset[0]`` and ``for problem in dataset`` work as for a tuple. The problems of large files are
    read when they are asked for; ``ids`` and ``facts`` are known without reading any.

    Attributes:
        name: what it was loaded by.
        label: what reports call it, e.g. ``"Starter"``.
        problems: the problems; no two have one id.
        layout: the layout of the rows that it was read from, e.g. ``"code_contests"``; None for other problems.

    Raises:
        DataError: two problems have one id.
    """

    name: str
    label: str
    problems: Sequence[Problem]
    layout: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.problems, IndexedProblems) and len(self._places) < len(self.problems):
            twice = next(each for place, each in enumerate(self.ids) if self._places[each] != place)
            raise DataError(
                f"data set {self.label!r}: expected ids of their own, got {short_repr(twice)} twice; rename one"
            )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {problem_id: place for place, problem_id in enumerate(self.ids)}

    def __deepcopy__(self, _: dict[int, object]) -> Dataset:
        """Itself, as nothing in it changes: Gymnasium copies the arguments of ``make``."""
        return self

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __getitem__(self, index: int) -> Problem:
        return self.problems[index]

    @property
    def ids(self) -> Sequence[str]:
        """The problems' ids, in order."""
        return self.problems.ids if isinstance(self.problems, IndexedProblems) else self._ids

    @cached_property
    def _ids(self) -> Sequence[str]:
        return [problem.id for problem in self.problems]

    def facts(self) -> Iterator[ProblemMetadata]:
        """Yield what is known of each problem without reading it: id, date, difficulty, numbers of tests."""
        return iter(self.metadata_at(range(len(self))))

    def metadata_at(self, places: Sequence[int]) -> Sequence[ProblemMetadata]:
        """What is known of the problems at these places."""
        fact = self.problems.facts if isinstance(self.problems, IndexedProblems) else self._facts.__getitem__
        return ChosenMetadata(fact, places)

    # What environments ask for is found once for each data set, however many are made.

    @cached_property
    def _facts(self) -> Sequence[ProblemMetadata]:
        return tuple(map(metadata_of, self.problems))

    @cached_property
    def tested(self) -> Sequence[int]:
        """The places of the problems that have a test, in order."""
        return array("q", (place for place, facts in enumerate(self.facts()) if facts.tests))

    @cached_property
    def wrongly_solved(self) -> Sequence[int]:
        """The places of the problems that have public tests and a wrong Python solution, in order."""
        found = (place for place, facts in enumerate(self.facts()) if facts.public_tests and facts.wrong_programs)
        return array("q", found)

    def select(self, ids: Iterable[str]) -> Dataset:
        """The data set with only the problems of these ids, in its own order; ids of other problems are ignored."""
        places = sorted({self._places[each] for each in ids if each in self._places})
        if isinstance(self.problems, IndexedProblems):
            return replace(self, problems=self.problems.chosen(places))
        return replace(self, problems=tuple(self.problems[place] for place in places))

    def get(self, problem_id: str) -> Problem:
        """The problem with this id.

        Raises:
            ProblemNotFound: there is none; the message names similar ids.
        """
        return self.problems[self.place(problem_id)]

    def place(self, problem_id: str) -> int:
        """The place of the problem with this id; nothing is read.

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
        similar = difflib.get_close_matches(problem_id[:100], alike[:_MOST_COMPARED], n=3, cutoff=0.5)
        if similar:
            return "similar: " + ", ".join(short_repr(problem) for problem in similar)
        return f"the first is {short_repr(next(iter(self._places)))}"


def load_dataset(
    name_or_path: str | os.PathLike[str],
    split: str = "train",
    *,
    layout: str | None = None,
    after: str | None = None,
    before: str | None = None,
    trust: str | Quality | Collection[str | Quality] | None = None,
    reports: str | os.PathLike[str] | None = None,
) -> Dataset:
    """Load a data set.

    Every row is checked before this returns. What files hold is told by their names (``.jsonl``, ``.jsonl.gz``,
    ``.json``, ``.parquet``), what a row is by its fields.

    Args:
        name_or_path: ``"starter"``, the embedded set, or another name of ``BUILTINS``; the path of a file, of a folder
            of such files or of problem packages, or a pattern such as ``"data/train-*.parquet"``; or ``OWNER/NAME``, a
            data set of the Hugging Face hub, e.g. ``"deepmind/code_contests"``.
        split: for a data set of the hub, and for a folder with files such as ``valid-00000.parquet``; else ``"train"``.
        layout: the name of the rows' layout, where their fields do not tell it.
        after: only problems published on this day or later, as ``"2024-08-01"``; those without a date are left out.
        before: only problems published before this day.
        trust: only problems that ``rlef problems verify`` found to be so, e.g. ``"verified"``, or one of several. A
            report on an older version of a problem does not count. None takes them all, whatever the reports say.
        reports: the file of those reports; beside the data by default.

    Raises:
        UsageError: a name, split, layout, date or trust that is not supported; the message says which are.
        DataError: the data cannot be read as problems; the message says where and why.
    """
    window = tuple(_day(name, day) for name, day in (("after", after), ("before", before)))
    wanted = _wanted(trust)
    dataset = _loaded(os.fspath(name_or_path), split, layout)
    if after or before:
        dataset = _published(dataset, *window)
    if trust is None:
        return dataset
    return _trusted(dataset, wanted, report_path(name_or_path) if reports is None else Path(reports))


def _loaded(name: str, split: str, layout: str | None) -> Dataset:
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
        return _of_files(name, named_files(name, split), layout, _stem(path))
    if is_hub_name(name):
        return _of_files(name, [hub_file(name, split)], layout, name)
    raise UsageError(
        f"data set: expected one of {', '.join(map(repr, BUILTINS))}, the path of a file that ends in "
        f"{', '.join(SUFFIXES)}, of a folder of such files or of problem packages, or OWNER/NAME on the Hugging Face "
        f"hub, got {name!r}; check the path"
    )


def _of_files(name: str, files: Sequence[Path], layout: str | None, label: str) -> Dataset:
    rows = layout_of_files(files) if layout is None else schema_named(layout)
    size = sum(file.stat().st_size if is_plain(file) else 16 * file.stat().st_size for file in files if file.exists())
    if size <= _SMALL:
        problems: Sequence[Problem] = tuple(problem for problem, _, _ in iter_problems(files, rows))
    else:
        problems = open_stored(files, rows)
    return Dataset(name, label, problems, rows.name)


def _stem(path: Path) -> str:
    ending = next((ending for ending in SUFFIXES if path.name.lower().endswith(ending)), "")
    return path.resolve().name if path.name in ("", "..") else path.name[: len(path.name) - len(ending)]


def _day(name: str, day: str | None) -> str | None:
    if day is None:
        return None
    try:
        if date.fromisoformat(day).isoformat() == day:
            return day
    except (TypeError, ValueError):
        pass
    raise UsageError(f"{name}: expected a day as YYYY-MM-DD, got {day!r:.100}; write it like '2024-08-01'") from None


def _published(dataset: Dataset, after: str | None, before: str | None) -> Dataset:
    dates = {facts.id: facts.date for facts in dataset.facts() if facts.date is not None}
    if not dates:
        raise UsageError(f"data set {dataset.label!r}: expected dates to select by, got problems without any")
    chosen = {each for each, day in dates.items() if (after or day) <= day and (before is None or day < before)}
    if not chosen:
        first, last = min(dates.values()), max(dates.values())
        raise UsageError(
            f"data set {dataset.label!r}: expected problems from {after or 'the first'} on, before "
            f"{before or 'the end'}, got none; its dates are {first} to {last}"
        )
    return dataset.select(chosen)


def _wanted(trust: str | Quality | Collection[str | Quality] | None) -> frozenset[Quality]:
    names = [trust] if isinstance(trust, str) else trust or ()
    try:
        return frozenset(map(Quality, names))
    except ValueError:
        classes = ", ".join(repr(each.value) for each in Quality)
        raise UsageError(f"trust: expected one or several of {classes}, got {trust!r:.100}") from None


def _trusted(dataset: Dataset, wanted: Collection[Quality], path: Path) -> Dataset:
    how = f"make them with: rlef problems verify {dataset.name} --out {path}"
    if not path.is_file():
        raise UsageError(f"trust: expected reports on data set {dataset.label!r} in {path}, got no such file; {how}")
    found = read_reports(path)
    chosen, older = set(), 0
    for place, problem_id in enumerate(dataset.ids):
        report = found.get(problem_id)
        if report is not None and report.trust in wanted:
            if is_about(report, _short_digest(dataset.problems, place)):
                chosen.add(problem_id)
            else:
                older += 1
    if not chosen:
        classes = " or ".join(sorted(each.value for each in wanted))
        raise UsageError(
            f"trust: expected a problem of data set {dataset.label!r} that is {classes}, got none in {path}, which has "
            f"{len(found)} reports, {older} of them such but on older versions of their problems; {how}"
        )
    return dataset.select(chosen)


def _short_digest(problems: Sequence[Problem], place: int) -> int:
    return problems.short_digest(place) if isinstance(problems, LazyProblems) else short_digest(problems[place])


@lru_cache(maxsize=1)
def _starter() -> Dataset:
    with resources.as_file(resources.files("rlef_env.problems") / "starter.jsonl") as path:
        return Dataset("starter", "Starter", tuple(read_jsonl(path)), "code_contests")


def _named_starter(name: str, split: str) -> Dataset:
    if name != "starter":
        raise UsageError(f"data set: expected 'starter', got {name!r}; it has no parts")
    if split != "train":
        raise UsageError(f"split of 'starter': expected 'train', its only one, got {split!r}; leave split out")
    return _starter()


@lru_cache(maxsize=8)
def _procedural(name: str, split: str) -> Dataset:
    from rlef_env.problems.procedural import generated_problems

    return Dataset(name, "Procedural", generated_problems(name, split), "procedural")


BUILTINS: Final[Mapping[str, Callable[[str, str], Dataset]]] = {"starter": _named_starter, "procedural": _procedural}
"""Data sets that need no file: how each is made from its name, up to a ``/`` or ``?`` the key here, and the split."""
