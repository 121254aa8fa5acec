"""LiveCodeBench: rows of ``livecodebench/code_generation_lite``.

Public and private tests are JSON in a string; private ones are mostly packed (see ``pickled_text``), as a string of
JSON or as a dict with the JSON of ``{"inputs", "outputs", "fn_name"}``. Tests of type "functional" call ``func_name``
of the metadata, with one JSON value per line. The grader uses a limit of 6 seconds for all problems, so a problem has
no limit. Problems in the benchmark's errata are marked in ``Problem.extra["known_issue"]``.
"""

from __future__ import annotations

from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.json_text import MAX_MEMORY
from rlef_env.problems.parsing.unpacked import unpacked_bytes
from rlef_env.problems.problem import CheckerSpec, FunctionSpec, Problem
from rlef_env.problems.schemas.parts.given_tests import GivenTests, entry_point_in, read_tests, require_tests
from rlef_env.problems.schemas.parts.nested import json_in
from rlef_env.problems.schemas.parts.pickled_text import pickled_text
from rlef_env.problems.schemas.parts.row_parts import day_or_none, rest, text_or_none, with_starter
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["LIVE_CODE_BENCH", "LIVE_CODE_BENCH_CHECKER", "func_name_in", "unpacked_tests"]

LIVE_CODE_BENCH_CHECKER: Final = CheckerSpec("livecodebench")
_PLACED: Final = {
    *("question_content", "platform", "question_id", "contest_date", "starter_code", "difficulty"),
    *("public_test_cases", "private_test_cases"),
}
# From ERRATA.md of the benchmark, where it gives ids.
_KNOWN_ISSUES: Final = {
    **dict.fromkeys(
        ("abc311_c", "abc326_d", "abc327_b", "abc333_e", "abc343_a", "abc343_e", "abc362_c", "arc185_c"),
        "several right outputs",
    ),
    **dict.fromkeys(("abc337_e", "abc355_e"), "interactive"),
    **dict.fromkeys(("abc350_c", "arc189_a"), "broken tests"),
}


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = identified(root, "question_id")
    metadata = root.child("metadata")
    entry_point = func_name_in(metadata)
    date = root.child("contest_date")
    day = day_or_none(date)
    if date.present and day is None:
        raise date.error("a date in ISO 8601", "write it like 2023-08-21T00:00:00")
    public = unpacked_tests(root.child("public_test_cases"), entry_point)
    private = unpacked_tests(root.child("private_test_cases"), public.entry_point or entry_point)
    require_tests(root.child("public_test_cases"), public, private)
    called = public.entry_point or private.entry_point
    if called is None and entry_point is not None:
        raise metadata.error("no func_name, as the tests give standard input", "correct it, or testtype")
    if called is not None and any(given.tests and given.entry_point is None for given in (public, private)):
        raise root.child("private_test_cases").error("tests of the kind that the public ones are", "correct testtype")
    extra = rest(root, _PLACED) | {
        key: given.unknown
        for key, given in (("public_test_cases", public), ("private_test_cases", private))
        if given.unknown
    }
    if name in _KNOWN_ISSUES:
        extra["known_issue"] = _KNOWN_ISSUES[name]
    return Problem(
        id=name,
        statement=with_starter(root.child("question_content").text(), text_or_none(root.child("starter_code")), called),
        public_tests=public.tests,
        private_tests=private.tests,
        checker=(public if public.entry_point else private).checker(LIVE_CODE_BENCH_CHECKER),
        difficulty=text_or_none(root.child("difficulty")),
        source=text_or_none(root.child("platform")),
        date=day,
        function=None if called is None else FunctionSpec(called),
        grader="livecodebench",
        extra=extra,
    )


def func_name_in(metadata: Field) -> str | None:
    """Return the function that a row's metadata names (an object, or JSON in a string); None if they name none."""
    if not metadata.present or metadata.value == "":
        return None
    found = json_in(metadata) if isinstance(metadata.value, str) else metadata
    name = found.child("func_name") if found.present else found
    return entry_point_in(name) if name.present and name.value != "" else None


def unpacked_tests(field: Field, entry_point: str | None = None) -> GivenTests:
    """Return the tests in a string of JSON or packed as this benchmark packs its hidden tests; none if it is empty.

    Raises:
        DataError: neither form, or invalid tests.
    """
    if not field.present or field.value == "":
        return GivenTests()
    if isinstance(field.value, list):
        return read_tests(field, entry_point)
    if field.text().lstrip()[:1] in ("[", "{"):
        return read_tests(json_in(field), entry_point)
    packed = pickled_text(field)
    text = packed.child("input_output") if isinstance(packed.value, dict) else packed
    max_memory = min(unpacked_bytes(len(field.value)), MAX_MEMORY)  # for the values, in addition to their texts
    return read_tests(json_in(text, max_memory), entry_point)


LIVE_CODE_BENCH: Final = Schema(
    "live_code_bench",
    "LiveCodeBench",
    frozenset({"question_id", "question_content", "public_test_cases", "private_test_cases"}),
    problem,
)
