"""CodeContests: rows in the layout of ``deepmind/code_contests``, as JSONL.

The fields and their numbers are those of ``contest_problem.proto`` (google-deepmind/code_contests). Rows may add
fields of ours: ``checker`` ({"name", "flags", "source"}), ``difficulty_name``, ``source_name``, and in
``incorrect_solutions`` a list ``verdict`` beside ``language`` and ``solution``. A field without a place in
``Problem`` is kept in ``Problem.extra``; a field of the layout that holds its default (0, "", false, null) counts as
absent, as in protobuf, and is not kept. What ``problem_to_row`` writes, ``problem_from_row`` reads back equal.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rlef_env.errors import DataError
from rlef_env.problems.checker_spec import checker_from_field, checker_to_row
from rlef_env.problems.json_rows import Field, iter_rows
from rlef_env.problems.problem import CheckerSpec, Problem, Solution, Test

__all__ = ["iter_jsonl", "problem_from_row", "problem_to_row", "read_jsonl", "write_jsonl"]

_LANGUAGES: Final = ("unknown", "python2", "cpp", "python", "java")  # the place is the number in the row
_LANGUAGE_NAMES: Final = {
    "unknown": "unknown",
    "unknown_language": "unknown",
    "python2": "python2",
    "py2": "python2",
    "python": "python",
    "python3": "python",
    "py3": "python",
    "cpp": "cpp",
    "c++": "cpp",
    "java": "java",
}
# Only numbers that all readers understand alike: some close the gaps in the enums (source 5, difficulty 18).
_SOURCES: Final = {1: "codechef", 2: "codeforces", 3: "hackerearth", 4: "codejam"}
_DIFFICULTIES: Final = {
    **dict(enumerate(("easy", "medium", "hard", "harder", "hardest"), start=1)),
    **dict(enumerate("ABCDEFGHIJK", start=7)),
}
_FAILURES: Final = (
    "wrong_answer",
    "runtime_error",
    "time_limit",
    "memory_limit",
    "output_limit",
    "compile_error",
    "security_violation",
)
_LEAST_MEMORY: Final = 1_000_000  # bytes; less than this no program is measured well enough to be judged by it
_LONGEST_SECONDS: Final = 315_576_000_000  # protobuf's Duration: 10 000 years
# Fields of the layout that have no place in Problem: how each is read, and the default that counts as absent.
_EXTRAS: Final[Mapping[str, tuple[Callable[[Field], Any], Any]]] = {
    "cf_contest_id": (Field.integer, 0),
    "cf_index": (Field.text, ""),
    "cf_points": (Field.number, 0.0),
    "cf_rating": (Field.integer, 0),
    "is_description_translated": (Field.boolean, False),
    "untranslated_description": (Field.text, ""),
    "input_file": (Field.text, ""),
    "output_file": (Field.text, ""),
}
_PLACED: Final = frozenset(
    {"name", "description", "public_tests", "private_tests", "generated_tests", "solutions", "incorrect_solutions"}
    | {"source", "source_name", "difficulty", "difficulty_name", "cf_tags", "time_limit", "memory_limit_bytes"}
    | {"checker"}
)


def read_jsonl(path: str | os.PathLike[str]) -> list[Problem]:
    """Read all problems of a JSONL file, or raise: never a part of them.

    Raises:
        DataError: the file or a row is not as it should be, or two rows have one name.
    """
    return list(iter_jsonl(path))


def iter_jsonl(path: str | os.PathLike[str]) -> Iterator[Problem]:
    """Yield the problems of a JSONL file one by one, for files larger than memory. Raises as ``read_jsonl``."""
    seen: dict[str, str] = {}
    for where, row in iter_rows(path):
        problem = problem_from_row(row, where)
        if problem.id in seen:
            raise DataError(
                f"{where}: field 'name': expected a name of its own, got {problem.id!r}, which {seen[problem.id]} "
                "has already; rename or remove one of the two"
            )
        seen[problem.id] = where
        yield problem


def problem_from_row(row: Mapping[str, Any], where: str = "row") -> Problem:
    """The problem in a row.

    Args:
        row: the row, as ``json.loads`` gives it.
        where: what error messages call the row, e.g. ``"problems.jsonl:7"``.

    Raises:
        DataError: a field is missing or not as it should be.
    """
    root = Field(dict(row), where)
    name = root.child("name")
    if not name.text():
        raise name.error("a name that is not empty", "give each problem a name of its own")
    root = Field(root.value, f"{where}: problem {_short(name.value)!r}")
    source, difficulty, extra = _labels_and_extra(root)
    checker = root.child("checker")
    return Problem(
        id=name.value,
        statement=root.child("description").text(),
        public_tests=_tests(root.child("public_tests"), required=True),
        private_tests=_tests(root.child("private_tests")),
        generated_tests=_tests(root.child("generated_tests")),
        time_limit=_time_limit(root.child("time_limit")),
        memory_limit=_memory_limit(root.child("memory_limit_bytes")),
        checker=checker_from_field(checker) if checker.present else CheckerSpec("codecontests"),
        solutions=_solutions(root.child("solutions")),
        incorrect_solutions=_solutions(root.child("incorrect_solutions")),
        tags=_tags(root.child("cf_tags")),
        difficulty=difficulty,
        source=source,
        extra=extra,
    )


def _short(name: str) -> str:
    return name if len(name) <= 80 else name[:77] + "..."


def _tests(field: Field, required: bool = False) -> tuple[Test, ...]:
    if not field.present:
        if required and field.value is not None:
            raise field.error(
                "tests as {'input': [...], 'output': [...]}", "add the field, with empty lists if there are none"
            )
        return ()
    if isinstance(field.value, list):
        # One object a test: how protobuf's own JSON dumps look.
        return tuple(Test(item.child("input").text(), item.child("output").text()) for item in field.items())
    inputs, outputs = _columns(field, "input", "output")
    return tuple(Test(given.text(), wanted.text()) for given, wanted in zip(inputs, outputs, strict=True))


def _columns(field: Field, *keys: str) -> list[list[Field]]:
    """The lists under ``keys``, checked to be of one length."""
    columns = [field.child(key).items() for key in keys]
    for key, column in zip(keys[1:], columns[1:], strict=True):
        if len(column) != len(columns[0]):
            raise DataError(
                f"{field.where}: field '{field.path}.{key}': expected length {len(columns[0])}, that of "
                f"'{field.path}.{keys[0]}', got length {len(column)}; check that no entry was lost"
            )
    return columns


def _solutions(field: Field) -> tuple[Solution, ...]:
    if not field.present:
        return ()
    verdicts = field.child("verdict")
    columns = _columns(field, "solution", "language", *(["verdict"] if verdicts.present else []))
    return tuple(
        Solution(source.text(), _language(language), _verdict(label[0]) if label else None)
        for source, language, *label in zip(*columns, strict=True)
    )


def _language(field: Field) -> str:
    value = field.value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_LANGUAGES):
        return _LANGUAGES[value]
    if value == "PYTHON":  # the enum's name for Python 2; in lower case everybody means Python 3
        return "python2"
    if isinstance(value, str) and value.lower() in _LANGUAGE_NAMES:
        return _LANGUAGE_NAMES[value.lower()]
    raise field.error(
        "0 (unknown), 1 (Python 2), 2 (C++), 3 (Python 3), 4 (Java) or one of " + ", ".join(_LANGUAGE_NAMES),
        "name the language in one of these ways",
    )


def _verdict(field: Field) -> str | None:
    if field.value is not None and field.value not in _FAILURES:
        raise field.error(f"null or one of {', '.join(_FAILURES)}", "correct the label")
    verdict: str | None = field.value
    return verdict


def _time_limit(field: Field) -> float | None:
    """Seconds; ``{"seconds", "nanos"}`` as in the data set, or a plain number. Zero means unknown."""
    if not field.present:
        return None
    if isinstance(field.value, dict):
        seconds, nanos = field.child("seconds"), field.child("nanos")
        whole = seconds.integer() if seconds.present else 0
        parts = nanos.integer() if nanos.present else 0
        if not 0 <= whole <= _LONGEST_SECONDS:
            raise seconds.error(f"0 to {_LONGEST_SECONDS}", "write null for an unknown limit")
        if not 0 <= parts < 10**9:
            raise nanos.error("0 to 999999999", "put whole seconds into 'seconds'")
        return (whole * 10**9 + parts) / 10**9 or None
    if not isinstance(field.value, (int, float)) or isinstance(field.value, bool):
        raise field.error(
            "{'seconds': ..., 'nanos': ...}, a number of seconds or null", "write it in one of these ways"
        )
    if not 0 <= field.number() <= _LONGEST_SECONDS:
        raise field.error(f"0 to {_LONGEST_SECONDS} seconds", "write null for an unknown limit")
    return float(field.number()) or None


def _memory_limit(field: Field) -> int | None:
    if not field.present:
        return None
    if field.integer() != 0 and field.integer() < _LEAST_MEMORY:
        raise field.error(
            f"0 (unknown) or at least {_LEAST_MEMORY} bytes", "write the limit in bytes, not in megabytes"
        )
    return field.integer() or None


def _tags(field: Field) -> tuple[str, ...]:
    tags = (item.text() for item in field.items()) if field.present else ()
    return tuple(tag for tag in tags if tag)  # one export has [""] for "no tags"


def _labels_and_extra(root: Field) -> tuple[str | None, str | None, dict[str, Any]]:
    """The source, the difficulty, and everything that has no place in ``Problem``."""
    extra: dict[str, Any] = {}
    source_number = _integer_or_zero(root.child("source"))
    source = _text_or_none(root.child("source_name")) or _SOURCES.get(source_number)
    if source_number != _number_of(source, _SOURCES):
        extra["source"] = source_number
    difficulty_number = _integer_or_zero(root.child("difficulty"))
    difficulty = _text_or_none(root.child("difficulty_name")) or _DIFFICULTIES.get(difficulty_number)
    if difficulty_number:
        extra["difficulty"] = difficulty_number
    for key in root.value:
        field = root.child(key)
        if key in _EXTRAS:
            read, default = _EXTRAS[key]
            if field.present and read(field) != default:
                extra[key] = field.value
        elif key not in _PLACED:
            extra[key] = field.plain()
    return source, difficulty, extra


def _integer_or_zero(field: Field) -> int:
    return field.integer() if field.present else 0


def _text_or_none(field: Field) -> str | None:
    return field.text() or None if field.present else None


def problem_to_row(problem: Problem) -> dict[str, Any]:
    """The row of a problem, with every field of the layout; ``problem_from_row`` reads it back equal.

    Raises:
        DataError: a solution's language has no number in the layout.
    """
    extra = dict(problem.extra)
    source = extra.pop("source", _number_of(problem.source, _SOURCES))
    difficulty = extra.pop("difficulty", 0)
    row: dict[str, Any] = {
        "name": problem.id,
        "description": problem.statement,
        "public_tests": _tests_to_row(problem.public_tests),
        "private_tests": _tests_to_row(problem.private_tests),
        "generated_tests": _tests_to_row(problem.generated_tests),
        "source": source,
        "difficulty": difficulty,
        "solutions": _solutions_to_row(problem.solutions, problem.id),
        "incorrect_solutions": _solutions_to_row(problem.incorrect_solutions, problem.id),
        "cf_tags": list(problem.tags),
        "time_limit": _time_limit_to_row(problem.time_limit),
        "memory_limit_bytes": _memory_limit_to_row(problem.memory_limit, problem.id),
        **{key: default for key, (_, default) in _EXTRAS.items()},
    }
    if problem.source != _SOURCES.get(source):
        row["source_name"] = problem.source
    if problem.difficulty != _DIFFICULTIES.get(difficulty):
        row["difficulty_name"] = problem.difficulty
    if problem.checker != CheckerSpec("codecontests"):
        row["checker"] = checker_to_row(problem.checker)
    return {**row, **extra}


def _number_of(name: str | None, names: Mapping[int, str]) -> int:
    return next((number for number, known in names.items() if known == name), 0)


def _tests_to_row(tests: Sequence[Test]) -> dict[str, list[str]]:
    return {"input": [test.input for test in tests], "output": [test.output for test in tests]}


def _solutions_to_row(solutions: Sequence[Solution], problem_id: str) -> dict[str, list[Any]]:
    for solution in solutions:
        if solution.language not in _LANGUAGES:
            raise DataError(
                f"problem {problem_id!r}: expected a solution in one of {', '.join(_LANGUAGES)}, got "
                f"{solution.language!r}; the layout has no number for other languages, use 'unknown'"
            )
    row: dict[str, list[Any]] = {
        "language": [_LANGUAGES.index(solution.language) for solution in solutions],
        "solution": [solution.source for solution in solutions],
    }
    if any(solution.verdict for solution in solutions):
        row["verdict"] = [solution.verdict for solution in solutions]
    return row


def _time_limit_to_row(seconds: float | None) -> dict[str, int] | float | None:
    if seconds is None:
        return None
    whole, parts = divmod(round(seconds * 10**9), 10**9)
    if (whole * 10**9 + parts) / 10**9 != seconds:
        return seconds  # finer than nanoseconds: only a plain number reads back equal
    return {"seconds": whole, "nanos": parts}


def _memory_limit_to_row(limit: int | None, problem_id: str) -> int:
    if limit is not None and limit < _LEAST_MEMORY:
        raise DataError(
            f"problem {problem_id!r}: expected a memory limit of None or at least {_LEAST_MEMORY} bytes, got {limit}; "
            "give the limit in bytes, not in megabytes"
        )
    return limit or 0


def write_jsonl(path: str | os.PathLike[str], problems: Iterable[Problem]) -> None:
    """Write problems as JSONL, all of them or none: an error leaves what was at ``path`` as it was.

    Raises:
        DataError: a problem cannot be written in this layout.
    """
    part = Path(f"{os.fspath(path)}.part")
    try:
        with part.open("wb") as file:
            for problem in problems:
                file.write(_line(problem))
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _line(problem: Problem) -> bytes:
    try:
        text = json.dumps(problem_to_row(problem), ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8") + b"\n"
    except DataError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"problem {problem.id!r}: expected text and JSON values in UTF-8, got: {error}; correct it before writing"
        ) from None
