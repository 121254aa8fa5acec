"""CodeContests+ (ByteDance-Seed/Code-Contests-Plus): other tests, and a checker per problem, a C++ testlib program.

Neither public tests nor the units of limits are marked. Tests that are examples in the statement are public. A time
limit above 100 is in milliseconds, a memory limit below a million in megabytes; no contest has limits that could be
either.
"""

from __future__ import annotations

from typing import Final

from rlef_env.problems.checker_spec import checker_from_field
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, Problem, Solution, Test
from rlef_env.problems.schemas.code_contests import MIN_MEMORY, columns, language_of
from rlef_env.problems.schemas.parts.given_tests import GivenTests, split_public
from rlef_env.problems.schemas.parts.row_parts import rest, text_or_none
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["CODE_CONTESTS_PLUS"]

_MAX_SECONDS: Final = 100
_PLACED: Final = frozenset(
    {"id", "description", "test_cases", "checker", "correct_submissions", "incorrect_submissions"}
    | {"source", "time_limit", "memory_limit"}
)


def problem(root: Field) -> Problem:
    """Return the problem in a row; see ``Schema.problem``."""
    name, root = identified(root, "id", number=True)
    statement = root.child("description").text()
    tests = tuple(Test(given.text(), wanted.text()) for given, wanted in _pairs(root.child("test_cases"), *_TEST))
    public, private = split_public(statement, GivenTests(tests))
    return Problem(
        id=name,
        statement=statement,
        public_tests=public,
        private_tests=private,
        time_limit=_time_limit(root.child("time_limit")),
        memory_limit=_memory_limit(root.child("memory_limit")),
        checker=_checker(root.child("checker")),
        solutions=_solutions(root.child("correct_submissions")),
        incorrect_solutions=_solutions(root.child("incorrect_submissions")),
        source=text_or_none(root.child("source")),
        extra=rest(root, _PLACED),
    )


_TEST: Final = ("input", "output")
_SUBMISSION: Final = ("code", "language")


def _pairs(field: Field, first: str, second: str) -> list[tuple[Field, Field]]:
    """Read a list of objects, or an object of two lists, which some writers of Parquet make of it."""
    if not field.present:
        return []
    if isinstance(field.value, dict):
        return list(zip(*columns(field, first, second), strict=True))
    return [(item.child(first), item.child(second)) for item in field.items()]


def _solutions(field: Field) -> tuple[Solution, ...]:
    return tuple(Solution(code.text(), language_of(language)) for code, language in _pairs(field, *_SUBMISSION))


def _checker(field: Field) -> CheckerSpec:
    """Return a testlib program in C++; the checker of CodeContests if there is none."""
    if isinstance(field.value, dict):
        return checker_from_field(field)
    source = text_or_none(field)
    return CheckerSpec() if source is None else CheckerSpec("testlib", source=source, language="cpp")


def _time_limit(field: Field) -> float | None:
    """Return seconds."""
    if not field.present:
        return None
    value = field.integer() if isinstance(field.value, str) else field.number()
    if not 0 <= value <= 1000 * _MAX_SECONDS:
        raise field.error(f"0 to {_MAX_SECONDS} seconds or {1000 * _MAX_SECONDS} milliseconds", "correct the limit")
    return (value / 1000 if value > _MAX_SECONDS else float(value)) or None


def _memory_limit(field: Field) -> int | None:
    """Return bytes."""
    if not field.present:
        return None
    value = field.integer() if isinstance(field.value, str) else field.number()
    if value != 0 and value < 1:
        raise field.error("megabytes or bytes", "write null for an unknown limit")
    return int(value if value >= MIN_MEMORY else value * 2**20) or None


CODE_CONTESTS_PLUS: Final = Schema(
    "code_contests_plus",
    "CodeContests+",
    frozenset({"id", "description", "test_cases", "correct_submissions"}),
    problem,
)
