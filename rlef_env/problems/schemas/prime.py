"""PRIME: the code rows of ``PRIME-RL/Eurus-2-RL-Data``, and DeepCoder's after its preparation for training.

The statement is the user's message in ``prompt``, whatever else the chat holds; the tests are JSON in
``reward_model.ground_truth``. The original reward runs only some of the tests (10 in PRIME, the 15 with the longest
input in DeepCoder); here all of them count. Rows for other abilities than code are refused, because they cannot be
judged.
"""

from __future__ import annotations

from typing import Any, Final

from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.problem import Problem
from rlef_env.problems.schemas.parts.given_tests import read_tests, refuse_names, require_tests, split_public
from rlef_env.problems.schemas.parts.nested import json_in
from rlef_env.problems.schemas.parts.row_parts import by_content, rest, text_or_none, user_text, with_starter
from rlef_env.problems.schemas.schema import Schema

__all__ = ["PRIME"]

_PLACED: Final = {"data_source", "prompt", "ability", "reward_model"}


def problem(root: Field) -> Problem:
    """Return the problem in a row."""
    name, root = by_content(root, "prime")
    ability = root.child("ability")
    if ability.present and ability.value != "code":
        raise ability.error("'code'", "keep only the rows for code: others have no tests")
    reward = root.child("reward_model")
    truth = reward.child("ground_truth")
    tests = json_in(truth) if isinstance(truth.value, str) else truth
    grader = "deep_coder" if isinstance(tests.value, list) else "prime"  # PRIME's own grader accepts columns only
    given = read_tests(tests, grader=grader)
    require_tests(truth, given)
    refuse_names(given, root, root.child("metadata"), root.child("extra_info"), reward)
    statement, others = user_text(root.child("prompt"))
    public, private = split_public(statement, given)
    extra = rest(root, _PLACED)
    left: dict[str, Any] = {
        "prompt": others,
        "reward_model": {key: reward.child(key).plain() for key in reward.table() if key != "ground_truth"},
        "ground_truth": given.unknown,
    }
    return Problem(
        id=name,
        statement=with_starter(statement, None, given.entry_point),
        public_tests=public,
        private_tests=private,
        checker=given.checker(),
        source=text_or_none(root.child("data_source")),
        function=given.function,
        grader=grader,
        extra=extra | {key: value for key, value in left.items() if value},
    )


PRIME: Final = Schema("prime", "PRIME", frozenset({"data_source", "prompt", "reward_model"}), problem)
