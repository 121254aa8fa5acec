"""APPS: rows and folders, with all their quirks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.judge import Judge, Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Solution, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.parsing.literals import parse_call, parse_value
from rlef_env.problems.schemas.apps import APPS, rows_of_directory
from rlef_env.sandbox import Program

QUESTION = "Print the sum of two numbers.\n\n-----Example-----\nInput\n1 2\n\nOutput\n3\n"
TESTS = {"inputs": ["1 2\n", ["3 4", ""]], "outputs": ["3\n", ["7"]]}


def row(**changes: Any) -> dict[str, Any]:
    """Return a row with every field of the schema; a change of ``...`` removes the field."""
    full = {
        "problem_id": 17,
        "question": QUESTION,
        "solutions": json.dumps(["print(sum(map(int, input().split())))", "a = 1"]),
        "input_output": json.dumps(TESTS),
        "difficulty": "introductory",
        "url": "https://codeforces.com/problemset/problem/1/A",
        "starter_code": "",
    }
    return {key: value for key, value in {**full, **changes}.items() if value is not ...}


def problem(**changes: Any) -> Problem:
    return APPS.problem(Field(row(**changes), "apps.jsonl:4"))


def test_a_row() -> None:
    assert problem() == Problem(
        grader="apps",
        id="17",
        statement=QUESTION,
        public_tests=(Test("1 2\n", "3\n"),),
        private_tests=(Test("3 4\n", "7"),),
        checker=CheckerSpec("apps", ("exact_integers",)),
        solutions=(Solution("print(sum(map(int, input().split())))"), Solution("a = 1")),
        difficulty="introductory",
        source="codeforces",
        extra={"url": "https://codeforces.com/problemset/problem/1/A"},
    )


@pytest.mark.parametrize("nothing", ["", None, ...])
def test_empty_strings_stand_for_nothing(nothing: Any) -> None:
    bare = problem(solutions=nothing, input_output=nothing, difficulty=nothing, url=nothing, starter_code=nothing)
    rule = CheckerSpec("apps", ("exact_integers",))
    assert bare == Problem(id="17", statement=QUESTION, checker=rule, grader="apps")


@pytest.mark.parametrize("empty", ["{}", "null", {}])
def test_empty_tests_are_left_out(empty: Any) -> None:
    assert list(problem(input_output=empty).tests()) == []


def test_ids_may_be_text() -> None:
    assert problem(problem_id="0042").id == "0042"


def test_unknown_fields_are_kept() -> None:
    found = problem(split="train", input_output=json.dumps({**TESTS, "origin": 3}))
    assert found.extra["split"] == "train"
    assert found.extra["input_output"] == {"origin": 3}


def test_calls() -> None:
    tests = {"fn_name": "twoSum", "inputs": [[[2, 7, 11], 9], [[{"1": 2}], 3]], "outputs": [[[0, 1]], [[]]]}
    starter = "class Solution:\n    def twoSum(self, nums: List[int], target: int) -> List[int]:\n        "
    found = problem(
        input_output=json.dumps(tests),
        starter_code=starter,
        question="Find two.\n\nExample:\nnums = [2, 7, 11], target = 9\nreturn [0, 1].\n",
    )
    assert found.function == FunctionSpec("twoSum")
    assert found.checker == CheckerSpec("value", ("json", "list_of_one"))
    assert found.public_tests == (Test("twoSum([2, 7, 11], 9)", "[0, 1]"),)
    assert found.private_tests == (Test("twoSum([{'1': 2}], 3)", "[]"),)
    assert found.statement.endswith(f"\n\nStart from this code:\n\n```python\n{starter}\n```\n")


def test_a_function_without_starter_code_is_named_in_the_statement() -> None:
    found = problem(input_output=json.dumps({"fn_name": "solve", "inputs": [[1], [2]], "outputs": [1, 2]}))
    assert found.statement.endswith("\n\nDefine a function named `solve`.\n")


def test_numbers_of_more_digits_than_int_reads() -> None:
    nines, eights = "9" * 6000, "8" * 6000
    tests = f'{{"fn_name": "f", "inputs": [[{nines}]], "outputs": [{eights}]}}'
    test = next(problem(input_output=tests).tests())[2]
    assert parse_call(test.input).args == (10**6000 - 1,)
    assert parse_value(test.output) == (10**6000 - 1) // 9 * 8


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"problem_id": ...}, "apps.jsonl:4: field 'problem_id': expected"),
        ({"problem_id": ""}, "apps.jsonl:4: field 'problem_id': expected"),
        ({"problem_id": 1.5}, "apps.jsonl:4: field 'problem_id': expected"),
        ({"question": None}, "apps.jsonl:4: problem '17': field 'question': expected a string, got null"),
        ({"solutions": "[1"}, "problem '17': field 'solutions': expected a string that holds JSON"),
        ({"solutions": "{}"}, r"field 'solutions\(JSON\)': expected a list"),
        ({"solutions": "[null]"}, r"field 'solutions\(JSON\)\[0\]': expected a string, got null"),
        ({"input_output": "{"}, "field 'input_output': expected a string that holds JSON"),
        ({"input_output": "3"}, r"field 'input_output\(JSON\)': expected tests as"),
        ({"input_output": 3}, "field 'input_output': expected tests as"),
        ({"input_output": '{"inputs": ["1"]}'}, r"field 'input_output\(JSON\).outputs': expected a list"),
        ({"input_output": '{"inputs": ["1", 2], "outputs": ["1", "2"]}'}, r"'input_output\(JSON\).inputs\[1\]': expe"),
        ({"input_output": '{"inputs": ["1"], "outputs": []}'}, r"'input_output\(JSON\).outputs': expected length 1"),
        ({"input_output": "[" * 100_000}, "more than 100 nested brackets"),
        ({"difficulty": 3}, "field 'difficulty': expected a string, got 3"),
        ({"starter_code": ["x"]}, "field 'starter_code': expected a string"),
        ({"url": 3}, "field 'url': expected a string"),
    ],
)
def test_a_malformed_row_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        problem(**changes)


def folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True)
    for name, text in files.items():
        path.joinpath(name.replace("__", ".")).write_text(text)
    return path


def test_folders(tmp_path: Path) -> None:
    folder(
        tmp_path / "0001",
        question__txt=QUESTION,
        solutions__json='["a = 1"]',
        input_output__json=json.dumps(TESTS),
        metadata__json='{"difficulty": "interview", "url": "https://atcoder.jp/x", "more": 1}',
        starter_code__py="",
    )
    folder(tmp_path / "0000", question__txt="Nothing else.")
    folder(tmp_path / ".git")
    tmp_path.joinpath("README.txt").write_text("no folder")
    rows = list(rows_of_directory(tmp_path))
    assert [(where, key) for where, key, _ in rows] == [
        (str(tmp_path / "0000"), "0000"),
        (str(tmp_path / "0001"), "0001"),
    ]
    bare, full = (APPS.problem(Field(found, where)) for where, _, found in rows)
    assert (bare.id, bare.statement, list(bare.tests())) == ("0000", "Nothing else.", [])
    assert (full.id, full.difficulty, full.source, full.extra["more"]) == ("0001", "interview", "atcoder", 1)
    assert full.public_tests == (Test("1 2\n", "3\n"),)


def test_folders_that_are_not_problems(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a folder of APPS problems"):
        list(rows_of_directory(tmp_path / "missing"))
    with pytest.raises(DataError, match=r"expected folders with question.txt in each, got none"):
        list(rows_of_directory(tmp_path))
    folder(tmp_path / "0", solutions__json="[]")
    with pytest.raises(DataError, match=r"question.txt: expected the problem's statement, got no such file"):
        list(rows_of_directory(tmp_path))
    (tmp_path / "0" / "question.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"question.txt: expected UTF-8 text, got byte 0xe9 at position 3"):
        list(rows_of_directory(tmp_path))
    (tmp_path / "0" / "question.txt").write_text("x")
    (tmp_path / "0" / "metadata.json").write_text('{"question": "y"}')
    with pytest.raises(DataError, match=r"field 'metadata.json.JSON.': expected no question"):
        list(rows_of_directory(tmp_path))
    (tmp_path / "0" / "metadata.json").write_text("[]")
    with pytest.raises(DataError, match="expected a JSON object"):
        list(rows_of_directory(tmp_path))


@pytest.mark.parametrize(
    ("source", "verdict"),
    [
        ("def f(d, n):\n    return d", Verdict.ACCEPTED),
        ("class Solution:\n    def f(self, d, n):\n        return dict(d)", Verdict.ACCEPTED),
        ("def f(d, n):\n    return {str(key): value for key, value in d.items()}", Verdict.ACCEPTED),
        ("def f(d, n):\n    return [d]", Verdict.ACCEPTED),  # as its grader, for results that a row has in lists
        ("def f(d, n):\n    return [[d]]", Verdict.WRONG_ANSWER),
        ("def f(d, n):\n    return {}", Verdict.WRONG_ANSWER),
    ],
)
def test_calls_are_judged(source: str, verdict: Verdict) -> None:
    nines = "9" * 5000
    tests = f'{{"fn_name": "f", "inputs": [[{{"1": {nines}}}, 3], [{{}}, 4]], "outputs": [[{{"1": {nines}}}], [{{}}]]}}'
    with Judge() as judge:
        assert judge.judge(problem(input_output=tests), Program(source)).verdict is verdict


def test_tests_that_are_written_in_another_way_are_refused() -> None:
    for tests in ({"inputs": [], "outputs": [], "cases": [1]}, {"cases": [1]}, {"fn_name": "f", "inputs": []}):
        with pytest.raises(DataError, match="field 'input_output"):
            problem(input_output=json.dumps(tests))
    assert list(problem(input_output='{"inputs": [], "outputs": []}').tests()) == []
