"""TACO: rows with all their quirks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.taco import TACO

QUESTION = "Double it.\n\nExamples\n\nInput\n2\nOutput\n4\n"


def row(**changes: Any) -> dict[str, Any]:
    """Return a row with every field of the schema; a change of ``...`` removes the field."""
    full = {
        "question": QUESTION,
        "solutions": '["print(2 * int(input()))"]',
        "starter_code": "",
        "input_output": json.dumps({"inputs": ["1\n", "2\n"], "outputs": ["2\n", "4\n"]}),
        "difficulty": "MEDIUM_HARD",
        "raw_tags": "['math', \"brute force\"]",
        "name": None,
        "source": "codeforces",
        "tags": "['Mathematics']",
        "skill_types": "[]",
        "url": "https://codeforces.com/problemset/problem/1/A",
        "Expected Auxiliary Space": None,
        "time_limit": "2.0 seconds",
        "date": "2020-10-04",
        "picture_num": "0",
        "memory_limit": "256.0 megabytes",
        "Expected Time Complexity": "O(N)",
    }
    return {key: value for key, value in {**full, **changes}.items() if value is not ...}


def problem(**changes: Any) -> Problem:
    return TACO.problem(Field(row(**changes), "taco.jsonl:9"))


def test_a_row() -> None:
    found = problem()
    assert found == Problem(
        grader="taco",
        id=found.id,
        statement=QUESTION,
        public_tests=(Test("2\n", "4\n"),),
        private_tests=(Test("1\n", "2\n"),),
        time_limit=2.0,
        memory_limit=256 * 2**20,
        checker=CheckerSpec("apps", ("exact_integers",)),
        solutions=(Solution("print(2 * int(input()))"),),
        tags=("Mathematics", "math", "brute force"),
        difficulty="MEDIUM_HARD",
        source="codeforces",
        date="2020-10-04",
        extra={
            "url": "https://codeforces.com/problemset/problem/1/A",
            "picture_num": "0",
            "Expected Time Complexity": "O(N)",
        },
    )
    assert found.id.startswith("taco/")


def test_rows_that_differ_have_ids_that_differ() -> None:
    assert len({problem(name=name).id for name in ("a", "b", None)}) == 3


@pytest.mark.parametrize(
    "tests",
    [
        '{"inputs": [[1, null]], "outputs": [[true]], "fn_name": "f"}',
        "{'inputs': [[1, None]], 'outputs': [[True]], 'fn_name': 'f'}",
        {"inputs": [[1, None]], "outputs": [[True]], "fn_name": "f"},
    ],
)
def test_tests_in_json_in_python_and_as_they_are(tests: Any) -> None:
    found = problem(input_output=tests)
    assert found.private_tests == (Test("f(1, None)", "True"),)
    assert found.function == FunctionSpec("f")


@pytest.mark.parametrize("tags", ['["a", "b"]', "['a', 'b']", ["a", "b"], "['a', 'b', 'a', '']"])
def test_tags_in_json_in_python_and_as_they_are(tags: Any) -> None:
    assert problem(tags=tags, raw_tags=None, skill_types="").tags == ("a", "b")


def test_what_cannot_be_read_as_a_limit_or_a_day_is_kept() -> None:
    found = problem(time_limit="1 - 2 seconds", memory_limit="none", date="long ago")
    assert (found.time_limit, found.memory_limit, found.date) == (None, None, None)
    assert [found.extra[key] for key in ("time_limit", "memory_limit", "date")] == ["1 - 2 seconds", "none", "long ago"]


def test_a_bare_row_has_no_optional_values() -> None:
    found = TACO.problem(Field({"question": "Do it.", "input_output": ""}, "f:1"))
    assert found == Problem(
        id=found.id, statement="Do it.", checker=CheckerSpec("apps", ("exact_integers",)), grader="taco"
    )
    assert problem(difficulty="UNKNOWN_DIFFICULTY").difficulty is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": 3}, "field 'question': expected a string, got 3"),
        ({"tags": "open('x')"}, "field 'tags': expected a string that holds JSON .* or a Python literal"),
        ({"tags": "['a', 3]"}, r"field 'tags\(Python\)\[1\]': expected a string, got 3"),
        ({"tags": "{'a': 3}"}, r"field 'tags\(Python\)': expected a list"),
        ({"tags": "[" * 100_000}, "field 'tags': expected a string that holds JSON"),
        ({"solutions": "['a']"}, "field 'solutions': expected a string that holds JSON"),
        ({"input_output": "__import__('os')"}, "field 'input_output': expected"),
        ({"input_output": "{'inputs': ['1'], 'outputs': ['1', '2']}"}, r"'input_output\(Python\).outputs': expected"),
        ({"time_limit": 2}, "field 'time_limit': expected a string, got 2"),
        ({"date": 2020}, "field 'date': expected a string"),
        ({"source": 3}, "field 'source': expected a string"),
    ],
)
def test_a_malformed_row_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as error:
        problem(**changes)
    assert str(error.value).startswith("taco.jsonl:9: problem 'taco/")
