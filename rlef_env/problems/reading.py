"""Read rows of files into problems: strictly, one at a time, all of one schema and with unique ids."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rlef_env.errors import DataError, UsageError, short_repr, shortened
from rlef_env.problems.file_formats import RawRow, iter_rows, raw_rows
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas import SCHEMAS, Schema
from rlef_env.problems.schemas.code_contests import CODE_CONTESTS

__all__ = [
    "ReadProblem",
    "iter_jsonl",
    "iter_problems",
    "problem_from_row",
    "read_jsonl",
    "schema_named",
    "schema_of_files",
]


class ReadProblem(NamedTuple):
    """A problem and its row.

    Attributes:
        problem: the problem.
        file: the index of the row's file among the files that are read.
        row: the row.
    """

    problem: Problem
    file: int
    row: RawRow


def problem_from_row(row: Mapping[str, Any] | Field, where: str = "row", schema: str | None = None) -> Problem:
    """Return the problem in a row, whatever the row's schema.

    Args:
        row: the row as ``json.loads`` returns it, or a field that holds it.
        where: the row's name in errors, e.g. ``"problems.jsonl:7"``; a field has its own.
        schema: the name of the row's schema; by default the row's fields determine it.

    Raises:
        DataError: the row fits no schema, or a field is not as its schema requires.
        UsageError: no schema has this name.
    """
    root = row if isinstance(row, Field) else Field(dict(row), where)
    return _problem(root, _schema_of(root.table(), root.where) if schema is None else schema_named(schema))


def read_jsonl(path: str | os.PathLike[str]) -> list[Problem]:
    """Read all problems of a JSONL file in the CodeContests schema; raise if any row is invalid.

    Raises:
        DataError: the file or a row is invalid, or two rows have the same name.
    """
    return list(iter_jsonl(path))


def iter_jsonl(path: str | os.PathLike[str]) -> Iterator[Problem]:
    """Yield the problems of a JSONL file one by one, for files larger than memory. Raises like ``read_jsonl``."""
    seen: dict[str, str] = {}
    for where, row in iter_rows(path):
        problem = CODE_CONTESTS.problem(Field(row, where))
        _check_id(problem.id, where, seen)
        yield problem


def iter_problems(files: Sequence[Path], schema: Schema) -> Iterator[ReadProblem]:
    """Yield the problems of files one by one.

    Raises:
        DataError: a file or a row is invalid, or two rows have the same id.
    """
    seen: dict[str, str] = {}
    for number, file in enumerate(files):
        for row in raw_rows(file):
            problem = _problem(Field(parse_row(row.raw, row.where, python_json=schema.python_json), row.where), schema)
            _check_id(problem.id, row.where, seen)
            yield ReadProblem(problem, number, row)


def _problem(root: Field, schema: Schema) -> Problem:
    for key in sorted(schema.keys - root.table().keys()):
        raise root.child(key).error(
            f"a field that every row of {schema.label} has", "add it; write null if it has no value"
        )
    return schema.problem(root)


def _check_id(problem_id: str, where: str, seen: dict[str, str]) -> None:
    if problem_id in seen:
        raise DataError(
            f"{where}: field 'name': expected a unique name, got {short_repr(problem_id)}, which {seen[problem_id]} "
            "already has; rename or remove one of the two"
        )
    seen[problem_id] = where


def schema_named(name: str) -> Schema:
    """Return the schema of this name.

    Raises:
        UsageError: there is none; the message lists all names.
    """
    for schema in SCHEMAS:
        if schema.name == name:
            return schema
    raise UsageError(f"schema: expected one of {', '.join(schema.name for schema in SCHEMAS)}, got {name!r}")


def schema_of_files(files: Sequence[Path]) -> Schema:
    """Return the schema that the fields of the first row determine.

    Raises:
        DataError: the first row cannot be read, or fits no schema; the message lists all schemas.
    """
    row = next(raw_rows(files[0]))
    return _schema_of(parse_row(row.raw, row.where, python_json=True), row.where)


def _schema_of(row: Mapping[str, Any], where: str) -> Schema:
    fitting = [schema for schema in SCHEMAS if schema.keys <= row.keys()]
    if fitting:
        return max(fitting, key=lambda schema: len(schema.keys))
    nearest = min(SCHEMAS, key=lambda schema: (len(schema.keys - row.keys()), -len(schema.keys)))
    missing = ", ".join(map(repr, sorted(nearest.keys - row.keys())))
    got = ", ".join(shortened(repr(key), 60) for key in sorted(row)[:20]) or "none"
    raise DataError(
        f"{where}: expected the fields of one of the schemas {', '.join(schema.name for schema in SCHEMAS)}, "
        f"got {got[:400]}; the nearest is {nearest.name}, which also requires the field {missing}; name the schema "
        "with schema=... if the first row lacks a field"
    )
