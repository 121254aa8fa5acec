"""What a data set's layout is: the fields that tell its rows, and how a row becomes a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rlef_env.problems.json_rows import Field
from rlef_env.problems.problem import Problem

__all__ = ["Layout"]


@dataclass(frozen=True, slots=True)
class Layout:
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
