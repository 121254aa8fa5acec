"""Rows made for training: PRIME, PrimeIntellect, DeepCoder, rLLM and NeMo Gym, with all their quirks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas import Schema
from rlef_env.problems.schemas.deep_coder import DEEP_CODER
from rlef_env.problems.schemas.nemo_gym import NEMO_GYM
from rlef_env.problems.schemas.prime import PRIME
from rlef_env.problems.schemas.prime_intellect import PRIME_INTELLECT

RULE = CheckerSpec("apps", ("exact_integers",))
STATEMENT = "Double it.\n\nInput\n2\nOutput\n4\n"
SYSTEM = {"role": "system", "content": "Think first."}
USER = {"role": "user", "content": STATEMENT}
COLUMNS = {"inputs": ["1\n", "2\n"], "outputs": ["2\n", "4\n"]}
PUBLIC, PRIVATE = (Test("2\n", "4\n"),), (Test("1\n", "2\n"),)


def problem(schema: Schema, row: dict[str, Any], **changes: Any) -> Problem:
    changed = {key: value for key, value in {**row, **changes}.items() if value is not ...}
    return schema.problem(Field(changed, "rows.jsonl:5"))


PRIME_ROW = {
    "data_source": "codeforces",
    "prompt": [SYSTEM, USER],
    "ability": "code",
    "reward_model": {"style": "rule", "ground_truth": json.dumps(COLUMNS)},
    "extra_info": {"split": "train", "index": 7},
}


def test_a_prime_row() -> None:
    found = problem(PRIME, PRIME_ROW)
    assert found == Problem(
        grader="prime",
        id=found.id,
        statement=STATEMENT,
        public_tests=PUBLIC,
        private_tests=PRIVATE,
        checker=RULE,
        source="codeforces",
        extra={
            "extra_info": {"split": "train", "index": 7},
            "prompt": [SYSTEM],
            "reward_model": {"style": "rule"},
        },
    )


def test_prime_calls_are_json_lines() -> None:
    truth = json.dumps({"inputs": ['[1]\n"x"'], "outputs": ["[2]"], "fn_name": "f"})
    found = problem(PRIME, PRIME_ROW, reward_model={"ground_truth": truth}, prompt="Do it.")
    assert (found.function, found.private_tests) == (FunctionSpec("f"), (Test("f([1], 'x')", "2"),))
    assert found.checker == CheckerSpec("value", ("json", "list_of_one"))  # its grader takes 2 and [2]
    assert found.statement == "Do it.\n\nDefine a function named `f`.\n"


def test_prime_rows_that_deep_coder_made() -> None:
    truth = json.dumps([{"input": "1\n", "output": "2\n", "testtype": "stdin_stdout"}, {"input": "2", "output": "4"}])
    with pytest.raises(DataError, match=r"'reward_model.ground_truth\(JSON\)\[1\].input': expected a string, got 3"):
        problem(PRIME, PRIME_ROW, reward_model={"ground_truth": truth.replace('"2", "output"', '3, "output"')})
    assert len(list(problem(PRIME, PRIME_ROW, reward_model={"ground_truth": truth}).tests())) == 2


PRIME_INTELLECT_ROW = {
    "problem_id": "vcp_1",
    "source": "taco",
    "prompt": STATEMENT,
    "gold_standard_solution": "```python\nprint(2 * int(input()))\n```",
    "verification_info": json.dumps(
        {
            "language": "python",
            "test_cases": [
                {"type": "stdin_stdout", "input": "1\n", "output": "2\n", "fn_name": None},
                {"type": "stdin_stdout", "input": "2\n", "output": "4\n", "fn_name": None},
            ],
        }
    ),
    "metadata": {"difficulty": "EASY"},
}


def test_a_prime_intellect_row() -> None:
    assert problem(PRIME_INTELLECT, PRIME_INTELLECT_ROW) == Problem(
        grader="prime_intellect",
        id="vcp_1",
        statement=STATEMENT,
        public_tests=PUBLIC,
        private_tests=PRIVATE,
        checker=RULE,
        solutions=(Solution("print(2 * int(input()))"),),
        source="taco",
        extra={"metadata": {"difficulty": "EASY"}},
    )


def test_prime_intellect_in_python_without_id_and_solution() -> None:
    info = json.loads(PRIME_INTELLECT_ROW["verification_info"])
    found = problem(
        PRIME_INTELLECT,
        PRIME_INTELLECT_ROW,
        verification_info=repr({**info, "more": None, "seed": 3}),
        problem_id=...,
        gold_standard_solution=None,
    )
    assert found.id.startswith("prime_intellect/")
    assert (found.public_tests, found.solutions) == (PUBLIC, ())
    assert found.extra["verification_info"] == {"more": None, "seed": 3}


def test_prime_intellect_calls() -> None:
    case = {"type": "function_call", "fn_name": "f", "input": [[1, 2]], "output": [3]}
    info = {"language": "python", "test_cases": [case, {**case, "input": [[]], "output": [0]}]}
    found = problem(PRIME_INTELLECT, PRIME_INTELLECT_ROW, verification_info=info)
    assert [test for _, _, test in found.tests()] == [Test("f([1, 2])", "3"), Test("f([])", "0")]


DEEP_CODER_ROW = {"problem": STATEMENT, "solutions": ["print(2 * int(input()))"], "tests": json.dumps(COLUMNS)}


@pytest.mark.parametrize(
    "tests",
    [
        json.dumps(COLUMNS),
        COLUMNS,
        [{"input": i, "output": o, "testtype": "stdin"} for i, o in zip(*COLUMNS.values(), strict=True)],
        repr(COLUMNS),
    ],
)
def test_a_deep_coder_row(tests: Any) -> None:
    found = problem(DEEP_CODER, DEEP_CODER_ROW, tests=tests)
    assert found == Problem(
        grader="deep_coder",
        id=found.id,
        statement=STATEMENT,
        public_tests=PUBLIC,
        private_tests=PRIVATE,
        checker=RULE,
        solutions=(Solution("print(2 * int(input()))"),),
    )


def test_deep_coder_calls() -> None:
    found = problem(
        DEEP_CODER,
        DEEP_CODER_ROW,
        tests=json.dumps([{"input": "1\n2", "output": "3", "testtype": "functional"}]),
        metadata={"func_name": "add"},
        starter_code="def add(a, b):",
        solutions=...,
    )
    assert found.private_tests == (Test("add(1, 2)", "3"),)
    assert "```python\ndef add(a, b):\n```" in found.statement
    assert found.extra == {"metadata": {"func_name": "add"}}


def test_limits_in_an_rllm_statement() -> None:
    text = STATEMENT + "Time Limit: {'seconds': 2, 'nanos': 500000000}\nMemory Limit: 256000000 Bytes"
    found = problem(DEEP_CODER, {"problem": text, "tests": COLUMNS})
    assert (found.time_limit, found.memory_limit, found.statement) == (2.5, 256_000_000, text)
    assert found.public_tests == PUBLIC
    none = problem(DEEP_CODER, {"problem": "Time Limit: None\nMemory Limit: 0 Bytes", "tests": COLUMNS})
    assert (none.time_limit, none.memory_limit) == (None, None)


NEMO_ROW = {
    "responses_create_params": {"input": [USER], "temperature": 1.0},
    "verifier_metadata": {"unit_tests": COLUMNS, "level": 3},
    "hash_id": "abc",
    "dataset": "taco",
    "source": "codeforces",
}


def test_a_nemo_gym_row() -> None:
    assert problem(NEMO_GYM, NEMO_ROW) == Problem(
        grader="nemo_gym",
        id="abc",
        statement=STATEMENT,
        public_tests=PUBLIC,
        private_tests=PRIVATE,
        checker=RULE,
        source="codeforces",
        extra={
            "dataset": "taco",
            "responses_create_params": {"temperature": 1.0},
            "verifier_metadata": {"level": 3},
        },
    )
    assert problem(NEMO_GYM, NEMO_ROW, hash_id=...).id.startswith("nemo_gym/")


def test_real_nemo_gym_rows(shared_data: Path) -> None:
    lines = (shared_data / "raw" / "nemo_gym_code_gen_example.jsonl").read_text().splitlines()
    found = [NEMO_GYM.problem(Field(json.loads(line), f"raw:{place}")) for place, line in enumerate(lines)]
    counts = [(len(each.public_tests), len(each.private_tests)) for each in found]
    assert counts == [(1, 0), (2, 95), (1, 99), (2, 80), (2, 1)]
    assert {each.source for each in found} == {"codeforces"}


@pytest.mark.parametrize(
    ("schema", "row", "changes", "message"),
    [
        (PRIME, PRIME_ROW, {"ability": "math"}, "field 'ability': expected 'code', got 'math'"),
        (PRIME, PRIME_ROW, {"reward_model": None}, "field 'reward_model': expected a JSON object"),
        (PRIME, PRIME_ROW, {"reward_model": {}}, "field 'reward_model.ground_truth': expected tests as"),
        (PRIME, PRIME_ROW, {"reward_model": {"ground_truth": "42"}}, r"ground_truth\(JSON\)': expected tests as"),
        (PRIME, PRIME_ROW, {"reward_model": {"ground_truth": "{"}}, "ground_truth': expected a string that holds JSON"),
        (PRIME, PRIME_ROW, {"prompt": [SYSTEM]}, "field 'prompt': expected a message of role 'user'"),
        (PRIME, PRIME_ROW, {"prompt": [{"role": "user"}]}, r"field 'prompt\[0\].content': expected a string"),
        (PRIME, PRIME_ROW, {"data_source": 3}, "field 'data_source': expected a string"),
        (
            PRIME_INTELLECT,
            PRIME_INTELLECT_ROW,
            {"verification_info": '{"language": "rust", "test_cases": []}'},
            r"field 'verification_info\(JSON\).language': expected 'python', got 'rust'",
        ),
        (PRIME_INTELLECT, PRIME_INTELLECT_ROW, {"verification_info": "{}"}, "test_cases': expected tests as"),
        (
            PRIME_INTELLECT,
            PRIME_INTELLECT_ROW,
            {"verification_info": "x"},
            "'verification_info': expected a string that",
        ),
        (
            PRIME_INTELLECT,
            PRIME_INTELLECT_ROW,
            {"verification_info": None},
            "'verification_info': expected a JSON object",
        ),
        (PRIME_INTELLECT, PRIME_INTELLECT_ROW, {"prompt": None}, "field 'prompt': expected a list"),
        (
            PRIME_INTELLECT,
            PRIME_INTELLECT_ROW,
            {"gold_standard_solution": 3},
            "'gold_standard_solution': expected a str",
        ),
        (DEEP_CODER, DEEP_CODER_ROW, {"problem": None}, "field 'problem': expected a string, got null"),
        (DEEP_CODER, DEEP_CODER_ROW, {"tests": None}, "field 'tests': expected tests as"),
        (DEEP_CODER, DEEP_CODER_ROW, {"tests": "x"}, "field 'tests': expected a string that holds JSON"),
        (DEEP_CODER, DEEP_CODER_ROW, {"solutions": [3]}, r"field 'solutions\[0\]': expected a string"),
        (DEEP_CODER, DEEP_CODER_ROW, {"metadata": 3}, "field 'metadata': expected a JSON object"),
        (NEMO_GYM, NEMO_ROW, {"verifier_metadata": {}}, "'verifier_metadata.unit_tests': expected tests as"),
        (NEMO_GYM, NEMO_ROW, {"responses_create_params": {}}, "'responses_create_params.input': expected a list"),
        (NEMO_GYM, NEMO_ROW, {"hash_id": 3}, "field 'hash_id': expected a string"),
    ],
)
def test_a_malformed_row_is_refused_by_name(
    schema: Schema, row: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as error:
        problem(schema, row, **changes)
    assert str(error.value).startswith("rows.jsonl:5: ")


# --- names of functions in other places, and rows without tests -----------------------------------------------------


def test_deep_coders_prepared_rows_name_the_function_in_each_test() -> None:
    test = {"input": "[1, 2]", "output": "3", "testtype": "functional", "metadata": {"func_name": "total"}}
    truth = json.dumps([test, {**test, "input": "[5]", "output": "5"}])
    found = problem(PRIME, PRIME_ROW, data_source="lcbv5", reward_model={"ground_truth": truth})
    assert (found.function, found.grader) == (FunctionSpec("total"), "deep_coder")
    assert found.public_tests + found.private_tests == (Test("total([1, 2])", "3"), Test("total([5])", "5"))
    assert found.extra["extra_info"] == {"split": "train", "index": 7}


def test_tests_that_name_different_functions_are_refused() -> None:
    test = {"input": "[1, 2]", "output": "3", "testtype": "functional"}
    truth = json.dumps([{**test, "metadata": {"func_name": name}} for name in ("total", "sum_of")])
    place = r"reward_model.ground_truth\(JSON\)\[1\].metadata.func_name"
    with pytest.raises(DataError, match=rf"^rows.jsonl:5: problem 'prime/\w+': field '{place}': expected 'total'"):
        problem(PRIME, PRIME_ROW, reward_model={"ground_truth": truth})


def test_asserts_of_verl_are_tests() -> None:
    truth = json.dumps({"fn_name": "f", "assert_case": ["assert f(1) == 2", "assert f(2) > 3"]})
    found = problem(PRIME, PRIME_ROW, reward_model={"ground_truth": truth})
    assert (found.function, found.checker) == (FunctionSpec("f"), CheckerSpec("value"))
    assert found.public_tests == (Test("f(1)", "2"),)
    assert found.private_tests == (Test("assert f(2) > 3\n", ""),)


def test_prime_intellect_may_name_the_function_beside_the_tests() -> None:
    cases = json.dumps({"inputs": ["[1, 2]"], "outputs": ["3"]})
    info = {"language": "python", "test_cases": cases, "fn_name": "total"}
    found = problem(PRIME_INTELLECT, PRIME_INTELLECT_ROW, verification_info=json.dumps(info))
    assert (found.function, found.private_tests) == (FunctionSpec("total"), (Test("total([1, 2])", "3"),))
    assert "verification_info" not in found.extra


NO_TESTS: list[Any] = [[], {"inputs": [], "outputs": []}, {"inputs": [], "outputs": [], "fn_name": "f"}]
NO_TESTS += [{"inputs": [], "outputs": [], "cases": [1]}, {"inputs": [], "outputs": [], "assert_case": [" "]}]


@pytest.mark.parametrize("tests", NO_TESTS)
def test_a_row_without_tests_is_refused(tests: Any) -> None:
    for schema, row, change in (
        (PRIME, PRIME_ROW, {"reward_model": {"ground_truth": json.dumps(tests)}}),
        (PRIME_INTELLECT, PRIME_INTELLECT_ROW, {"verification_info": {"language": "python", "test_cases": tests}}),
        (DEEP_CODER, DEEP_CODER_ROW, {"tests": tests}),
        (NEMO_GYM, NEMO_ROW, {"verifier_metadata": {"unit_tests": tests}}),
    ):
        with pytest.raises(
            DataError, match=r"^rows.jsonl:5: problem '.*': field '.*': expected at least one test, got"
        ):
            problem(schema, row, **change)


PLACES: list[tuple[Schema, dict[str, Any], str]] = [
    (PRIME, {**PRIME_ROW, "fn_name": "f"}, "fn_name"),
    (PRIME, {**PRIME_ROW, "metadata": {"func_name": "f"}}, "metadata.func_name"),
    (PRIME, {**PRIME_ROW, "extra_info": {"fn_name": "f"}}, "extra_info.fn_name"),
    (PRIME, {**PRIME_ROW, "reward_model": {**PRIME_ROW["reward_model"], "fn_name": "f"}}, "reward_model.fn_name"),
    (DEEP_CODER, {**DEEP_CODER_ROW, "fn_name": "f"}, "fn_name"),
    (DEEP_CODER, {**DEEP_CODER_ROW, "tests": {**COLUMNS, "func_name": "f"}}, "tests.func_name"),
    (DEEP_CODER, {**DEEP_CODER_ROW, "tests": {**COLUMNS, "metadata": {"func_name": "f"}}}, "tests.metadata.func_name"),
    (DEEP_CODER, {**DEEP_CODER_ROW, "tests": [{"input": "1", "output": "2", "func_name": "f"}]}, "tests[0].func_name"),
    (NEMO_GYM, {**NEMO_ROW, "verifier_metadata": {"unit_tests": COLUMNS, "fn_name": "f"}}, "verifier_metadata.fn_name"),
    (PRIME_INTELLECT, {**PRIME_INTELLECT_ROW, "fn_name": "f"}, "fn_name"),
    (PRIME, {**PRIME_ROW, "extra_info": {"entry_point": "f"}}, "extra_info.entry_point"),
    (DEEP_CODER, {**DEEP_CODER_ROW, "tests": {**COLUMNS, "function_name": "f"}}, "tests.function_name"),
    (NEMO_GYM, {**NEMO_ROW, "method_name": "f"}, "method_name"),
]


@pytest.mark.parametrize(("schema", "row", "place"), PLACES)
def test_a_name_where_nothing_reads_it_is_refused(schema: Schema, row: dict[str, Any], place: str) -> None:
    """Otherwise the tests would be taken for standard input, and every correct program would be refused."""
    with pytest.raises(
        DataError, match=rf"^rows.jsonl:5: problem '.*': field '{re.escape(place)}': expected no function"
    ):
        problem(schema, row)
