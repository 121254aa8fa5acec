"""Both forms of tests, calls among them, and which of them are public."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, FunctionSpec, Test
from rlef_env.problems.json_rows import Field
from rlef_env.problems.layouts.given_tests import GivenTests, read_tests, split_public
from rlef_env.problems.layouts.nested import json_in
from rlef_env.problems.literals import parse_call, parse_value


def read(value: Any, entry_point: str | None = None, starter: str | None = None, grader: str = "apps") -> GivenTests:
    return read_tests(Field(value, "rows.jsonl:2: problem 'p'", "tests"), entry_point, starter, grader)


def test_texts_and_lists_of_lines() -> None:
    given = read({"inputs": ["1\n", ["2", "3"]], "outputs": [["4", "5"], "6"]})
    assert given.tests == (Test("1\n", "4\n5"), Test("2\n3", "6"))
    assert given.function is None
    assert given.checker() == CheckerSpec("apps", ("exact_integers",))


def test_no_function_name_may_be_null() -> None:
    assert read({"inputs": ["1"], "outputs": ["2"], "fn_name": None}).tests == (Test("1", "2"),)


def test_calls_with_lists_of_arguments() -> None:
    given = read({"inputs": [[[1, 2], "a'b"], [[], ""]], "outputs": [True, None], "fn_name": "solve"})
    assert given.tests == (Test('solve([1, 2], "a\'b")', "True"), Test("solve([], '')", "None"))
    assert given.function == FunctionSpec("solve")
    assert given.checker() == CheckerSpec("value", ("json",))


@pytest.mark.parametrize(
    ("outputs", "starter", "results"),
    [
        ([[5], [6]], None, [5, 6]),  # the value in a list of one
        ([[5], 6], None, [[5], 6]),
        ([[5], [6, 7]], None, [[5], [6, 7]]),
        ([5, 6], None, [5, 6]),
        ([[[5]], [[6, 7]]], None, [[5], [6, 7]]),
        ([[5], [6]], "def solve(x: int) -> int:", [5, 6]),
        ([[5], [6]], "class Solution:\n    def solve(self, x: int) -> List[int]:", [[5], [6]]),
        ([[[5]], [[6]]], "def solve(x) -> list[int]:", [[5], [6]]),
        ([[5], [6]], "def other() -> List[int]:\n    pass\ndef solve(x):", [5, 6]),
    ],
)
def test_results_wrapped_in_a_list_of_one(outputs: list[Any], starter: str | None, results: list[Any]) -> None:
    given = read({"inputs": [[1], [2]], "outputs": outputs, "fn_name": "solve"}, starter=starter)
    assert [parse_value(test.output) for test in given.tests] == results


def test_whole_numbers_as_keys_come_back_in_arguments() -> None:
    given = read({"inputs": [[{"1": 2, "-3": 4}, {"a": 1, "2": 3}, {"01": 1}, {}]], "outputs": [1], "fn_name": "f"})
    assert parse_call(given.tests[0].input).args == ({1: 2, -3: 4}, {"a": 1, "2": 3}, {"01": 1}, {})


def test_calls_as_json_lines() -> None:
    given = read({"inputs": ['[1, 2]\n"x"', '[]\n"\\u00e9"\n'], "outputs": ["true", "[1]"], "fn_name": "f"})
    assert given.tests == (Test("f([1, 2], 'x')", "True"), Test("f([], 'é')", "[1]"))


def test_records_of_every_type() -> None:
    for name in ("testtype", "type"):
        for kind in ("stdin", "stdin_stdout", "stdio"):
            assert read([{"input": "1", "output": "2", name: kind}]).tests == (Test("1", "2"),)
        for kind in ("functional", "function_call"):
            given = read([{"input": "1\n2", "output": "3", name: kind}], "add")
            assert given.tests == (Test("add(1, 2)", "3"),)
    assert read([{"input": ["1", "2"], "output": "3"}]).tests == (Test("1\n2", "3"),)
    assert read([{"type": "function_call", "fn_name": "f", "input": [1], "output": [[2]]}]).tests == (
        Test("f(1)", "[2]"),
    )


def test_numbers_that_python_cannot_write_in_decimal() -> None:
    nines = "9" * 5000
    found = json_in(Field(f'{{"inputs": [[{nines}, -Infinity]], "outputs": [-{nines}], "fn_name": "f"}}', "f:1", "io"))
    test = read_tests(found).tests[0]
    assert parse_call(test.input).args == (10**5000 - 1, float("-inf"))
    assert parse_value(test.output) == 1 - 10**5000


def test_unknown_fields_are_kept() -> None:
    assert read({"inputs": [], "outputs": [], "origin": {"a": 1}}).unknown == {"origin": {"a": 1}}
    records = [{"input": "1", "output": "2", "weight": 3}, {"input": "1", "output": "2"}]
    assert read(records).unknown == {"unknown": [{"weight": 3}, {}]}


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "entry_point", "message"),
    [
        (3, None, "field 'tests': expected tests as"),
        ("x", None, "field 'tests': expected tests as"),
        (None, None, "field 'tests': expected tests as"),
        ({"outputs": []}, None, "field 'tests.inputs': expected a list, got no such field"),
        ({"inputs": []}, None, "field 'tests.outputs': expected a list, got no such field"),
        ({"inputs": ["1"], "outputs": []}, None, "field 'tests.outputs': expected length 1"),
        ({"inputs": [1], "outputs": ["1"]}, None, r"field 'tests.inputs\[0\]': expected a string, got 1"),
        ({"inputs": ["1"], "outputs": [None]}, None, r"field 'tests.outputs\[0\]': expected a string, got null"),
        ({"inputs": [["1", 2]], "outputs": ["1"]}, None, r"field 'tests.inputs\[0\]\[1\]': expected a string, got 2"),
        ({"inputs": ["\ud800"], "outputs": ["1"]}, None, r"'tests.inputs\[0\]': expected text that UTF-8 can hold"),
        ({"inputs": [["\ud800"]], "outputs": [1], "fn_name": "f"}, None, r"'tests.inputs\[0\]\[0\]': expected text"),
        ({"inputs": [[1]], "outputs": [1], "fn_name": "a b"}, None, "'tests.fn_name': expected the name of a Python"),
        ({"inputs": [[1]], "outputs": [1], "fn_name": "def"}, None, "'tests.fn_name': expected the name of a Python"),
        ({"inputs": [[1]], "outputs": [1], "fn_name": 3}, None, "'tests.fn_name': expected a string"),
        ({"inputs": [{"a": 1}], "outputs": [1], "fn_name": "f"}, None, r"'tests.inputs\[0\]': expected a list"),
        ({"inputs": ["1\nx"], "outputs": ["1"], "fn_name": "f"}, None, r"'tests.inputs\[0\]': expected a string that"),
        ({"inputs": ["1"], "outputs": [1], "fn_name": "f"}, None, r"'tests.outputs\[0\]': expected a string"),
        ({"inputs": [[deep(200)]], "outputs": [1], "fn_name": "f"}, None, "expected plain values"),
        ({"inputs": [[1]], "outputs": [deep(200)], "fn_name": "f"}, None, r"'tests.outputs\[0\].*expected plain"),
        ([3], None, r"field 'tests\[0\]': expected a JSON object"),
        ([{"output": "1"}], None, r"field 'tests\[0\].input': expected a string, got no such field"),
        ([{"input": "1"}], None, r"field 'tests\[0\].output': expected a string, got no such field"),
        ([{"input": "1", "output": "1", "testtype": "gui"}], None, r"'tests\[0\].testtype': expected one of stdin"),
        ([{"input": "1", "output": "1", "type": "functional"}], None, "field 'tests': expected the name of the func"),
        (
            [{"input": "1", "output": "1", "type": "functional"}, {"input": "1", "output": "1", "type": "stdin"}],
            "f",
            "field 'tests': expected tests that all give standard input, or all call",
        ),
        (
            [{"input": [1], "output": 1, "fn_name": "f"}, {"input": [1], "output": 1, "fn_name": "g"}],
            None,
            r"field 'tests\[1\].fn_name': expected 'f', the function that the row's other tests call, got 'g'",
        ),
    ],
)
def test_what_is_no_test_is_refused_by_name(value: Any, entry_point: str | None, message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        read(value, entry_point)
    assert str(error.value).startswith("rows.jsonl:2: problem 'p': ")


def test_examples_of_the_statement_are_public() -> None:
    given = read({"inputs": ["1\n", "2\n", "3\n"], "outputs": ["1", "4", "9"]})
    public, private = split_public("Square it.\n\nInput\n2\nOutput\n4\n", given)
    assert public == (Test("2\n", "4"),)
    assert private == (Test("1\n", "1"), Test("3\n", "9"))


def test_without_examples_the_first_of_several_tests_is_public() -> None:
    several = read({"inputs": [[1], [2]], "outputs": [1, 4], "fn_name": "f"})
    assert split_public("Square it.", several) == ((Test("f(1)", "1"),), (Test("f(2)", "4"),))
    single = read({"inputs": ["1"], "outputs": ["1"]})
    assert split_public("Square it.", single) == ((), single.tests)
    assert split_public("Square it.", GivenTests()) == ((), ())
