"""JSON and Python literals in strings: accepted and refused texts, with bounded time and memory."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.json_text import read_integer
from rlef_env.problems.schemas.parts.nested import json_in, json_or_python_in


def field(value: Any) -> Field:
    return Field(value, "rows.jsonl:3: problem 'p'", "input_output")


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_repr_writes_is_read_back(value: Any) -> None:
    assert json_or_python_in(field(repr(value))).value == value
    assert json_or_python_in(field(repr([value]))).value == [value]


def test_the_path_names_the_encoding_of_a_string() -> None:
    assert json_in(field('{"inputs": [1, 2]}')).child("inputs").items()[1].path == "input_output(JSON).inputs[1]"
    assert json_or_python_in(field("{'a': 1}")).child("a").path == "input_output(Python).a"


def test_tuples_count_as_lists_and_brackets_around_one_value_as_none() -> None:
    assert json_or_python_in(field("((1, 2), (3,), (), ((4)))")).value == [[1, 2], [3], [], 4]
    assert json_or_python_in(field("[5., -.5, (1e5), {('a'): (),},]")).value == [5.0, -0.5, 1e5, {"a": []}]


def test_numbers_that_python_writes_into_json_and_others_refuse() -> None:
    value = json_in(field("[NaN, -Infinity, 1e2, 18446744073709551616]")).value
    assert math.isnan(value[0])
    assert value[1:] == [-math.inf, 100.0, 2**64]


@pytest.mark.parametrize("digits", [1, 4000, 4001, 4301, 9999, 100_000])
def test_whole_numbers_longer_than_int_reads(digits: int) -> None:
    assert read_integer("9" * digits) == 10**digits - 1
    if digits < 100_000:
        assert read_integer("-" + "9" * digits) == 1 - 10**digits


def test_a_number_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(DataError, match="more than 100000 digits"):
        json_in(field("[" + "9" * 100_001 + "]"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1",
        "[1 2]",
        "[1,, 2]",
        "[,]",
        "(,)",
        "(1]",
        "[1)",
        "(1)(2)",
        "(1 2)",
        "1, 2",
        "{'a': 1,,}",
        "{'a': 1, 'a': 2}",
        "{1: 2}",
        "{'a' 1}",
        "[] []",
        "open('x')",
        "__import__('os').system('true')",
        "1 + 1",
        "f'{1}'",
        "b'x'",
        "'a' 'b'",
        "{1, 2}",
        r"'\d'",
        r"'\N{BULLET}'",
        "'\\U00110000'",
        "'a\nb'",
        "(" * 200 + ")" * 200,
        "[" * 1_000_000,
        "(" * 1_000_000 + "1" + ")" * 1_000_000,
        "-" * 1_000_000 + "1",
        "1" + "+1" * 1_000_000,
        "'" * 1_000_001,
        "'" + "\\" * 1_000_001,
        "{'a':" * 1_000_000,
        "9" * 100_001,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(DataError) as error:
        json_or_python_in(field(text))
    message = str(error.value)
    assert message.startswith("rows.jsonl:3: problem 'p': field 'input_output': expected a string that holds JSON (")
    assert "\n" not in message
    assert len(message) < 500


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[1", "nul", "", "[" * 1_000_000, "{'a': 1}"])
def test_json_alone_is_read_as_strictly(text: str) -> None:
    with pytest.raises(DataError, match="field 'input_output': expected a string that holds JSON"):
        json_in(field(text))


@pytest.mark.parametrize("value", [None, 3, ["x"], {}])
def test_what_is_no_string_is_refused(value: Any) -> None:
    for read in (json_in, json_or_python_in):
        with pytest.raises(DataError, match="'input_output': expected a string, got"):
            read(field(value))
