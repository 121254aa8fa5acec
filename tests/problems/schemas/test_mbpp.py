"""Rows of MBPP, full and sanitized, and of MBPP+: hand-made rows with all quirks, and invalid rows."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.evalplus import MBPP_PLUS, TYPES, input_types
from rlef_env.problems.schemas.human_eval import EVALPLUS_CHECKER
from rlef_env.problems.schemas.mbpp import MBPP, MBPP_SANITIZED
from rlef_env.problems.schemas.schema import Schema

ROW: dict[str, Any] = {
    "text": "Write a function to double.",
    "code": "import sys\r\nLIMIT = 1\r\ndef double(x):\r\n\treturn 2 * x\r\n",
    "task_id": 7,
    "test_setup_code": "class Node:\r\n    pass",
    "test_list": ["assert double(1)==2", "assert double(sys.maxsize) > 1", "assert double('a') == 'aa'"],
    "challenge_test_list": ["assert double(0) == 0"],
}
SANITIZED: dict[str, Any] = {
    "source_file": "a",
    "task_id": 7,
    "prompt": "Write a function to double.",
    "code": ROW["code"],
    "test_imports": ["import math"],
    "test_list": ["assert set(double([1])) == set([1])", "assert double(1) == 2"],
}
PLUS: dict[str, Any] = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nWrite a function to share.\nassert shared((1, 2), (2,)) == (2,)\n"""\n',
    "entry_point": "shared",
    "canonical_solution": "def shared(a, b):\n    return tuple(set(a) & set(b))\n",
    "base_input": [[[1, 2], [2]]],
    "plus_input": [],
    "contract": "",
    "atol": 0,
    "assertion": "assert shared((1, 2), (2,)) == (2,)\nassert shared((), ()) == ()\n",
}


def read(row: dict[str, Any], schema: Schema = MBPP) -> Problem:
    assert schema.keys <= row.keys()
    return schema.problem(Field(row, "file:1"))


def test_a_full_row() -> None:
    problem = read(ROW)
    assert problem.id == "MBPP/7"
    assert problem.statement == (
        "Write a function to double.\n\nWrite a whole Python program. It must pass this test:\n\nassert double(1)==2\n"
    )
    assert problem.public_tests == (Test("double(1)", "2"),)
    assert problem.private_tests == (
        Test("import sys\nassert double(sys.maxsize) > 1\n", ""),
        Test("double('a')", "'aa'"),
        Test("double(0)", "0"),
    )
    assert problem.function is not None
    assert (problem.function.entry_point, problem.function.preamble) == ("double", "class Node:\n    pass\n")
    assert problem.solutions[0].source == "import sys\nLIMIT = 1\ndef double(x):\n\treturn 2 * x\n"
    assert problem.checker == CheckerSpec("value")


def test_a_sanitized_row() -> None:
    problem = read(SANITIZED, MBPP_SANITIZED)
    assert problem.public_tests == (Test("import sys\nassert set(double([1])) == set([1])\n", ""),)
    assert problem.function is not None
    assert (problem.function.entry_point, problem.function.preamble) == ("double", "import math\n")
    assert problem.extra == {"source_file": "a"}


def test_a_row_of_evalplus_on_the_hub() -> None:
    source = (
        "import numpy as np\ndef assertion(out, exp, atol):\n    exact_match = out == exp\n    assert exact_match\n"
        "inputs = [[1], [2]]\nresults = [2, 4]\n"
        "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(double(*inp), exp, 0)\n"
    )
    problem = read(SANITIZED | {"test": source}, MBPP_SANITIZED)
    assert problem.private_tests[-2:] == (Test("double(1)", "2"), Test("double(2)", "4"))
    assert problem.checker == EVALPLUS_CHECKER


def test_a_row_of_mbpp_plus() -> None:
    problem = read(PLUS, MBPP_PLUS)
    assert problem.statement == "Write a function to share.\nassert shared((1, 2), (2,)) == (2,)\n"
    assert problem.public_tests == (Test("shared((1, 2), (2,))", "(2,)"),)
    assert "for _args in [[(1, 2), (2,)]]:" in problem.private_tests[0].input


@pytest.mark.parametrize(
    ("number", "arguments", "typed"),
    [
        (1, [[1], 2], [[1], 2]),
        (2, [[1], [2]], [(1,), (2,)]),
        (63, [[[1, 2]], [[3]]], [[(1, 2)], [(3,)]]),
        (75, [[[1], [2]], 3], [[(1,), (2,)], 3]),
        (106, [[1], [2]], [[1], (2,)]),
        (115, [[[1], [], 2]], [[{1}, {}, {}]]),
        (124, ["1.5", "1+2j"], [1.5, 1 + 2j]),
        (250, [[1], 2], [(1,), 2]),
        (259, [[[1], [2]], [[3]]], [((1,), (2,)), ((3,),)]),
        (278, [[1, [2]]], [(1, (2,))]),
        (307, [[1], 2, 3], [(1,), 2, 3]),
        (722, [{"a": [1]}, 2, 3], [{"a": (1,)}, 2, 3]),
        (252, ["3"], [3 + 0j]),
        (580, [[1, [2, [3]]]], [(1, (2, (3,)))]),
    ],
)
def test_arguments_get_the_types_that_json_has_not(number: int, arguments: list[Any], typed: list[Any]) -> None:
    assert input_types(number)(arguments) == typed


def test_no_task_has_two_ways_to_be_read() -> None:
    numbers = [number for numbers in TYPES for number in numbers]
    assert len(numbers) == len(set(numbers)) == 62


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"task_id": None}, "'task_id'"),
        ({"task_id": "seven"}, "'task_id'"),
        ({"text": 5}, "'text'"),
        ({"code": None}, "'code'"),
        ({"code": "def double(x) return x"}, "'code'.*expected Python 3"),
        ({"test_list": []}, "'test_list'.*a list of asserts"),
        ({"test_list": None}, "'test_list'"),
        ({"test_list": "assert double(1) == 2"}, "'test_list'.*a list"),
        ({"test_list": [5]}, r"'test_list\[0\]'.*a string"),
        ({"test_list": ["assert double(1 == 2"]}, "'test_list'.*expected Python 3"),
        ({"test_list": ["assert True"]}, "'test_list'.*calls the function"),
        ({"challenge_test_list": ["assert ("]}, "'challenge_test_list'.*expected Python 3"),
        ({"test_setup_code": "class"}, "'test_setup_code'.*expected Python 3"),
        ({"test_imports": [None]}, r"'test_imports\[0\]'"),
    ],
)
def test_what_is_wrong_is_one_error_that_names_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=f"^file:1.*field {words}"):
        read(ROW | change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_input": [[1, 2]]}, "'base_input'.*lists of arguments"),
        ({"base_input": [5]}, r"'base_input\[0\]'.*a list"),
        ({"assertion": "assert ("}, "'assertion'.*expected Python 3"),
        ({"entry_point": None}, "'entry_point'"),
    ],
)
def test_what_is_wrong_in_a_plus_row_is_one_error_that_names_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=f"^file:1.*field {words}"):
        read(PLUS | change, MBPP_PLUS)


def test_a_row_of_evalplus_that_compares_in_its_own_way_is_code_without_numpy() -> None:
    source = (
        "import numpy as np\ndef assertion(out, exp, atol):\n    assert set(out) == set(exp) or np.allclose(out, exp)\n"
        "inputs = [[1]]\nresults = [2]\n"
        "for i, (inp, exp) in enumerate(zip(inputs, results)):\n    assertion(double(*inp), exp, 0)\n"
    )
    problem = read(SANITIZED | {"test": source}, MBPP_SANITIZED)
    assert problem.private_tests[-1].output == ""
    assert "import numpy" not in problem.private_tests[-1].input
    kept = read(SANITIZED | {"test": source.replace("allclose", "array_equal")}, MBPP_SANITIZED)
    assert "import numpy as np" in kept.private_tests[-1].input
