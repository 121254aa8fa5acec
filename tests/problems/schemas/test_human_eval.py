"""Rows of HumanEval and HumanEval+: hand-made rows with all quirks, and invalid rows."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.evalplus import HUMAN_EVAL_PLUS
from rlef_env.problems.schemas.human_eval import EVALPLUS_CHECKER, HUMAN_EVAL

PROMPT = '''from typing import List

def helper(x):
    return x

def double(x: int) -> int:
    """Doubles.
    >>> double(1)
    2
    >>> double(2)
    5
    """
'''
ROW: dict[str, Any] = {
    "task_id": "HumanEval/900",
    "prompt": PROMPT,
    "canonical_solution": "    return helper(2 * x)\n",
    "entry_point": "double",
    "test": "METADATA = {}\ndef check(candidate):\n    assert candidate(2) == 4\n    assert not candidate(0)\n",
    "author": "someone",
}
PLUS: dict[str, Any] = {key: ROW[key] for key in ("task_id", "prompt", "canonical_solution", "entry_point")}
PLUS |= {"contract": "", "base_input": [[1], [2]], "plus_input": [[float("inf")], [10**30]], "atol": 0}


def read(row: dict[str, Any], schema: Any = HUMAN_EVAL) -> Problem:
    assert schema.keys <= row.keys()
    problem: Problem = schema.problem(Field(row, "file:1"))
    return problem


def test_a_row_of_humaneval() -> None:
    problem = read(ROW)
    assert problem.id == "HumanEval/900"
    assert problem.statement.startswith(PROMPT)
    assert problem.public_tests == (Test("double(1)", "2"),)  # the other contradicts an assert
    assert problem.private_tests == (Test("double(2)", "4"), Test("candidate = double\nassert not candidate(0)\n", ""))
    assert problem.checker == CheckerSpec("value")
    assert problem.solutions == (Solution(PROMPT + ROW["canonical_solution"]),)
    assert problem.function == FunctionSpec("double", "from typing import List\n\ndef helper(x):\n    return x\n")
    assert problem.extra == {"author": "someone"}


def test_a_row_of_evalplus_on_the_hub_has_its_tolerance() -> None:
    source = (
        "import numpy as np\ndef assertion(out, exp, atol):\n    exact_match = out == exp\n    assert exact_match\n"
        "def check(candidate):\n    inputs = [[1], [2]]\n    results = [2.0, 4]\n"
        "    for i, (inp, exp) in enumerate(zip(inputs, results)):\n        assertion(candidate(*inp), exp, 0)\n"
    )
    problem = read(ROW | {"test": source})
    assert problem.private_tests == (Test("double(1)", "2.0"), Test("double(2)", "4"))
    assert problem.checker == EVALPLUS_CHECKER


def test_a_row_of_humaneval_plus_has_code_that_holds_the_reference() -> None:
    problem = read(PLUS, HUMAN_EVAL_PLUS)
    assert [test.output for test in problem.private_tests] == ["", ""]
    assert "for _args in [[1], [2]]:" in problem.private_tests[0].input
    assert "for _args in [[inf], [1000000000000000000000000000000]]:" in problem.private_tests[1].input
    assert problem.public_tests == (Test("double(1)", "2"), Test("double(2)", "5"))
    assert problem.extra == {"contract": ""} or not problem.extra
    assert not read(PLUS | {"task_id": "HumanEval/47"}, HUMAN_EVAL_PLUS).public_tests
    assert len(read(PLUS | {"plus_input": []}, HUMAN_EVAL_PLUS).private_tests) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task_id": ""}, "'task_id'"),
        ({"task_id": None}, "'task_id'"),
        ({"prompt": 5}, "'prompt'"),
        ({"prompt": "def other(): pass"}, "'prompt'.*begins a function double"),
        ({"prompt": "def (:\ndef double(x):\n"}, "'prompt'.*expected Python 3"),
        ({"canonical_solution": None}, "'canonical_solution'"),
        ({"entry_point": "a.b"}, "'entry_point'.*name of a function"),
        ({"entry_point": ""}, "'entry_point'"),
        ({"entry_point": "lambda"}, "'entry_point'"),
        ({"test": "def check(candidate): assert ("}, "'test'.*expected Python 3"),
        ({"test": "def other(candidate): pass"}, "'test'.*expected a function check"),
        ({"test": None}, "'test'"),
        ({"test": "\ud800"}, "'test'.*UTF-8"),
        ({"prompt": "(" * 5000 + "\ndef double(x):\n"}, "'prompt'.*expected Python 3"),
    ],
)
def test_what_is_wrong_is_one_error_that_names_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=f"^file:1.*field {words}") as caught:
        read(ROW | change)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_input": 5}, "'base_input'.*a list"),
        ({"base_input": [5]}, r"'base_input\[0\]'.*a list"),
        ({"plus_input": "[[1]]"}, "'plus_input'.*a list"),
        ({"atol": "0"}, "'atol'.*a number"),
        ({"canonical_solution": "    return ("}, "'canonical_solution'.*expected Python 3"),
    ],
)
def test_what_is_wrong_in_a_plus_row_is_one_error_that_names_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=f"^file:1.*field {words}"):
        read(PLUS | change, HUMAN_EVAL_PLUS)
