"""CodeContests: rows of ``deepmind/code_contests``, which is also the schema of our own files.

The fields and their numbers are those of ``contest_problem.proto`` (google-deepmind/code_contests). Rows may add
extension fields: ``checker``, ``difficulty_name``, ``source_name``, ``date``, ``function``, ``grader``, ``interactor``,
``groups`` (see ``extension_fields``), in ``solutions`` and ``incorrect_solutions`` the lists ``verdict`` and
``language_name`` beside ``language`` and ``solution``, and ``extra``, whose entries go to ``Problem.extra``. A field
without a place in ``Problem`` is kept in ``Problem.extra``; a field of the schema with its default value (0, "", false,
null) counts as absent, as in protobuf, and is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rlef_env.errors import DataError
from rlef_env.problems.checker_spec import checker_from_field
from rlef_env.problems.extension_fields import (
    date_from_field,
    function_from_field,
    grader_from_field,
    groups_from_field,
    interactor_from_field,
)
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, Problem, Solution, Test
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["CODE_CONTESTS", "columns", "language_of", "number_of"]

LANGUAGES: Final = ("unknown", "python2", "cpp", "python", "java")  # the index is the number in the row
LANGUAGE_NAMES: Final = {
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
# Only numbers with the same meaning for all readers: some readers fill gaps in the enums (source 5, difficulty 18).
SOURCES: Final = {1: "codechef", 2: "codeforces", 3: "hackerearth", 4: "codejam"}
DIFFICULTIES: Final = {
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
MIN_MEMORY: Final = 1_000_000  # bytes; memory cannot be measured exactly enough for smaller limits
_MAX_SECONDS: Final = 315_576_000_000  # protobuf's Duration: 10 000 years
# Fields of the schema that have no place in Problem: the reader of each, and the default that counts as absent.
EXTRAS: Final[Mapping[str, tuple[Callable[[Field], Any], Any]]] = {
    "cf_contest_id": (Field.integer, 0),
    "cf_index": (Field.text, ""),
    "cf_points": (Field.number, 0.0),
    "cf_rating": (Field.integer, 0),
    "is_description_translated": (Field.boolean, False),
    "untranslated_description": (Field.text, ""),
    "input_file": (Field.text, ""),
    "output_file": (Field.text, ""),
}
PLACED: Final = frozenset(
    {"name", "description", "public_tests", "private_tests", "generated_tests", "solutions", "incorrect_solutions"}
    | {"source", "source_name", "difficulty", "difficulty_name", "cf_tags", "time_limit", "memory_limit_bytes"}
    | {"checker", "date", "function", "grader", "interactor", "groups", "extra"}
)
TEST_FIELDS: Final = ("public_tests", "private_tests", "generated_tests")
_LABEL: Final = "is_valid_test"


def problem(root: Field) -> Problem:
    """Return the problem in a row; see ``Schema.problem``."""
    name, root = identified(root, "name")
    statement = root.child("description").text()
    source, difficulty, extra = _labels_and_extra(root)
    public, private, generated = (_tests(root.child(key)) for key in TEST_FIELDS)
    if not public.field.present and public.field.value is not None:
        raise public.field.error(
            "tests as {'input': [...], 'output': [...]}", "add the field, with empty lists if there are none"
        )
    invalid = {tests.field.path: tests.invalid for tests in (public, private, generated) if tests.invalid}
    if invalid:
        extra["invalid_tests"] = {
            path: {"input": [test.input for test in tests], "output": [test.output for test in tests]}
            for path, tests in invalid.items()
        }
    checker = root.child("checker")
    return Problem(
        id=name,
        statement=statement,
        public_tests=public.valid,
        private_tests=private.valid,
        generated_tests=generated.valid,
        time_limit=_time_limit(root.child("time_limit")),
        memory_limit=_memory_limit(root.child("memory_limit_bytes")),
        checker=checker_from_field(checker) if checker.present else CheckerSpec("codecontests"),
        solutions=_solutions(root.child("solutions")),
        incorrect_solutions=_solutions(root.child("incorrect_solutions")),
        tags=_tags(root.child("cf_tags")),
        difficulty=difficulty,
        source=source,
        date=date_from_field(root.child("date")),
        function=function_from_field(root.child("function")),
        grader=grader_from_field(root.child("grader")),
        interactor=interactor_from_field(root.child("interactor")),
        groups=groups_from_field(
            root.child("groups"),
            {"public": len(public.valid), "private": len(private.valid), "generated": len(generated.valid)},
        ),
        extra=extra,
    )


class _Tests(NamedTuple):
    """Tests of a field, and those that AlphaCodium's ``is_valid_test`` marks as broken."""

    field: Field
    valid: tuple[Test, ...] = ()
    invalid: tuple[Test, ...] = ()


def _tests(field: Field) -> _Tests:
    if not field.present:
        return _Tests(field)
    if isinstance(field.value, list):
        # One object per test, as protobuf writes JSON.
        inputs, outputs, labels = ([item.child(key) for item in field.items()] for key in ("input", "output", _LABEL))
    elif field.child(_LABEL).present:
        inputs, outputs, labels = columns(field, "input", "output", _LABEL)
    else:
        inputs, outputs = columns(field, "input", "output")
        labels = []
    tests = [Test(given.text(), wanted.text()) for given, wanted in zip(inputs, outputs, strict=True)]
    valid = [not label.present or label.boolean() for label in labels] or [True] * len(tests)
    return _Tests(
        field,
        tuple(test for test, kept in zip(tests, valid, strict=True) if kept),
        tuple(test for test, kept in zip(tests, valid, strict=True) if not kept),
    )


def columns(field: Field, *keys: str) -> list[list[Field]]:
    """Return the lists under ``keys``, after checking that they have the same length."""
    found = [field.child(key).items() for key in keys]
    for key, column in zip(keys[1:], found[1:], strict=True):
        if len(column) != len(found[0]):
            raise DataError(
                f"{field.where}: field '{field.path}.{key}': expected length {len(found[0])}, that of "
                f"'{field.path}.{keys[0]}', got length {len(column)}; check that no entry was lost"
            )
    return found


def _solutions(field: Field) -> tuple[Solution, ...]:
    if not field.present:
        return ()
    optional = [key for key in ("verdict", "language_name") if field.child(key).present]
    entries = zip(*columns(field, "solution", "language", *optional), strict=True)
    solutions = []
    for entry in entries:
        source, language, *others = entry
        own = dict(zip(optional, others, strict=True))
        name = own.get("language_name")
        verdict = own.get("verdict")
        solutions.append(
            Solution(
                source.text(),
                name.text() if name is not None and name.present else language_of(language),
                _verdict(verdict) if verdict is not None else None,
            )
        )
    return tuple(solutions)


def language_of(field: Field) -> str:
    """Return the language that a number of the enum or a name stands for.

    Raises:
        DataError: an unknown number or name.
    """
    value = field.value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(LANGUAGES):
        return LANGUAGES[value]
    if value == "PYTHON":  # the enum's name for Python 2; in lower case it means Python 3
        return "python2"
    if isinstance(value, str) and value.lower() in LANGUAGE_NAMES:
        return LANGUAGE_NAMES[value.lower()]
    raise field.error(
        "0 (unknown), 1 (Python 2), 2 (C++), 3 (Python 3), 4 (Java) or one of " + ", ".join(LANGUAGE_NAMES),
        "name the language in one of these ways",
    )


def _verdict(field: Field) -> str | None:
    if field.value is not None and field.value not in _FAILURES:
        raise field.error(f"null or one of {', '.join(_FAILURES)}", "correct the label")
    verdict: str | None = field.value
    return verdict


def _time_limit(field: Field) -> float | None:
    """Return seconds, from ``{"seconds", "nanos"}`` as in the data set, or a plain number. Zero means unknown."""
    if not field.present:
        return None
    if isinstance(field.value, dict):
        seconds, nanos = field.child("seconds"), field.child("nanos")
        whole = seconds.integer() if seconds.present else 0
        parts = nanos.integer() if nanos.present else 0
        if not 0 <= whole <= _MAX_SECONDS:
            raise seconds.error(f"0 to {_MAX_SECONDS}", "write null for an unknown limit")
        if not 0 <= parts < 10**9:
            raise nanos.error("0 to 999999999", "put whole seconds into 'seconds'")
        return (whole * 10**9 + parts) / 10**9 or None
    if not isinstance(field.value, (int, float)) or isinstance(field.value, bool):
        raise field.error(
            "{'seconds': ..., 'nanos': ...}, a number of seconds or null", "write it in one of these ways"
        )
    if not 0 <= field.number() <= _MAX_SECONDS:
        raise field.error(f"0 to {_MAX_SECONDS} seconds", "write null for an unknown limit")
    return float(field.number()) or None


def _memory_limit(field: Field) -> int | None:
    if not field.present:
        return None
    if field.integer() != 0 and field.integer() < MIN_MEMORY:
        raise field.error(f"0 (unknown) or at least {MIN_MEMORY} bytes", "write the limit in bytes, not in megabytes")
    return field.integer() or None


def _tags(field: Field) -> tuple[str, ...]:
    tags = (item.text() for item in field.items()) if field.present else ()
    return tuple(tag for tag in tags if tag)  # one export has [""] for "no tags"


def _labels_and_extra(root: Field) -> tuple[str | None, str | None, dict[str, Any]]:
    """Return the source, the difficulty, and everything that has no place in ``Problem``."""
    extra: dict[str, Any] = {}
    source_number = _integer_or_zero(root.child("source"))
    source = _text_or_none(root.child("source_name")) or SOURCES.get(source_number)
    if source_number != number_of(source, SOURCES):
        extra["source"] = source_number
    difficulty_number = _integer_or_zero(root.child("difficulty"))
    difficulty = _text_or_none(root.child("difficulty_name")) or DIFFICULTIES.get(difficulty_number)
    if difficulty_number:
        extra["difficulty"] = difficulty_number
    for key in root.value:
        field = root.child(key)
        if key in EXTRAS:
            read, default = EXTRAS[key]
            if field.present and read(field) != default:
                extra[key] = field.value
        elif key not in PLACED or (key == "extra" and not isinstance(field.value, dict)):
            extra[key] = field.plain()
    if isinstance(root.value.get("extra"), dict):
        extra |= root.child("extra").plain()
    return source, difficulty, extra


def number_of(name: str | None, names: Mapping[int, str]) -> int:
    """Return the enum's number for a name, 0 if it has none."""
    return next((number for number, known in names.items() if known == name), 0)


def _integer_or_zero(field: Field) -> int:
    return field.integer() if field.present else 0


def _text_or_none(field: Field) -> str | None:
    return field.text() or None if field.present else None


CODE_CONTESTS: Final = Schema(
    "code_contests", "CodeContests", frozenset({"name", "description", "public_tests"}), problem
)
