"""A problem from a row that is in memory already, of whatever layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlef_env.problems.json_rows import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.reading import _layout_of, schema_named

__all__ = ["problem_from_row", "problem_of_row"]


def problem_from_row(row: Mapping[str, Any], where: str = "row", layout: str | None = None) -> Problem:
    """The problem in a row, as ``json.loads`` gives it.

    Args:
        row: the row.
        where: what errors call it, e.g. ``"problems.jsonl:7"``.
        layout: the name of its layout, where its fields do not tell it.

    Raises:
        DataError: it is of no layout, or not as its layout says.
        UsageError: no layout has this name.
    """
    return problem_of_row(Field(dict(row), where), layout)


def problem_of_row(row: Field, layout: str | None = None) -> Problem:
    """The problem in a row.

    Args:
        row: an object, and what errors call it.
        layout: the name of its layout, where its fields do not tell it.

    Raises:
        DataError: it is of no layout, or not as its layout says.
        UsageError: no layout has this name.
    """
    found = _layout_of(row.table(), row.where) if layout is None else schema_named(layout)
    for key in sorted(found.keys - row.table().keys()):
        raise row.child(key).error(f"what every row of {found.label} has", "add it, as null where there is nothing")
    return found.problem(row)
