"""Every schema, with rows broken at random: a problem or one clear error."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.problems import Problem
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas import SCHEMAS, Schema

COLUMNS = {"inputs": ["1\n", "2\n"], "outputs": ["2\n", "4\n"], "fn_name": None}
CALLS = {"inputs": [[1, {"2": 3}], [[4]]], "outputs": [[5], [None]], "fn_name": "f"}
RECORDS = [
    {"input": "1\n2", "output": "3", "testtype": "functional"},
    {"input": "1", "output": "2", "testtype": "stdin"},
]
STATEMENT = "Double it.\n\nInput\n2\nOutput\n4\n"
CHAT = [{"role": "user", "content": STATEMENT}]
APPS_ROW = {
    "problem_id": 1,
    "question": STATEMENT,
    "input_output": COLUMNS,
    "solutions": ["x"],
    "starter_code": "def f():",
}
TACO_ROW = {
    "question": STATEMENT,
    "input_output": CALLS,
    "tags": ["a"],
    "time_limit": "2 seconds",
    "date": "2020-01-01",
}
BENCH_ROW = {
    "question_id": "a",
    "question_content": STATEMENT,
    "contest_date": "2024-01-01T00:00:00",
    "public_test_cases": RECORDS[:1],
    "private_test_cases": RECORDS[:1],
    "metadata": {"func_name": "f"},
}
ROWS: dict[str, list[dict[str, Any]]] = {
    "apps": [APPS_ROW],
    "taco": [TACO_ROW],
    "live_code_bench": [BENCH_ROW],
    "prime": [{"data_source": "apps", "prompt": CHAT, "ability": "code", "reward_model": {"ground_truth": COLUMNS}}],
    "prime_intellect": [{"prompt": STATEMENT, "verification_info": {"language": "python", "test_cases": RECORDS[1:]}}],
    "deep_coder": [{"problem": STATEMENT, "tests": COLUMNS, "solutions": ["x"], "metadata": {}}],
    "nemo_gym": [
        {"responses_create_params": {"input": CHAT}, "verifier_metadata": {"unit_tests": COLUMNS}, "hash_id": "a"}
    ],
    "open_r1": [
        {
            "id": "1/A",
            "description": "Double it.",
            "examples": [{"input": "1", "output": "2"}],
            "official_tests": [{"input": "2", "output": "4"}],
            "time_limit": 2.0,
            "memory_limit": 256.0,
            "tags": ["a"],
            "rating": 800,
        }
    ],
}
MINE = [schema for schema in SCHEMAS if schema.name in ROWS]
ODD = [
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    2**70,
    "",
    "x",
    "[",
    "{}",
    "[[[[",
    "\ud800",
    [],
    {},
    [None],
    {"": 0},
]
ODD += ["'" * 99, "open('x')", "{'a': (1, 2)}", "eJwDAAAAAAE=", "9" * 5000, [[[]]], {"inputs": 3}, "\x00", "def"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value in a row."""
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, child in children for place in places(child, (*path, key))]


def changed(row: dict[str, Any], path: tuple[Any, ...], value: Any, remove: bool) -> dict[str, Any]:
    row = copy.deepcopy(row)
    target: Any = row
    for key in path[:-1]:
        target = target[key]
    if remove:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return row


@pytest.mark.parametrize("schema", MINE, ids=lambda schema: schema.name)
def test_the_rows_are_right_before_they_are_broken(schema: Schema) -> None:
    for row in ROWS[schema.name]:
        assert list(schema.problem(Field(row, "f.jsonl:1")).tests())
        assert schema.keys <= row.keys()


@pytest.mark.parametrize("schema", MINE, ids=lambda schema: schema.name)
@given(data=st.data())
def test_a_broken_row_is_a_problem_or_one_clear_error(schema: Schema, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(ROWS[schema.name]))
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(places(row)))
        row = changed(row, path, data.draw(st.sampled_from(ODD)), remove=data.draw(st.integers(0, 3)) == 0)
        assume(row)
    for key in data.draw(st.sets(st.sampled_from(sorted(row)), max_size=3)):
        with contextlib.suppress(ValueError):
            row = {**row, key: json.dumps(row[key])}  # many fields are JSON in a string
    try:
        found = schema.problem(Field(row, "f.jsonl:1"))
    except DataError as error:
        message = str(error)
        assert message.startswith("f.jsonl:1: ")
        assert "expected" in message
        assert "\n" not in message
        assert len(message) < 600
    else:
        assert isinstance(found, Problem)
        assert found.id
        found.statement.encode()
        json.dumps(found.extra, allow_nan=False, ensure_ascii=False).encode()
