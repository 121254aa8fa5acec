"""LiveCodeBench: rows with all their quirks, and the real packed rows of the sample."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.common_oj import COMMON_OJ
from rlef_env.problems.schemas.live_code_bench import LIVE_CODE_BENCH, unpacked_tests

PUBLIC = [{"input": "1\n", "output": "2\n", "testtype": "stdin"}]
PRIVATE = [{"input": "5\n", "output": "6\n", "testtype": "stdin"}]


def packed(value: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def row(**changes: Any) -> dict[str, Any]:
    """Return a row with every field of the schema; a change of ``...`` removes the field."""
    full = {
        "question_title": "Next",
        "question_content": "Print the next number.",
        "platform": "atcoder",
        "question_id": "abc999_a",
        "contest_id": "abc999",
        "contest_date": "2024-08-03T00:00:00",
        "starter_code": "",
        "difficulty": "easy",
        "public_test_cases": json.dumps(PUBLIC),
        "private_test_cases": packed(json.dumps(PRIVATE)),
        "metadata": "{}",
    }
    return {key: value for key, value in {**full, **changes}.items() if value is not ...}


def problem(**changes: Any) -> Problem:
    return LIVE_CODE_BENCH.problem(Field(row(**changes), "test5.jsonl:2"))


def test_a_row() -> None:
    assert problem() == Problem(
        grader="livecodebench",
        id="abc999_a",
        statement="Print the next number.",
        public_tests=(Test("1\n", "2\n"),),
        private_tests=(Test("5\n", "6\n"),),
        checker=CheckerSpec("livecodebench"),
        difficulty="easy",
        source="atcoder",
        date="2024-08-03",
        extra={"question_title": "Next", "contest_id": "abc999", "metadata": "{}"},
    )


@pytest.mark.parametrize(
    "tests",
    [
        json.dumps(PRIVATE),
        PRIVATE,
        packed(json.dumps(PRIVATE)),
        packed({"input_output": json.dumps({"inputs": ["5\n"], "outputs": ["6\n"], "fn_name": None})}),
    ],
)
def test_hidden_tests_in_every_wrapping(tests: Any) -> None:
    assert problem(private_test_cases=tests).private_tests == (Test("5\n", "6\n"),)


@pytest.mark.parametrize("nothing", ["", None, ..., "[]"])
def test_no_hidden_tests(nothing: Any) -> None:
    assert problem(private_test_cases=nothing).private_tests == ()


@pytest.mark.parametrize("metadata", ['{"func_name": "count"}', {"func_name": "count"}])
def test_calls(metadata: Any) -> None:
    starter = "class Solution:\n    def count(self, words: List[str], k: int) -> int:\n        "
    found = problem(
        public_test_cases=json.dumps([{"input": '["a", "b"]\n2', "output": "1", "testtype": "functional"}]),
        private_test_cases=packed(json.dumps([{"input": "[]\n0", "output": "[1.5]", "testtype": "functional"}])),
        metadata=metadata,
        starter_code=starter,
        platform="leetcode",
    )
    assert found.public_tests == (Test("count(['a', 'b'], 2)", "1"),)
    assert found.private_tests == (Test("count([], 0)", "[1.5]"),)
    assert found.function == FunctionSpec("count")
    assert found.checker == CheckerSpec("value", ("json",))
    assert starter in found.statement


def test_calls_that_only_the_payload_names() -> None:
    payload = {"input_output": json.dumps({"inputs": ["[1]\n2"], "outputs": ["3"], "fn_name": "f"})}
    found = problem(public_test_cases="[]", private_test_cases=packed(payload), metadata="")
    assert (found.function, found.private_tests) == (FunctionSpec("f"), (Test("f([1], 2)", "3"),))


def test_problems_in_the_errata_are_marked() -> None:
    assert problem(question_id="abc311_c").extra["known_issue"] == "several right outputs"
    assert problem(question_id="abc337_e").extra["known_issue"] == "interactive"
    assert problem(question_id="arc189_a").extra["known_issue"] == "broken tests"
    assert "known_issue" not in problem().extra


class Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_payload_that_runs_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="field 'private_test_cases': expected a pickle of text only"):
        problem(private_test_cases=packed(Runs(tmp_path / "ran")))
    assert not (tmp_path / "ran").exists()


STDIN = [{"input": "1", "output": "2", "testtype": "stdin"}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question_id": ...}, "test5.jsonl:2: field 'question_id': expected a string"),
        ({"question_content": None}, "problem 'abc999_a': field 'question_content': expected a string"),
        ({"contest_date": "3 August"}, "field 'contest_date': expected a date in ISO 8601"),
        ({"contest_date": 3}, "field 'contest_date': expected a string"),
        ({"public_test_cases": "x"}, "field 'public_test_cases': expected JSON, or zlib in base64"),
        ({"public_test_cases": "["}, "field 'public_test_cases': expected a string that holds JSON"),
        ({"public_test_cases": 3}, "field 'public_test_cases': expected a string"),
        ({"public_test_cases": '[{"input": 3, "output": ""}]'}, r"'public_test_cases\(JSON\)\[0\].input': expected"),
        ({"private_test_cases": packed("x")}, r"'private_test_cases\(pickle\)': expected a string that holds JSON"),
        ({"private_test_cases": packed("[3]")}, r"'private_test_cases\(pickle\)\(JSON\)\[0\]': expected a JSON object"),
        ({"private_test_cases": packed({"x": "y"})}, r"'private_test_cases\(pickle\).input_output': expected"),
        ({"private_test_cases": packed({})}, r"'private_test_cases\(pickle\).input_output': expected"),
        ({"metadata": "{"}, "field 'metadata': expected a string that holds JSON"),
        ({"metadata": "[]"}, r"field 'metadata\(JSON\)': expected a JSON object"),
        ({"metadata": '{"func_name": 3}'}, r"field 'metadata\(JSON\).func_name': expected a string"),
        (
            {"public_test_cases": '[{"input": "1", "output": "2", "testtype": "functional"}]'},
            "expected the name of the function that the tests call",
        ),
        (
            {
                "public_test_cases": '[{"input": "1", "output": "2", "testtype": "functional"}]',
                "metadata": '{"func_name": "f"}',
            },
            "field 'private_test_cases': expected tests of the kind that the public ones are",
        ),
    ],
)
def test_a_malformed_row_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        problem(**changes)


def test_real_payloads(shared_data: Path) -> None:
    lines = (shared_data / "raw" / "lcb_style_2.jsonl").read_text().splitlines()
    found = [unpacked_tests(Field(json.loads(line), "raw:1").child("test")) for line in lines]
    assert [len(given.tests) for given in found] == [5, 15]
    assert found[0].tests[1] == Test("1\nabc\n", "YES\n")
    assert {given.function for given in found} == {None}


def test_real_rows_of_sandbox_fusion(shared_data: Path) -> None:
    lines = (shared_data / "raw" / "lcb_style_2.jsonl").read_text().splitlines()
    found = [COMMON_OJ.problem(Field(json.loads(line), "raw:1")) for line in lines]
    assert [(each.id, len(each.public_tests), len(each.private_tests)) for each in found] == [
        ("1", 1, 4),
        ("191", 3, 12),
    ]
    assert {each.checker for each in found} == {CheckerSpec("livecodebench")}
    assert {each.solutions for each in found} == {()}
    assert found[0].extra["canonical_solution"] == "import sys; sys.exit(0)"


# --- the name of the function, and rows without tests -----------------------------------------------------------------

CALL = {"input": "[1]", "output": "2", "testtype": "functional"}


def test_the_name_may_stand_in_the_tests_only() -> None:
    public = json.dumps([{**CALL, "metadata": {"func_name": "f"}}])
    found = problem(public_test_cases=public, private_test_cases=packed(json.dumps([CALL])))
    assert found.private_tests == (Test("f([1])", "2"),)


@pytest.mark.parametrize(
    ("metadata", "public", "private"),
    [("{}", "f", "g"), ('{"func_name": "f"}', "f", "g"), ('{"func_name": "f"}', "g", "g")],
)
def test_different_names_are_refused(metadata: str, public: str, private: str) -> None:
    tests = [json.dumps([{**CALL, "metadata": {"func_name": name}}]) for name in (public, private)]
    with pytest.raises(
        DataError, match=r"test_cases\(JSON\)\[0\].metadata.func_name': expected 'f', the function .* got 'g'"
    ):
        problem(metadata=metadata, public_test_cases=tests[0], private_test_cases=tests[1])


@pytest.mark.parametrize("nothing", ["", "[]", None])
def test_a_row_without_tests_is_refused(nothing: Any) -> None:
    with pytest.raises(
        DataError, match=r"^test5.jsonl:2: problem 'abc999_a': field 'public_test_cases': expected at least"
    ):
        problem(public_test_cases=nothing, private_test_cases=nothing)
    assert problem(private_test_cases=nothing).private_tests == ()


def test_a_name_beside_tests_that_give_standard_input_is_refused() -> None:
    with pytest.raises(DataError, match="field 'metadata': expected no func_name, as the tests give standard input"):
        problem(metadata='{"func_name": "f"}')


def test_a_call_without_a_result_is_refused_by_name() -> None:
    """Arguments are JSON values, not text: a missing ``output`` does not mean ``None``."""
    tests = [{"input": [1], "testtype": "functional"}]
    with pytest.raises(DataError, match=r"'public_test_cases\[0\].output'.*the result of the call, got no such field"):
        problem(public_test_cases=tests, private_test_cases=[], metadata={"func_name": "f"})
