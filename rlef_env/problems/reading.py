"""Rows of files to problems: strictly, one at a time, all of one layout and all ids their own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rlef_env.errors import DataError, UsageError, short_repr, shortened
from rlef_env.problems.file_formats import RawRow, raw_rows
from rlef_env.problems.json_rows import Field, iter_rows, parse_row
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas import SCHEMAS, Schema
from rlef_env.problems.schemas.code_contests import problem_from_row

__all__ = ["ReadProblem", "iter_jsonl", "iter_problems", "layout_of_files", "read_jsonl", "schema_named"]


class ReadProblem(NamedTuple):
    """A problem, and where its row is: the place of the file among those read, and the row in it."""

    problem: Problem
    file: int
    row: RawRow


def read_jsonl(path: str | os.PathLike[str]) -> list[Problem]:
    """Read all problems of a JSONL file in the CodeContests layout, or raise: never a part of them.

    Raises:
        DataError: the file or a row is not as it should be, or two rows have one name.
    """
    return list(iter_jsonl(path))


def iter_jsonl(path: str | os.PathLike[str]) -> Iterator[Problem]:
    """Yield the problems of a JSONL file one by one, for files larger than memory. Raises as ``read_jsonl``."""
    seen: dict[str, str] = {}
    for where, row in iter_rows(path):
        problem = problem_from_row(row, where)
        _check_id(problem.id, where, seen)
        yield problem


def iter_problems(files: Sequence[Path], layout: Schema) -> Iterator[ReadProblem]:
    """Yield the problems of files one by one.

    Raises:
        DataError: a file or a row is not as it should be, or two rows have one id.
    """
    seen: dict[str, str] = {}
    for number, file in enumerate(files):
        for row in raw_rows(file):
            root = Field(parse_row(row.raw, row.where, python_json=layout.python_json), row.where)
            for key in sorted(layout.keys - root.table().keys()):
                raise root.child(key).error(
                    f"what every row of {layout.label} has", "add it, as null where there is nothing"
                )
            problem = layout.problem(root)
            _check_id(problem.id, row.where, seen)
            yield ReadProblem(problem, number, row)


def _check_id(problem_id: str, where: str, seen: dict[str, str]) -> None:
    if problem_id in seen:
        raise DataError(
            f"{where}: field 'name': expected a name of its own, got {short_repr(problem_id)}, which "
            f"{seen[problem_id]} has already; rename or remove one of the two"
        )
    seen[problem_id] = where


def schema_named(name: str) -> Schema:
    """The layout of this name.

    Raises:
        UsageError: there is none; the message names all.
    """
    for layout in SCHEMAS:
        if layout.name == name:
            return layout
    raise UsageError(f"layout: expected one of {', '.join(layout.name for layout in SCHEMAS)}, got {name!r}")


def layout_of_files(files: Sequence[Path]) -> Schema:
    """The layout of the first row's fields.

    Raises:
        DataError: the first row cannot be read, or is of no layout; the message names all.
    """
    row = next(raw_rows(files[0]))
    return _layout_of(parse_row(row.raw, row.where, python_json=True), row.where)


def _layout_of(row: Mapping[str, Any], where: str) -> Schema:
    fitting = [layout for layout in SCHEMAS if layout.keys <= row.keys()]
    if fitting:
        return max(fitting, key=lambda layout: len(layout.keys))
    nearest = min(SCHEMAS, key=lambda layout: (len(layout.keys - row.keys()), -len(layout.keys)))
    missing = ", ".join(map(repr, sorted(nearest.keys - row.keys())))
    got = ", ".join(shortened(repr(key), 60) for key in sorted(row)[:20]) or "none"
    raise DataError(
        f"{where}: expected the fields of one of the layouts {', '.join(layout.name for layout in SCHEMAS)}, "
        f"got {got[:400]}; the nearest is {nearest.name}, for which there is no field {missing}; name the layout "
        "with layout=... where the first row lacks a field"
    )
