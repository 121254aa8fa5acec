"""CodeContests+, AlphaCodium and CommonOJ: all quirks of their rows, and the real samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, Problem, Solution, Test, load_dataset, problem_from_row
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas import SCHEMAS
from rlef_env.problems.writing import problem_to_row
from tools.samples import ROWS

BY_NAME = {schema.name: schema for schema in SCHEMAS}


def read(schema: str, **changes: Any) -> Problem:
    """Return the sample's problem with changes; ``...`` removes a field."""
    row = {key: value for key, value in (ROWS[schema] | changes).items() if value is not ...}
    return BY_NAME[schema].problem(Field(row, "rows.jsonl:7"))


@pytest.mark.parametrize("schema", ROWS)
def test_a_problem_of_any_schema_can_be_written_and_read_back(schema: str) -> None:
    problem = read(schema)
    row = json.loads(json.dumps(problem_to_row(problem), allow_nan=False))
    assert problem_from_row(row) == problem


# --- CodeContests+ ---------------------------------------------------------------------------------------------------


def test_every_field_of_code_contests_plus_has_its_place() -> None:
    problem = read(
        "code_contests_plus",
        title="A. Sum",
        description="Add.\n\nInput\n1 2\n\nOutput\n3\n",
        source="Codeforces",
        time_limit=2000,
        memory_limit=256,
        checker="#include <testlib.h>",
        generator="int main() {}",
        validator="",
        true_positive_rate=0.9,
        incorrect_submissions=[{"language": "py2", "code": "print 4"}, {"language": "java", "code": "class A {}"}],
    )
    assert problem == Problem(
        "1_A",
        "Add.\n\nInput\n1 2\n\nOutput\n3\n",
        (Test("1 2\n", "3\n"),),
        (Test("3 4\n", "7\n"),),
        time_limit=2.0,
        memory_limit=256 * 2**20,
        checker=CheckerSpec("testlib", source="#include <testlib.h>", language="cpp"),
        solutions=(Solution("print(sum(map(int, input().split())))"),),
        incorrect_solutions=(Solution("print 4", "python2"), Solution("class A {}", "java")),
        source="Codeforces",
        extra={"title": "A. Sum", "generator": "int main() {}", "true_positive_rate": 0.9},
    )


@pytest.mark.parametrize("empty", [None, []])
def test_tests_and_submissions_may_be_none(empty: Any) -> None:
    problem = read("code_contests_plus", test_cases=empty, correct_submissions=empty, incorrect_submissions=empty)
    assert not list(problem.tests())
    assert not problem.solutions + problem.incorrect_solutions


def test_two_lists_instead_of_objects() -> None:
    problem = read(
        "code_contests_plus",
        test_cases={"input": ["1", "2"], "output": ["a", "b"]},
        correct_submissions={"language": ["cpp"], "code": ["x"]},
    )
    assert {test for _, _, test in problem.tests()} == {Test("1", "a"), Test("2", "b")}
    assert problem.solutions == (Solution("x", "cpp"),)
    with pytest.raises(DataError, match=r"field 'test_cases\.output': expected length 2, .* got length 1"):
        read("code_contests_plus", test_cases={"input": ["1", "2"], "output": ["a"]})


@pytest.mark.parametrize("checker", [None, "", ...])
def test_without_a_checker_that_of_code_contests_decides(checker: Any) -> None:
    assert read("code_contests_plus", checker=checker).checker == CheckerSpec("codecontests")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        (..., None),
        (0, None),
        (1, 1.0),
        (2.5, 2.5),
        (100, 100.0),
        (500, 0.5),
        ("2000", 2.0),
        (15000, 15.0),
    ],
)
def test_time_limits_in_seconds_or_milliseconds(value: Any, seconds: float | None) -> None:
    assert read("code_contests_plus", time_limit=value).time_limit == seconds


@pytest.mark.parametrize(
    ("value", "size"),
    [(None, None), (..., None), (0, None), (256, 2**28), ("512", 2**29), (256_000_000, 256_000_000), (2**28, 2**28)],
)
def test_memory_limits_in_megabytes_or_bytes(value: Any, size: int | None) -> None:
    assert read("code_contests_plus", memory_limit=value).memory_limit == size


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"time_limit": -1}, "time_limit"),
        ({"time_limit": 10**6}, "time_limit"),
        ({"time_limit": "2 s"}, "time_limit"),
        ({"memory_limit": -1}, "memory_limit"),
        ({"memory_limit": 0.5}, "memory_limit"),
        ({"memory_limit": True}, "memory_limit"),
        ({"checker": 3}, "checker"),
        ({"test_cases": [{"input": "1"}]}, "test_cases[0].output"),
        ({"test_cases": [{"input": 1, "output": "1"}]}, "test_cases[0].input"),
        ({"correct_submissions": [{"language": "brainfuck", "code": ""}]}, "correct_submissions[0].language"),
        ({"incorrect_submissions": [{"language": "py3"}]}, "incorrect_submissions[0].code"),
        ({"source": 2}, "source"),
        ({"note": float("nan")}, "note"),
    ],
)
def test_invalid_rows_of_code_contests_plus(change: dict[str, Any], field: str) -> None:
    with pytest.raises(DataError) as caught:
        read("code_contests_plus", **change)
    assert str(caught.value).startswith(f"rows.jsonl:7: problem '1_A': field {field!r}: expected ")


# --- AlphaCodium -----------------------------------------------------------------------------------------------------


def test_alpha_codium_leaves_broken_tests_out_and_keeps_its_labels() -> None:
    tests = {"input": ["a", "b"], "is_valid_test": [False, True], "output": ["A", "B"]}
    problem = read("alpha_codium", generated_tests=tests, is_valid_problem=False, multiple_solutions=True)
    assert problem.generated_tests == (Test("b", "B"),)
    assert problem.extra == {
        "invalid_tests": {"generated_tests": {"input": ["a"], "output": ["A"]}},
        "is_valid_problem": False,
        "multiple_solutions": True,
    }
    names = {"language": ["PYTHON3", "CPP"], "solution": ["x", "y"]}
    assert read("alpha_codium", solutions=names).solutions == (Solution("x"), Solution("y", "cpp"))
    assert len(read("alpha_codium", public_tests=tests | {"is_valid_test": None}).public_tests) == 2


# --- CommonOJ --------------------------------------------------------------------------------------------------------


def case(given: Any, wanted: Any) -> dict[str, Any]:
    return {"input": {"stdin": given}, "output": {"stdout": wanted}}


def test_every_field_of_common_oj_has_its_place() -> None:
    problem = read(
        "common_oj",
        id=19,
        content="Add.\nInput\n1 2\nOutput\n3\n",
        labels='{"difficulty": "MEDIUM", "name": "a3", "source": "CODECHEF"}',
        test=json.dumps([case("5 6", "11"), case("1 2", "3")]),
        canonical_solution={"python": ["x"], "cpp": ["y", "z"], "rust": "r", "java": None},
        __internal_uuid__="u",
    )
    assert problem == Problem(
        "19",
        "Add.\nInput\n1 2\nOutput\n3\n",
        (Test("1 2", "3"),),
        (Test("5 6", "11"),),
        checker=CheckerSpec("sandboxfusion"),
        solutions=(Solution("x"), Solution("y", "cpp"), Solution("z", "cpp"), Solution("r", "rust")),
        difficulty="medium",
        source="codechef",
        extra={
            "labels": {"difficulty": "MEDIUM", "name": "a3", "source": "CODECHEF"},
            "__internal_uuid__": "u",
        },
    )


@pytest.mark.parametrize("pack", [json.dumps, lambda value: value], ids=["JSON in a string", "as it is"])
def test_values_of_common_oj_packed_or_not(pack: Any) -> None:
    problem = read(
        "common_oj",
        labels=pack({"difficulty": "A"}),
        test=pack([case(None, "3"), case("x", "y")]),
        canonical_solution=pack({"python": ["p"]}),
    )
    assert {test for _, _, test in problem.tests()} == {Test("", "3"), Test("x", "y")}
    assert (problem.difficulty, problem.solutions) == ("A", (Solution("p"),))


@pytest.mark.parametrize("empty", [None, "", ..., "null"])
def test_fields_of_common_oj_may_be_empty(empty: Any) -> None:
    problem = read("common_oj", labels=empty, canonical_solution=empty)
    assert (problem.difficulty, problem.source, problem.solutions) == (None, None, ())
    with pytest.raises(DataError, match="field 'test"):  # without tests there is nothing to judge by
        read("common_oj", test=empty)


def test_what_a_test_of_common_oj_has_besides_is_kept() -> None:
    tests = [case("1", "2"), {"input": {"stdin": "3", "files": {"a": "b"}}, "output": {"stdout": "4"}, "weight": 2}]
    extra = read("common_oj", labels=None, test=json.dumps(tests)).extra
    assert extra == {"test": {"unknown": [{}, {"weight": 2, "input": {"files": {"a": "b"}}}]}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": 1.5}, "id"),
        ({"id": ""}, "id"),
        ({"test": "[{"}, "test"),
        ({"test": "[3]"}, "test(JSON)[0]"),
        ({"test": "[{}]"}, "test(JSON)[0].input"),
        ({"test": json.dumps([case("1", None)])}, "test(JSON)[0].output.stdout"),
        ({"test": json.dumps([case(1, "1")])}, "test(JSON)[0].input.stdin"),
        ({"labels": "[]"}, "labels(JSON)"),
        ({"labels": '{"source": 3}'}, "labels(JSON).source"),
        ({"canonical_solution": {"python": [3]}}, "canonical_solution.python[0]"),
        ({"canonical_solution": "print()"}, "canonical_solution"),
    ],
)
def test_invalid_rows_of_common_oj(change: dict[str, Any], field: str) -> None:
    with pytest.raises(DataError) as caught:
        read("common_oj", **change)
    assert f"field {field!r}: expected " in str(caught.value)
    assert str(caught.value).startswith("rows.jsonl:7: ")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "schema", "count"),
    [
        ("codecontests.jsonl", "code_contests", 94),
        ("kattis.jsonl", "code_contests", 16),
        ("raw/commonoj_code_contests_19.jsonl", "common_oj", 19),
        ("raw/lcb_style_2.jsonl", None, 2),
        ("raw/nemo_gym_code_gen_example.jsonl", "nemo_gym", 5),
        ("humaneval/HumanEval.jsonl.gz", "human_eval", 164),
        ("humaneval/HumanEvalPlus-Mini.first10.jsonl", "human_eval_plus", 10),
        ("mbpp/mbpp.sample4.jsonl", "mbpp", 4),
        ("mbpp/sanitized-mbpp.not-test.json", "mbpp_sanitized", 170),
    ],
)
def test_every_real_sample_is_told_by_its_fields_and_survives_our_own_schema(
    shared_data: Path, name: str, schema: str | None, count: int
) -> None:
    dataset = load_dataset(shared_data / name)
    assert len(dataset) == count
    assert schema in (None, dataset.schema)
    for problem in dataset:
        assert any(problem.tests())
        assert problem_from_row(json.loads(json.dumps(problem_to_row(problem), allow_nan=False))) == problem
