"""TACO: rows of ``BAAI/TACO``.

Like APPS, with tags (lists, or lists as Python literals in a string) and limits in words ("2.0 seconds", "256
megabytes"); a limit in other words is kept in ``Problem.extra``. Rows have no id: it is made from their whole content.
Rows do not mark problems with several correct answers: in the test split, about one problem in five needs a checker of
its own and has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas.apps import given_in
from rlef_env.problems.schemas.parts.given_tests import refuse_names, split_public
from rlef_env.problems.schemas.parts.nested import json_or_python_in
from rlef_env.problems.schemas.parts.row_parts import (
    by_content,
    day_or_none,
    limit_in_words,
    rest,
    solutions_in,
    text_or_none,
    with_starter,
)
from rlef_env.problems.schemas.schema import Schema

__all__ = ["TACO"]

_TAGS: Final = ("tags", "raw_tags", "skill_types")
_PLACED: Final = {"question", "solutions", "input_output", "difficulty", "source", "starter_code", *_TAGS}
_MIN_SECONDS: Final = 0.001
_MIN_MEMORY: Final = 1_000_000  # bytes; files hold no limit below


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = by_content(root, "taco")
    question = root.child("question").text()
    starter = text_or_none(root.child("starter_code"))
    given = given_in(root.child("input_output"), starter, "taco")
    refuse_names(given, root)
    public, private = split_public(question, given)
    time_limit = limit_in_words(root.child("time_limit"), _MIN_SECONDS)
    memory_limit = limit_in_words(root.child("memory_limit"), _MIN_MEMORY)
    date = day_or_none(root.child("date"))
    understood = {"time_limit": time_limit, "memory_limit": memory_limit, "date": date}
    extra = rest(root, _PLACED | {key for key, value in understood.items() if value is not None})
    if given.unknown:
        extra["input_output"] = given.unknown
    return Problem(
        id=name,
        statement=with_starter(question, starter, given.entry_point),
        public_tests=public,
        private_tests=private,
        time_limit=time_limit,
        memory_limit=None if memory_limit is None else int(memory_limit),
        checker=given.checker(),
        solutions=solutions_in(root.child("solutions")),
        tags=tuple(dict.fromkeys(tag for key in _TAGS for tag in _tags(root.child(key)))),
        difficulty=_known(text_or_none(root.child("difficulty"))),
        source=text_or_none(root.child("source")),
        date=date,
        function=given.function,
        grader="taco",
        extra=extra,
    )


def _tags(field: Field) -> Iterator[str]:
    if field.present and field.value != "":
        found = json_or_python_in(field) if isinstance(field.value, str) else field
        yield from (tag for item in (found.items() if found.present else ()) if (tag := item.text()))


def _known(difficulty: str | None) -> str | None:
    return None if difficulty == "UNKNOWN_DIFFICULTY" else difficulty


TACO: Final = Schema("taco", "TACO", frozenset({"question", "input_output"}), problem)
