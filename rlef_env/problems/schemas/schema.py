"""What a data set's layout is: the fields that tell its rows, and how a row becomes a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rlef_env.problems.json_rows import Field
from rlef_env.problems.problem import Problem

__all__ = ["Schema", "identified"]


@dataclass(frozen=True, slots=True)
class Schema:
    """How the rows of a data set are to be read.

    Attributes:
        name: what commands and errors call it, e.g. ``"apps"``.
        label: what reports call it, e.g. ``"APPS"``.
        keys: a row that has all of these fields is of this layout; of two that fit, the one with more keys counts.
        problem: the problem in a row. It is pure, raises ``DataError`` with the field's place, and keeps what has no
            place in ``Problem`` in ``Problem.extra``.
        python_json: its rows are what Python's ``json`` writes and other readers refuse: NaN and infinity may stand in
            them.
    """

    name: str
    label: str
    keys: frozenset[str]
    problem: Callable[[Field], Problem]
    python_json: bool = False


def identified(root: Field, key: str, *, number: bool = False) -> tuple[str, Field]:
    """The problem's id under ``key``, and the row as errors name it from here on.

    Args:
        root: the row.
        key: where the id stands.
        number: the id may be a whole number, too.

    Raises:
        DataError: there is no id, or it is empty.
    """
    field = root.child(key)
    name = str(field.integer()) if number and type(field.value) is int else field.text()
    if not name:
        raise field.error("a name that is not empty", "give each problem a name of its own")
    return name, replace(root, where=f"{root.where}: problem {_short(name)!r}")


def _short(name: str) -> str:
    return name if len(name) <= 80 else name[:77] + "..."
