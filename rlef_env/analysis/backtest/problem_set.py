"""Problem sets: files that name problems of data sets, one a line, such as those that a model once failed.

::

    {"dataset": "starter", "problem_id": "starter/add-numbers", "split": "train", "digest": "9f...",
     "why": "off by one", "run": "runs/a", "episode": 123, "added": "2026-11-30"}

``dataset`` and ``problem_id`` are required. The problems themselves stay in their data sets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from rlef_env.errors import DataError, UsageError
from rlef_env.files import written_whole
from rlef_env.problems import Dataset, Problem, load_dataset
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.parsing.json_text import parse_json
from rlef_env.problems.quality_report import digest

__all__ = ["SetEntry", "is_problem_set", "load_problem_set", "read_problem_set", "write_problem_set"]

_ADVICE: Final = "was this file written by `rlef regressions` or `rlef select`?"


@dataclass(frozen=True, slots=True)
class SetEntry:
    """A problem of a problem set.

    Attributes:
        dataset: name of its data set, as ``load_dataset`` takes it.
        split: its split.
        problem_id: its id there.
        digest: ``ProblemFacts.digest`` of the problem that was meant; empty for any version of it.
        why: why it is in the set.
        run: the run that it comes from; empty if none.
        episode: number of the episode there; None if no certain one.
        added: day on which it was added, as ``"2026-11-30"``; may be empty.
    """

    dataset: str
    problem_id: str
    split: str = "train"
    digest: str = ""
    why: str = ""
    run: str = ""
    episode: int | None = None
    added: str = ""


def read_problem_set(path: str | Path) -> list[SetEntry]:
    """Read a problem set.

    Raises:
        DataError: the file cannot be read, or a line names no problem; the message has the line and the field.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(f"{path}: expected a readable problem set, got: {error.strerror}; check the path") from None
    lines = ((line, f"{path}:{number}") for number, line in enumerate(data.split(b"\n"), start=1) if line.strip())
    return [_entry(Field(parse_row(line, where), where)) for line, where in lines]


def is_problem_set(path: str | Path) -> bool:
    """Return whether a file begins like a problem set; False if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            row = parse_json(next((line for line in file if line.strip()), b"").decode())
    except (OSError, ValueError):
        return False
    return isinstance(row, dict) and "dataset" in row and "problem_id" in row and "turns" not in row


def write_problem_set(path: str | Path, entries: Iterable[SetEntry]) -> None:
    """Write a problem set. The file is replaced as a whole, or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    with written_whole(path) as file:
        file.writelines(json.dumps(asdict(entry)).encode("ascii") + b"\n" for entry in entries)


def load_problem_set(path: str | Path, data: str | None = None) -> Dataset:
    """Load the problems of a problem set, in the order of the file.

    Args:
        path: the problem set.
        data: the data set to take all of them from; None for the one that each line names.

    Raises:
        UsageError: the set is empty, or names a data set that cannot be loaded.
        ProblemNotFound: a data set lacks a problem.
        DataError: as for ``read_problem_set``; or a problem is not the one that was added, or is there twice.
    """
    entries = read_problem_set(path)
    if not entries:
        raise UsageError(f"{path}: expected a problem set with a problem, got an empty one; add one to it")
    datasets = {key: load_dataset(*key) for key in dict.fromkeys((data or e.dataset, e.split) for e in entries)}
    problems = tuple(_problem(entry, datasets[data or entry.dataset, entry.split], path) for entry in entries)
    return Dataset(str(path), _label(path, list(datasets.values())), problems)


def _problem(entry: SetEntry, dataset: Dataset, path: str | Path) -> Problem:
    problem = dataset.get(entry.problem_id)
    if entry.digest and entry.digest != digest(problem):
        raise DataError(
            f"{path}: expected problem {entry.problem_id!r} of {dataset.label} as it was when it was added, got one "
            "with another statement, tests, limits or checker; remove it from the set and add it again"
        )
    return problem


def _label(path: str | Path, datasets: Sequence[Dataset]) -> str:
    """Return the label of the only data set: a part of a data set is reported under its name; else the file's name."""
    return datasets[0].label if len(datasets) == 1 else Path(path).stem


def _entry(row: Field) -> SetEntry:
    names = {each.name for each in fields(SetEntry)}
    for name in row.table():
        if name not in names:
            raise row.child(name).error("no such field", _ADVICE)
    texts = {
        name: _text(row.child(name))
        for name in ("dataset", "problem_id", "split", "digest", "why", "run", "added")
        if name in ("dataset", "problem_id") or not row.child(name).missing
    }
    episode = row.child("episode")
    if episode.present and type(episode.value) is not int:
        raise episode.error("a whole number or null", _ADVICE)
    return SetEntry(**texts, episode=episode.value if episode.present else None)


def _text(field: Field) -> str:
    if not isinstance(field.value, str):
        raise field.error("text", _ADVICE)
    return field.value
