"""A data set's schema: the fields that identify its rows, and how a row becomes a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem

__all__ = ["Schema", "identified"]


@dataclass(frozen=True, slots=True)
class Schema:
    """Schema of a data set's rows.

    Attributes:
        name: the name in commands and errors, e.g. ``"apps"``.
        label: the name in reports, e.g. ``"APPS"``.
        keys: a row with all of these fields has this schema; of two schemas that fit, the one with more keys wins.
        problem: returns the problem in a row. It is pure, raises ``DataError`` with the field's place, and keeps
            what has no place in ``Problem`` in ``Problem.extra``.
        python_json: whether NaN and infinity are allowed in the rows: Python's ``json`` writes them, other readers
            refuse them.
    """

    name: str
    label: str
    keys: frozenset[str]
    problem: Callable[[Field], Problem]
    python_json: bool = False


def identified(root: Field, key: str, *, number: bool = False) -> tuple[str, Field]:
    """Return the problem's id under ``key``, and the row with the id in its name for errors.

    Args:
        root: the row.
        key: the field with the id.
        number: whether the id may also be an integer.

    Raises:
        DataError: there is no id, or it is empty.
    """
    field = root.child(key)
    name = str(field.integer()) if number and type(field.value) is int else field.text()
    if not name:
        raise field.error("a name that is not empty", "give each problem a unique name")
    return name, replace(root, where=f"{root.where}: problem {_short(name)!r}")


def _short(name: str) -> str:
    return name if len(name) <= 80 else name[:77] + "..."
