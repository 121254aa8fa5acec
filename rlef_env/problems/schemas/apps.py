"""APPS: rows of ``codeparrot/apps``, and the folders of the original (hendrycks/apps).

``solutions`` and ``input_output`` are JSON in a string, empty if there are none. Tests give standard input, or call
``fn_name`` with lists of arguments; then the result of a call is often wrapped in a list of one. Rows do not say which
tests are public; see ``given_tests``. The grader uses a limit of 4 seconds for all problems, so a problem has no limit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas.parts.given_tests import (
    GivenTests,
    read_tests,
    refuse_names,
    require_tests,
    split_public,
)
from rlef_env.problems.schemas.parts.nested import json_in, json_or_python_in
from rlef_env.problems.schemas.parts.row_parts import rest, site, solutions_in, text_or_none, with_starter
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["APPS", "given_in", "rows_of_directory"]

_PLACED: Final = {"problem_id", "question", "solutions", "input_output", "difficulty", "starter_code"}


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = identified(root, "problem_id", number=True)
    question = root.child("question").text()
    starter = text_or_none(root.child("starter_code"))
    given = given_in(root.child("input_output"), starter, "apps")
    refuse_names(given, root)
    public, private = split_public(question, given)
    unknown = {"input_output": given.unknown} if given.unknown else {}
    return Problem(
        id=name,
        statement=with_starter(question, starter, given.entry_point),
        public_tests=public,
        private_tests=private,
        checker=given.checker(),
        solutions=solutions_in(root.child("solutions")),
        difficulty=text_or_none(root.child("difficulty")),
        source=site(root.child("url")),
        function=given.function,
        grader="apps",
        extra=rest(root, _PLACED) | unknown,
    )


def given_in(field: Field, starter: str | None, grader: str) -> GivenTests:
    """Return the tests in ``input_output``: JSON or a Python literal in a string, or the value itself."""
    if not field.present or field.value == "":
        return GivenTests()
    found = json_or_python_in(field) if isinstance(field.value, str) else field
    if not found.present or found.value == {}:
        return GivenTests()
    given = read_tests(found, starter=starter, grader=grader)
    if given.unknown:
        require_tests(found, given)  # no known field holds tests; an unknown one may
    return given


APPS: Final = Schema("apps", "APPS", frozenset({"problem_id", "question", "input_output"}), problem)


def rows_of_directory(path: str | os.PathLike[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield ``(where, key, row)`` for the folders of problems under ``path``, e.g. of ``APPS/train``, by name.

    A folder has ``question.txt`` and may have ``solutions.json``, ``input_output.json``, ``metadata.json`` and
    ``starter_code.py``; its name is the problem's id.

    Raises:
        DataError: there is no folder of a problem, or a file cannot be read.
    """
    try:
        folders = sorted(entry for entry in Path(path).iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{path}: expected a folder of APPS problems, got: {error}; check the path") from None
    if not folders:
        raise DataError(f"{path}: expected folders with question.txt in each, got none; name APPS/train or APPS/test")
    for folder in folders:
        yield str(folder), folder.name, _row(folder)


def _row(folder: Path) -> dict[str, Any]:
    row: dict[str, Any] = {
        "problem_id": folder.name,
        "question": _file(folder / "question.txt", required=True),
        "solutions": _file(folder / "solutions.json"),
        "input_output": _file(folder / "input_output.json"),
        "starter_code": _file(folder / "starter_code.py"),
    }
    metadata = _file(folder / "metadata.json")
    if metadata:
        facts = json_in(Field(metadata, str(folder), "metadata.json"))
        if taken := row.keys() & facts.table().keys():
            raise facts.error(f"no {', '.join(sorted(taken))}, which other files hold", "remove it from metadata.json")
        row |= facts.value
    return row


def _file(path: Path, required: bool = False) -> str:
    """Return the text of a file with its line ends unchanged; empty if there is none."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        if not required:
            return ""
        raise DataError(f"{path}: expected the problem's statement, got no such file; check the folder") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected UTF-8 text, got byte 0x{error.object[error.start]:02x} at position {error.start}; "
            "save the file as UTF-8"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: expected a readable file, got: {error}; check the folder") from None
