"""Sidecar files: a checker per problem, for data that does not carry its own."""

from __future__ import annotations

import os

from rlef_env.errors import DataError, short_repr
from rlef_env.problems.checker_spec import checker_from_field
from rlef_env.problems.json_rows import Field, iter_rows
from rlef_env.problems.problem import CheckerSpec

__all__ = ["read_checkers"]


def read_checkers(path: str | os.PathLike[str]) -> dict[str, CheckerSpec]:
    """Read which checker each problem needs.

    Each line is ``{"name": PROBLEM, "checker": {"name": ..., "flags": [...]}}``; other fields are ignored, and so is a
    line without a checker.

    Returns:
        The checkers, by the problem's name.

    Raises:
        DataError: the file or a line is not as it should be, or two lines are about one problem.
    """
    checkers: dict[str, CheckerSpec] = {}
    seen: dict[str, str] = {}
    for where, row in iter_rows(path):
        root = Field(row, where)
        name = root.child("name").text()
        if name in seen:
            raise DataError(
                f"{where}: field 'name': expected one line a problem, got {short_repr(name)}, which {seen[name]} is "
                "about already; remove one of the two"
            )
        seen[name] = where
        checker = Field(row, f"{where}: problem {short_repr(name)}").child("checker")
        if checker.present:
            checkers[name] = checker_from_field(checker)
    return checkers
