"""Write problems as rows and files in the CodeContests schema with extension fields (``schemas.code_contests``)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

from rlef_env.errors import DataError
from rlef_env.files import written_whole
from rlef_env.problems.checker_spec import checker_to_row
from rlef_env.problems.extension_fields import function_to_row, groups_to_row, interactor_to_row
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, Problem, Solution, Test
from rlef_env.problems.schemas.code_contests import (
    DIFFICULTIES,
    EXTRAS,
    LANGUAGES,
    MIN_MEMORY,
    PLACED,
    SOURCES,
    number_of,
)

__all__ = ["problem_to_line", "problem_to_row", "write_jsonl"]


def problem_to_row(problem: Problem) -> dict[str, Any]:
    """Return the row of a problem, with every field of the schema; ``problem_from_row`` reads it back equal.

    Raises:
        DataError: a limit that the schema cannot hold.
    """
    source = problem.extra.get("source") if _stands("source", problem) else number_of(problem.source, SOURCES)
    difficulty = problem.extra.get("difficulty") if _stands("difficulty", problem) else 0
    row: dict[str, Any] = {
        "name": problem.id,
        "description": problem.statement,
        "public_tests": _tests_to_row(problem.public_tests),
        "private_tests": _tests_to_row(problem.private_tests),
        "generated_tests": _tests_to_row(problem.generated_tests),
        "source": source,
        "difficulty": difficulty,
        "solutions": _solutions_to_row(problem.solutions),
        "incorrect_solutions": _solutions_to_row(problem.incorrect_solutions),
        "cf_tags": list(problem.tags),
        "time_limit": _time_limit_to_row(problem.time_limit),
        "memory_limit_bytes": _memory_limit_to_row(problem.memory_limit, problem.id),
        **{key: default for key, (_, default) in EXTRAS.items()},
    }
    if problem.source != SOURCES.get(source or 0):
        row["source_name"] = problem.source
    if problem.difficulty != DIFFICULTIES.get(difficulty or 0):
        row["difficulty_name"] = problem.difficulty
    if problem.checker != CheckerSpec("codecontests"):
        row["checker"] = checker_to_row(problem.checker)
    if problem.date is not None:
        row["date"] = problem.date
    if problem.function is not None:
        row["function"] = function_to_row(problem.function)
    if problem.grader:
        row["grader"] = problem.grader
    if problem.interactor is not None:
        row["interactor"] = interactor_to_row(problem.interactor)
    if problem.groups:
        row["groups"] = groups_to_row(problem.groups)
    row |= {key: value for key, value in problem.extra.items() if _stands(key, problem)}
    apart = {key: value for key, value in problem.extra.items() if not _stands(key, problem)}
    return {**row, "extra": apart} if apart else row


def _stands(key: str, problem: Problem) -> bool:
    """Return whether an entry of ``extra`` is read back as such if it is written to the row under its own key."""
    if key not in problem.extra:
        return False
    value = problem.extra[key]
    if key in ("source", "difficulty"):
        if type(value) is not int or not 0 < abs(value) < 2**63:
            return False
        if key == "source":
            return value != number_of(problem.source, SOURCES) and (bool(problem.source) or value not in SOURCES)
        return bool(problem.difficulty) or value not in DIFFICULTIES
    if key in EXTRAS:
        read, default = EXTRAS[key]
        try:
            return bool(read(Field(value, "")) != default)
        except DataError:
            return False
    return key not in PLACED


def _tests_to_row(tests: Sequence[Test]) -> dict[str, list[str]]:
    return {"input": [test.input for test in tests], "output": [test.output for test in tests]}


def _solutions_to_row(solutions: Sequence[Solution]) -> dict[str, list[Any]]:
    languages = [solution.language for solution in solutions]
    row: dict[str, list[Any]] = {
        "language": [LANGUAGES.index(language) if language in LANGUAGES else 0 for language in languages],
        "solution": [solution.source for solution in solutions],
    }
    if any(language not in LANGUAGES for language in languages):
        row["language_name"] = [None if language in LANGUAGES else language for language in languages]
    if any(solution.verdict for solution in solutions):
        row["verdict"] = [solution.verdict for solution in solutions]
    return row


def _time_limit_to_row(seconds: float | None) -> dict[str, int] | float | None:
    if seconds is None:
        return None
    whole, parts = divmod(round(seconds * 10**9), 10**9)
    if (whole * 10**9 + parts) / 10**9 != seconds:
        return seconds  # finer than nanoseconds: only a plain number is read back equal
    return {"seconds": whole, "nanos": parts}


def _memory_limit_to_row(limit: int | None, problem_id: str) -> int:
    if limit is not None and limit < MIN_MEMORY:
        raise DataError(
            f"problem {problem_id!r}: expected a memory limit of None or at least {MIN_MEMORY} bytes, got {limit}; "
            "give the limit in bytes, not in megabytes"
        )
    return limit or 0


def write_jsonl(path: str | os.PathLike[str], problems: Iterable[Problem]) -> None:
    """Write problems as JSONL, all or none: an error leaves the old file at ``path`` as it was.

    Raises:
        DataError: a problem cannot be written in this schema.
    """
    with written_whole(path) as file:
        for problem in problems:
            file.write(problem_to_line(problem))


def problem_to_line(problem: Problem) -> bytes:
    """Return the row of a problem as a line of JSON.

    Raises:
        DataError: the problem cannot be written in this schema.
    """
    try:
        text = json.dumps(problem_to_row(problem), ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8") + b"\n"
    except DataError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"problem {problem.id!r}: expected text and JSON values in UTF-8, got: {error}; correct it before writing"
        ) from None
