"""DeepCoder: rows of ``agentica-org/DeepCoder-Preview-Dataset``, and rLLM's ``code_contests.json``.

``tests`` is a list of ``{"input", "output", "testtype"}`` or ``{"inputs", "outputs", "fn_name"}``, either directly or
as JSON in a string. rLLM writes the limits at the end of the statement ("Time Limit: {'seconds': 2, 'nanos': 0}",
"Memory Limit: 256000000 Bytes"): they are read, and the statement is left unchanged.
"""

from __future__ import annotations

import re
from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas.live_code_bench import func_name_in
from rlef_env.problems.schemas.parts.given_tests import read_tests, refuse_names, require_tests, split_public
from rlef_env.problems.schemas.parts.nested import json_or_python_in
from rlef_env.problems.schemas.parts.row_parts import by_content, rest, solutions_in, text_or_none, with_starter
from rlef_env.problems.schemas.schema import Schema

__all__ = ["DEEP_CODER"]

_PLACED: Final = {"problem", "tests", "solutions", "starter_code"}
_SECONDS: Final = re.compile(r"Time Limit: \{'seconds': ([0-9]{1,6}), 'nanos': ([0-9]{1,9})\}")
_BYTES: Final = re.compile(r"Memory Limit: ([0-9]{7,15}) Bytes", re.IGNORECASE)
_NANOSECONDS: Final = 10**9


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = by_content(root, "deep_coder")
    text = root.child("problem").text()
    starter = text_or_none(root.child("starter_code"))
    tests = root.child("tests")
    given = read_tests(
        json_or_python_in(tests) if isinstance(tests.value, str) else tests,
        func_name_in(root.child("metadata")),
        starter,
        "deep_coder",
    )
    require_tests(tests, given)
    refuse_names(given, root)
    public, private = split_public(text, given)
    seconds, memory = _SECONDS.search(text), _BYTES.search(text)
    return Problem(
        id=name,
        statement=with_starter(text, starter, given.entry_point),
        public_tests=public,
        private_tests=private,
        time_limit=(int(seconds[1]) + int(seconds[2]) / _NANOSECONDS or None) if seconds else None,
        memory_limit=int(memory[1]) if memory else None,
        checker=given.checker(),
        solutions=solutions_in(root.child("solutions")),
        function=given.function,
        grader="deep_coder",
        extra=rest(root, _PLACED) | ({"tests": given.unknown} if given.unknown else {}),
    )


DEEP_CODER: Final = Schema("deep_coder", "DeepCoder", frozenset({"problem", "tests"}), problem)
