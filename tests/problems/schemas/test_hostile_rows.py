"""Hostile values in every place of a row of every schema are read, or refused in one line."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any, Final

import pytest

from rlef_env.errors import RLEFError
from rlef_env.problems import problem_from_row
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.quality_report import digest
from rlef_env.problems.writing import problem_to_row
from tests.clashing import clashing
from tools.samples import ROWS

DIGITS: Final = "9" * 5000
HOSTILE: Final[dict[str, Any]] = {
    "brackets": "[" * 900 + "]" * 900,
    "brackets in a value": json.loads("[" * 900 + "]" * 900),
    "objects": '{"a":' * 200 + "0" + "}" * 200,
    "signs": "assert f(" + "-" * 900 + "1) == 1",
    "words": "assert " + "not " * 400 + "f(1)",
    "a sum": "assert f(" + "1+" * 900 + "1) == 1",
    "a check": "def check(candidate):\n    assert " + "not " * 400 + "candidate(1)",
    "digits": DIGITS,
    "a number of many digits": int(DIGITS[:4000]),
    "calls of many digits": f'{{"fn_name":"f","inputs":[[{DIGITS}]],"outputs":[{DIGITS}]}}',
    "more calls than results": f'{{"fn_name":"f","inputs":[[[{DIGITS}]]],"outputs":[]}}',
    "a call without arguments": f'{{"fn_name":"f","inputs":[{DIGITS}],"outputs":[[{DIGITS}]]}}',
    "clashing keys": json.dumps({"fn_name": "f", "inputs": [[dict.fromkeys(map(str, clashing(11)))]], "outputs": [1]}),
    "deep arguments": json.dumps([{"input": "[" * 99 + "]" * 99, "output": "1", "type": "functional", "fn_name": "f"}]),
    "a key twice": '{"a": 1, "a": 2}',
    "no character": "['\\UFFFFFFFF']",
    "half a pair": "\ud800",
    "a long text": "x" * 100_000,
    "a long text of other letters": "\u00e9" * 100_000,
    "fences": "```" * 1000,
    "line ends": "\n" * 10_000,
    "a NUL": "\0",
    "a list": [1, None, "x", {}],
    "infinity": float("inf"),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def with_value(row: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(row) if isinstance(row, dict) else list(row)
    copy[path[0]] = with_value(row[path[0]], path[1:], value)
    return copy


def read(row: Any, schema: str) -> Exception | None:
    """Read a row and use the result; return the error, if any."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            problem = problem_from_row(Field(row, "row"), schema=schema)
            digest(problem)
            problem_to_row(problem)
    except Exception as error:  # noqa: BLE001 - which it is, is what is asked
        return error
    return None


@pytest.mark.parametrize("schema", ROWS)
def test_a_hostile_value_is_read_or_refused_in_one_line(schema: str) -> None:
    for path in places(ROWS[schema]):
        for name, value in HOSTILE.items():
            error = read(with_value(ROWS[schema], path, value), schema)
            assert error is None or isinstance(error, RLEFError), f"{path}: {name}: {error!r}"
            assert len(str(error)) <= 2000, (path, name)
            assert "\n" not in str(error), (path, name)
