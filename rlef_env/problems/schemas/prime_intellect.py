"""PrimeIntellect: rows of ``PrimeIntellect/verifiable-coding-problems``.

``verification_info`` is JSON, or a Python literal, in a string: ``{"language", "test_cases": [{"type", "input",
"output", "fn_name"}]}``. ``gold_standard_solution`` holds the correct program, in a fence.
"""

from __future__ import annotations

from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem, Solution
from rlef_env.problems.schemas.parts.given_tests import (
    entry_point_in,
    read_tests,
    refuse_names,
    require_tests,
    split_public,
)
from rlef_env.problems.schemas.parts.nested import json_in, json_or_python_in
from rlef_env.problems.schemas.parts.row_parts import by_content, rest, text_or_none, unfenced, user_text, with_starter
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["PRIME_INTELLECT"]

_PLACED: Final = {"problem_id", "prompt", "gold_standard_solution", "verification_info", "source"}


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    if root.child("problem_id").present:
        name, root = identified(root, "problem_id", number=True)
    else:
        name, root = by_content(root, "prime_intellect")
    info = root.child("verification_info")
    if isinstance(info.value, str):
        info = json_or_python_in(info)
    language = info.child("language")
    if language.present and language.value not in ("python", "python3"):
        raise language.error("'python'", "keep only the rows for Python")
    cases = info.child("test_cases")
    name_of_function = info.child("fn_name")
    given = read_tests(
        json_in(cases) if isinstance(cases.value, str) else cases,
        entry_point_in(name_of_function) if name_of_function.present and name_of_function.value != "" else None,
        grader="prime_intellect",
    )
    require_tests(cases, given)
    refuse_names(given, root, root.child("metadata"), info)
    statement, others = user_text(root.child("prompt"))
    public, private = split_public(statement, given)
    gold = text_or_none(root.child("gold_standard_solution"))
    left = {
        "prompt": others,
        "test_cases": given.unknown,
        "verification_info": {
            key: info.child(key).plain() for key in info.table() if key not in ("language", "test_cases", "fn_name")
        },
    }
    return Problem(
        id=name,
        statement=with_starter(statement, None, given.entry_point),
        public_tests=public,
        private_tests=private,
        checker=given.checker(),
        solutions=() if gold is None else (Solution(unfenced(gold)),),
        source=text_or_none(root.child("source")),
        function=given.function,
        grader="prime_intellect",
        extra=rest(root, _PLACED) | {key: value for key, value in left.items() if value},
    )


PRIME_INTELLECT: Final = Schema(
    "prime_intellect", "PrimeIntellect", frozenset({"prompt", "verification_info"}), problem
)
