"""NeMo Gym: the code rows of NVIDIA-NeMo/Gym (``resources_servers/code_gen``).

The statement is the user's message in ``responses_create_params.input``; the tests are in
``verifier_metadata.unit_tests``: ``{"inputs", "outputs"}``.
"""

from __future__ import annotations

from typing import Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas.parts.given_tests import read_tests, refuse_names, require_tests, split_public
from rlef_env.problems.schemas.parts.nested import json_in
from rlef_env.problems.schemas.parts.row_parts import by_content, rest, text_or_none, user_text, with_starter
from rlef_env.problems.schemas.schema import Schema, identified

__all__ = ["NEMO_GYM"]

_PLACED: Final = {"responses_create_params", "verifier_metadata", "hash_id", "source"}


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    if root.child("hash_id").present:
        name, root = identified(root, "hash_id")
    else:
        name, root = by_content(root, "nemo_gym")
    request, metadata = root.child("responses_create_params"), root.child("verifier_metadata")
    tests = metadata.child("unit_tests")
    given = read_tests(json_in(tests) if isinstance(tests.value, str) else tests, grader="nemo_gym")
    require_tests(tests, given)
    refuse_names(given, root, metadata)
    statement, others = user_text(request.child("input"))
    public, private = split_public(statement, given)
    left = {
        "input": others,
        "responses_create_params": {key: request.child(key).plain() for key in request.table() if key != "input"},
        "verifier_metadata": {key: metadata.child(key).plain() for key in metadata.table() if key != "unit_tests"},
        "unit_tests": given.unknown,
    }
    return Problem(
        id=name,
        statement=with_starter(statement, None, given.entry_point),
        public_tests=public,
        private_tests=private,
        checker=given.checker(),
        source=text_or_none(root.child("source")),
        function=given.function,
        grader="nemo_gym",
        extra=rest(root, _PLACED) | {key: value for key, value in left.items() if value},
    )


NEMO_GYM: Final = Schema("nemo_gym", "NeMo Gym", frozenset({"responses_create_params", "verifier_metadata"}), problem)
