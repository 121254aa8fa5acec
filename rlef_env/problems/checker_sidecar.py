"""Sidecar files: a checker for each problem, for data whose rows name none."""

from __future__ import annotations

import os

from rlef_env.errors import DataError, short_repr
from rlef_env.problems.checker_spec import checker_from_field
from rlef_env.problems.file_formats import iter_rows
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec

__all__ = ["read_checkers"]


def read_checkers(path: str | os.PathLike[str]) -> dict[str, CheckerSpec]:
    """Read the checker of each problem.

    Each line is ``{"name": PROBLEM, "checker": {"name": ..., "flags": [...]}}``; other fields and lines without a
    checker are ignored.

    Returns:
        The checkers, by the problem's name.

    Raises:
        DataError: the file or a line is invalid, or two lines name the same problem.
    """
    checkers: dict[str, CheckerSpec] = {}
    seen: dict[str, str] = {}
    for where, row in iter_rows(path):
        root = Field(row, where)
        name = root.child("name").text()
        if name in seen:
            raise DataError(
                f"{where}: field 'name': expected one line per problem, got {short_repr(name)}, which {seen[name]} "
                "already names; remove one of the two"
            )
        seen[name] = where
        checker = Field(row, f"{where}: problem {short_repr(name)}").child("checker")
        if checker.present:
            checkers[name] = checker_from_field(checker)
    return checkers
