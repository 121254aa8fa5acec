"""Both forms of tests, including calls, and the selection of public tests."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, FunctionSpec, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.literals import parse_call, parse_value
from rlef_env.problems.schemas.parts.given_tests import GivenTests, read_tests, split_public
from rlef_env.problems.schemas.parts.nested import json_in


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
        ([[5], [6]], "def solve(x: int = int(3)) -> Optional[List[int]]:", [[5], [6]]),
        ([[5], [6]], "def solve(x) -> 'Sequence[int]':", [[5], [6]]),
        ([[5], [6]], "def solve(\n    x,  # one :\n) -> list[int] | None:", [[5], [6]]),
        ([[[5]], [[6]]], "def solve(x) -> List[List[int]]:", [[[5]], [[6]]]),
        ([[[5]], [[6]]], "def solve(x) -> Optional[List[int]]:", [[5], [6]]),
        ([["a"], ["b"]], "def solve(x) -> Tuple[str]:", [["a"], ["b"]]),
        ([[[1, 2]], [[3, 4]]], "def solve(x) -> Tuple[int, int]:", [[1, 2], [3, 4]]),
        ([["a"], ["b"]], "def solve(x) -> Any:", ["a", "b"]),
        ([[None], [5]], "def solve(x) -> Optional[int]:", [None, 5]),
    ],
)
def test_results_wrapped_in_a_list_of_one(outputs: list[Any], starter: str | None, results: list[Any]) -> None:
    given = read({"inputs": [[1], [2]], "outputs": outputs, "fn_name": "solve"}, starter=starter)
    assert [parse_value(test.output) for test in given.tests] == results


@pytest.mark.parametrize(("grader", "result"), [("prime", 5), ("taco", 5), ("nemo_gym", [5]), ("", [5])])
def test_results_as_text_are_taken_out_where_the_grader_takes_both(grader: str, result: Any) -> None:
    given = read({"inputs": ["1", "2"], "outputs": ["[5]", "[6]"], "fn_name": "solve"}, grader=grader)
    assert parse_value(given.tests[0].output) == result
    assert given.checker().flags == (("json", "list_of_one") if result == 5 else ("json",))


def test_whole_numbers_as_keys_are_restored_in_arguments() -> None:
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


@pytest.mark.parametrize(
    "named",
    [
        {"metadata": {"func_name": "f"}},
        {"metadata": '{"func_name": "f"}'},
        {"metadata": {"fn_name": "f"}, "fn_name": None},
        {"metadata": {"func_name": "f"}, "fn_name": "f"},
        {"fn_name": "f", "metadata": None},
        {"fn_name": "f", "metadata": ""},
        {"fn_name": "f", "metadata": {"func_name": ""}},
    ],
)
def test_the_name_may_stand_in_each_tests_own_metadata(named: dict[str, Any]) -> None:
    records = [{"input": "[1]", "output": "2", "testtype": "functional", **named}] * 2
    assert read(records).tests == (Test("f([1])", "2"),) * 2
    assert read(records, "f").entry_point == "f"
    with pytest.raises(DataError, match="expected 'g', the function that the row's other tests call, got 'f'"):
        read(records, "g")


def test_other_metadata_are_kept() -> None:
    record = {"input": "1", "output": "2", "testtype": "stdin"}
    records = [{**record, "metadata": {"func_name": None, "level": 3}}, {**record, "metadata": "free text"}, record]
    assert read(records).unknown == {"unknown": [{"metadata": {"level": 3}}, {"metadata": "free text"}, {}]}
    assert read([{**record, "metadata": {"func_name": None}}]).unknown == {}


def test_asserts() -> None:
    given = read({"fn_name": "f", "assert_case": ["assert f(1) == (2,)", "x = f(2)\nassert x > 1", "  "]})
    assert given.tests == (Test("f(1)", "(2,)"), Test("x = f(2)\nassert x > 1\n", ""))
    assert (given.function, given.checker()) == (FunctionSpec("f"), CheckerSpec("value"))
    assert read({"inputs": [], "outputs": [], "assert_case": ["assert g(1) == 2"]}).function == FunctionSpec("g")
    public, private = split_public("Like this: assert f(1) == (2,)", given)
    assert (public, private) == (given.tests[:1], given.tests[1:])


def test_asserts_beside_calls() -> None:
    given = read({"fn_name": "f", "inputs": [[1]], "outputs": [2], "assert_case": ["assert f(1) == (2,)"]})
    assert given.tests == (Test("f(1)", "2"), Test("assert f(1) == (2,)\n", ""))
    assert given.checker() == CheckerSpec("value", ("json",))  # of calls; the assert is code, which Python compares
    assert split_public("f(1) returns 2. assert f(1) == (2,)", given) == (given.tests, ())


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
            {"inputs": [[1]], "outputs": [1], "fn_name": "f"},
            "g",
            "'tests.fn_name': expected 'g', the function that the",
        ),
        ({"assert_case": "assert f(1)"}, None, "field 'tests.assert_case': expected a list"),
        ({"assert_case": ["assert f("]}, "f", r"field 'tests.assert_case\[0\]': test: expected Python 3"),
        (
            {"assert_case": ["assert True"]},
            None,
            r"field 'tests.assert_case\[0\]': test: expected an assert that calls",
        ),
        ({"assert_case": []}, "f", "field 'tests.inputs': expected a list, got no such field"),
        ({"inputs": ["1"], "outputs": ["1"], "assert_case": ["assert f(1)"]}, None, "'tests.assert_case': expected no"),
        ({"inputs": [[1]], "assert_case": ["assert f(1)"]}, "f", "field 'tests.outputs': expected a list, got no such"),
        (
            [{"input": "1", "output": "1", "metadata": '{"func_name": '}],
            None,
            r"'tests\[0\].metadata': expected a string",
        ),
        (
            [{"input": "1", "output": "1", "metadata": {"func_name": 3}}],
            None,
            r"'tests\[0\].metadata.func_name': expected",
        ),
        (
            [{"input": "1", "output": "1", "testtype": "functional", "metadata": {"func_name": name}} for name in "fg"],
            None,
            r"field 'tests\[1\].metadata.func_name': expected 'f', the function that the row's .* got 'g'",
        ),
        (
            [{"input": "1", "output": "1", "fn_name": "f", "metadata": {"func_name": "g"}}],
            None,
            r"field 'tests\[0\].metadata.func_name': expected 'f'",
        ),
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
def test_invalid_tests_are_refused_by_name(value: Any, entry_point: str | None, message: str) -> None:
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
