"""SandboxFusion's CommonOJ rows (bytedance/SandboxFusion): tests and labels as JSON in strings.

Public tests are not marked: tests that are examples in the statement are public. The rows of its LiveCodeBench sample
look the same, but their tests are packed as in LiveCodeBench, and ``canonical_solution`` does not hold a solution.
"""

from __future__ import annotations

from typing import Any, Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import CheckerSpec, Problem, Solution, Test
from rlef_env.problems.schemas.code_contests import LANGUAGE_NAMES
from rlef_env.problems.schemas.live_code_bench import LIVE_CODE_BENCH_CHECKER, unpacked_tests
from rlef_env.problems.schemas.parts.given_tests import GivenTests, refuse_names, require_tests, split_public
from rlef_env.problems.schemas.parts.nested import json_in
from rlef_env.problems.schemas.parts.row_parts import rest, text_or_none, with_starter
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["COMMON_OJ"]

_PLACED: Final = frozenset({"id", "content", "test", "labels", "canonical_solution"})


def problem(root: Field) -> Problem:
    """Return the problem in a row; see ``Schema.problem``."""
    name, root = identified(root, "id", number=True)
    statement = root.child("content").text()
    extra = rest(root, _PLACED)
    test, canonical = root.child("test"), root.child("canonical_solution")
    packed = isinstance(test.value, str) and test.value.startswith("e")  # base64 of zlib; no JSON starts so
    given = unpacked_tests(test) if packed else _given(_unwrapped(test))
    require_tests(test, given)
    refuse_names(given, root)
    public, private = split_public(statement, given)
    if given.unknown:
        extra["test"] = given.unknown
    if packed and canonical.present:
        extra["canonical_solution"] = canonical.plain()
    labels = _unwrapped(root.child("labels"))
    difficulty, source = None, None
    if labels.present:
        difficulty, source = text_or_none(labels.child("difficulty")), text_or_none(labels.child("source"))
        extra["labels"] = labels.plain()
    return Problem(
        id=name,
        statement=with_starter(statement, None, given.entry_point),
        public_tests=public,
        private_tests=private,
        checker=given.checker(LIVE_CODE_BENCH_CHECKER) if packed else CheckerSpec("sandboxfusion"),
        solutions=() if packed else _solutions(_unwrapped(canonical)),
        difficulty=difficulty.lower() if difficulty and len(difficulty) > 1 else difficulty,  # not the letters A to V
        source=source and source.lower(),
        function=given.function,
        grader="sandboxfusion_livecodebench" if packed else "",
        extra=extra,
    )


def _unwrapped(field: Field) -> Field:
    """Return the value, or the value of JSON in a string; an empty string is null."""
    if field.value == "":
        return Field(None, field.where, field.path)
    return json_in(field) if isinstance(field.value, str) else field


def _given(found: Field) -> GivenTests:
    items = found.items() if found.present else []
    unknown = [_unknown(item) for item in items]
    return GivenTests(tuple(_test(item) for item in items), unknown={"unknown": unknown} if any(unknown) else {})


def _test(item: Field) -> Test:
    given = item.child("input").child("stdin")
    return Test(given.text() if given.present else "", item.child("output").child("stdout").text())


def _unknown(item: Field) -> dict[str, Any]:
    """Return the fields of a test beside its streams."""
    left = {key: item.child(key).plain() for key in item.table() if key not in ("input", "output")}
    for key, stream in (("input", "stdin"), ("output", "stdout")):
        field = item.child(key)
        others = {each: field.child(each).plain() for each in field.table() if each != stream}
        if others:
            left[key] = others
    return left


def _solutions(field: Field) -> tuple[Solution, ...]:
    """Read ``{"python": [...], "cpp": [...]}``; a single program may stand without a list."""
    if not field.present:
        return ()
    found = []
    for language in field.table():
        programs = field.child(language)
        if not programs.present:
            continue
        name = LANGUAGE_NAMES.get(language.lower(), language)
        listed = programs.items() if isinstance(programs.value, list) else [programs]
        found += [Solution(program.text(), name) for program in listed]
    return tuple(found)


COMMON_OJ: Final = Schema("common_oj", "CommonOJ", frozenset({"id", "content", "test"}), problem)
