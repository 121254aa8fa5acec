"""CodeContests rows: reading, errors, and writing."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.errors import DataError
from rlef_env.judge import Verdict
from rlef_env.problems import (
    CheckerSpec,
    FunctionSpec,
    InteractorSpec,
    Problem,
    Solution,
    Test,
    TestGroup,
    read_jsonl,
    write_jsonl,
)
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.reading import iter_jsonl
from rlef_env.problems.schemas.code_contests import CODE_CONTESTS
from rlef_env.problems.writing import problem_to_row


def problem_from_row(row: dict[str, Any], where: str = "row") -> Problem:
    """Read a row as this schema, whatever its fields."""
    return CODE_CONTESTS.problem(Field(row, where))


def row(**changes: Any) -> dict[str, Any]:
    """Return a row with every field of the schema; a change of ``...`` removes the field."""
    full = {
        "name": "1_A. Sum",
        "description": "Add two numbers. <image>",
        "public_tests": {"input": ["1 2\n"], "output": ["3\n"]},
        "private_tests": {"input": ["2 2\n", "5 6\n"], "output": ["4\n", "11\n"]},
        "generated_tests": {"input": [], "output": []},
        "source": 2,
        "difficulty": 7,
        "solutions": {"language": [3, 2], "solution": ["print(3)", "int main() {}"]},
        "incorrect_solutions": {"language": [1], "solution": ["print 4"]},
        "cf_contest_id": 1,
        "cf_index": "A",
        "cf_points": 500.0,
        "cf_rating": 800,
        "cf_tags": ["math", "implementation"],
        "is_description_translated": True,
        "untranslated_description": "Сложите два числа.",
        "time_limit": {"seconds": 1, "nanos": 500_000_000},
        "memory_limit_bytes": 256_000_000,
        "input_file": "input.txt",
        "output_file": "output.txt",
    }
    return {key: value for key, value in {**full, **changes}.items() if value is not ...}


MINIMAL = {"name": "p", "description": "d", "public_tests": {"input": ["1"], "output": ["2"]}}


# --- what is read ----------------------------------------------------------------------------------------------------


def test_every_field_of_a_row_has_its_place() -> None:
    assert problem_from_row(row()) == Problem(
        id="1_A. Sum",
        statement="Add two numbers. <image>",
        public_tests=(Test("1 2\n", "3\n"),),
        private_tests=(Test("2 2\n", "4\n"), Test("5 6\n", "11\n")),
        time_limit=1.5,
        memory_limit=256_000_000,
        checker=CheckerSpec("codecontests"),
        solutions=(Solution("print(3)", "python"), Solution("int main() {}", "cpp")),
        incorrect_solutions=(Solution("print 4", "python2"),),
        tags=("math", "implementation"),
        difficulty="A",
        source="codeforces",
        extra={
            "difficulty": 7,
            "cf_contest_id": 1,
            "cf_index": "A",
            "cf_points": 500.0,
            "cf_rating": 800,
            "is_description_translated": True,
            "untranslated_description": "Сложите два числа.",
            "input_file": "input.txt",
            "output_file": "output.txt",
        },
    )


def test_only_name_statement_and_public_tests_are_needed() -> None:
    assert problem_from_row(MINIMAL) == Problem("p", "d", (Test("1", "2"),))


@pytest.mark.parametrize("key", [key for key in row() if key not in ("name", "description")])
def test_null_means_unknown(key: str) -> None:
    problem = problem_from_row(row(**{key: None}))
    place = {"memory_limit_bytes": "memory_limit", "cf_tags": "tags"}.get(key, key)
    assert not getattr(problem, place, None)
    assert key not in problem.extra


@pytest.mark.parametrize(
    "tests",
    [
        {"input": ["a", "b"], "output": ["A", "B"]},
        {"input": ["a", "b"], "is_valid_test": None, "output": ["A", "B"]},
        [{"input": "a", "output": "A"}, {"input": "b", "output": "B"}],
    ],
    ids=["two lists", "two lists and more", "one object a test"],
)
def test_tests_in_either_form(tests: Any) -> None:
    problem = problem_from_row(row(generated_tests=tests))
    assert problem.generated_tests == (Test("a", "A"), Test("b", "B"))


@pytest.mark.parametrize(
    ("value", "language"),
    [
        (0, "unknown"),
        (1, "python2"),
        (2, "cpp"),
        (3, "python"),
        (4, "java"),
        ("UNKNOWN_LANGUAGE", "unknown"),
        ("PYTHON", "python2"),
        ("python", "python"),
        ("PYTHON3", "python"),
        ("py3", "python"),
        ("py2", "python2"),
        ("CPP", "cpp"),
        ("cpp", "cpp"),
        ("JAVA", "java"),
    ],
)
def test_languages(value: int | str, language: str) -> None:
    problem = problem_from_row(row(solutions={"language": [value], "solution": ["x"]}))
    assert problem.solutions == (Solution("x", language),)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ({"seconds": 0, "nanos": 0}, None),
        (0, None),
        ({"seconds": 2, "nanos": 0}, 2.0),
        ({"seconds": 2}, 2.0),
        ({"seconds": 0, "nanos": 100_000_000}, 0.1),
        ({"seconds": "3", "nanos": 250_000_000}, 3.25),
        (4, 4.0),
        (0.5, 0.5),
    ],
)
def test_time_limits(value: Any, seconds: float | None) -> None:
    assert problem_from_row(row(time_limit=value)).time_limit == seconds


def test_a_memory_limit_may_be_a_decimal_string_and_zero_means_unknown() -> None:
    assert problem_from_row(row(memory_limit_bytes="256000000")).memory_limit == 256_000_000
    assert problem_from_row(row(memory_limit_bytes=0)).memory_limit is None
    assert problem_from_row(row(memory_limit_bytes=1_000_000)).memory_limit == 1_000_000


def test_empty_tags_are_dropped() -> None:
    assert problem_from_row(row(cf_tags=[""])).tags == ()
    assert problem_from_row(row(cf_tags=["", "dp"])).tags == ("dp",)


@pytest.mark.parametrize(
    ("code", "name", "kept"),
    [
        (0, None, False),
        (1, "codechef", False),
        (2, "codeforces", False),
        (3, "hackerearth", False),
        (4, "codejam", False),
        (5, None, True),
        (6, None, True),
        (7, None, True),
    ],
)
def test_a_source_has_a_name_only_where_all_readers_agree(code: int, name: str | None, kept: bool) -> None:
    problem = problem_from_row(row(source=code))
    assert problem.source == name
    assert problem.extra.get("source") == (code if kept else None)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        *((1, "easy"), (2, "medium"), (3, "hard"), (4, "harder"), (5, "hardest")),
        *((7, "A"), (8, "B"), (17, "K")),
        *((0, None), (6, None), (18, None), (19, None), (22, None)),
    ],
)
def test_a_difficulty_has_a_name_only_where_all_readers_agree(code: int, name: str | None) -> None:
    problem = problem_from_row(row(difficulty=code))
    assert problem.difficulty == name
    assert problem.extra.get("difficulty", 0) == code


def test_own_names_for_source_and_difficulty_win() -> None:
    problem = problem_from_row(row(source_name="starter", difficulty_name="easy"))
    assert (problem.source, problem.difficulty) == ("starter", "easy")
    assert (problem.extra["source"], problem.extra["difficulty"]) == (2, 7)


def test_labels_of_incorrect_solutions() -> None:
    wrong = {"language": [3, 3], "solution": ["a", "b"], "verdict": ["time_limit", None]}
    problem = problem_from_row(row(incorrect_solutions=wrong))
    assert problem.incorrect_solutions == (Solution("a", verdict="time_limit"), Solution("b"))


@pytest.mark.parametrize("verdict", [verdict.value for verdict in Verdict])
def test_a_label_is_a_verdict_that_an_incorrect_program_can_get(verdict: str) -> None:
    changed = row(incorrect_solutions={"language": [3], "solution": ["a"], "verdict": [verdict]})
    if verdict in ("accepted", "no_program", "no_verdict"):
        with pytest.raises(DataError, match=r"incorrect_solutions\.verdict\[0\]"):
            problem_from_row(changed)
    else:
        assert problem_from_row(changed).incorrect_solutions[0].verdict == verdict


def test_unknown_fields_are_kept() -> None:
    problem = problem_from_row(row(lesson={"chapter": [1, None, "ü"]}))
    assert problem.extra["lesson"] == {"chapter": [1, None, "ü"]}
    assert problem_to_row(problem)["lesson"] == {"chapter": [1, None, "ü"]}


def test_a_checker_of_its_own() -> None:
    assert problem_from_row(row(checker=None)).checker == CheckerSpec("codecontests")
    flags = ["float_tolerance", "1e-6"]
    assert problem_from_row(row(checker={"name": "kattis", "flags": flags})).checker == CheckerSpec(
        "kattis", ("float_tolerance", "1e-6")
    )


def group(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "points": 1, "tests": []} | changes


@pytest.mark.parametrize(
    "tests",
    [
        {"input": ["a", "b", "c"], "output": ["A", "B", "C"], "is_valid_test": [True, False, None]},
        [
            {"input": "a", "output": "A"},
            {"input": "b", "output": "B", "is_valid_test": False},
            {"input": "c", "output": "C"},
        ],
    ],
    ids=["lists", "objects"],
)
def test_tests_that_are_called_invalid_are_left_out_and_kept(tests: Any) -> None:
    problem = problem_from_row(row(private_tests=tests))
    assert problem.private_tests == (Test("a", "A"), Test("c", "C"))
    assert problem.extra["invalid_tests"] == {"private_tests": {"input": ["b"], "output": ["B"]}}
    assert problem_from_row(problem_to_row(problem)) == problem


def test_other_languages_have_names() -> None:
    problem = problem_from_row(
        row(solutions={"language": [0, 3], "solution": ["x", "y"], "language_name": ["rust", None]})
    )
    assert problem.solutions == (Solution("x", "rust"), Solution("y", "python"))


def test_fields_of_ours() -> None:
    problem = problem_from_row(
        row(
            date="2023-08-21",
            function={"entry_point": "f", "preamble": "import math"},
            interactor={"source": "print()"},
            groups=[group(tests=[["private", 1]]), {"name": "b", "points": 2.5, "tests": [], "requires": ["a"]}],
            checker={"name": "testlib", "source": "int main() {}", "language": "cpp"},
        )
    )
    assert problem.date == "2023-08-21"
    assert problem.function == FunctionSpec("f", "import math")
    assert problem.interactor == InteractorSpec("print()")
    assert problem.groups == (TestGroup("a", 1, (("private", 1),)), TestGroup("b", 2.5, (), "min", ("a",)))
    assert problem.checker == CheckerSpec("testlib", (), "int main() {}", "cpp")


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED = [
    # change, field named, expected, got
    ({"name": ...}, "name", "a string", "no such field"),
    ({"name": ""}, "name", "not empty", "''"),
    ({"name": 5}, "name", "a string", "5"),
    ({"description": ...}, "description", "a string", "no such field"),
    ({"description": None}, "description", "a string", "null"),
    ({"description": "x\ud800"}, "description", "UTF-8", "ud800"),
    ({"public_tests": ...}, "public_tests", "tests as", "no such field"),
    ({"public_tests": "1 2"}, "public_tests", "a JSON object", "'1 2'"),
    ({"public_tests": {"input": ["1"]}}, "public_tests.output", "a list", "no such field"),
    ({"public_tests": {"input": ["1"], "output": "3"}}, "public_tests.output", "a list", "'3'"),
    ({"public_tests": {"input": ["1", "2"], "output": ["3"]}}, "public_tests.output", "length 2", "1"),
    ({"private_tests": {"input": ["1", "2"], "output": ["3", 4]}}, "private_tests.output[1]", "a string", "4"),
    ({"private_tests": {"input": ["\udfff"], "output": ["3"]}}, "private_tests.input[0]", "UTF-8", "udfff"),
    ({"generated_tests": [{"input": "1"}]}, "generated_tests[0].output", "a string", "no such field"),
    ({"generated_tests": ["1"]}, "generated_tests[0]", "a JSON object", "'1'"),
    ({"solutions": []}, "solutions", "a JSON object", "[]"),
    ({"solutions": {"language": [3], "solution": []}}, "solutions.language", "length 0", "1"),
    ({"solutions": {"language": [9], "solution": ["x"]}}, "solutions.language[0]", "3 (Python 3)", "9"),
    ({"solutions": {"language": [True], "solution": ["x"]}}, "solutions.language[0]", "3 (Python 3)", "true"),
    ({"solutions": {"language": ["rust"], "solution": ["x"]}}, "solutions.language[0]", "python3", "'rust'"),
    ({"solutions": {"language": [3], "solution": [None]}}, "solutions.solution[0]", "a string", "null"),
    (
        {"incorrect_solutions": {"language": [3], "solution": ["x"], "verdict": []}},
        "incorrect_solutions.verdict",
        "length 1",
        "0",
    ),
    (
        {"incorrect_solutions": {"language": [3], "solution": ["x"], "verdict": ["wrong"]}},
        "incorrect_solutions.verdict[0]",
        "wrong_answer",
        "'wrong'",
    ),
    ({"source": "codeforces"}, "source", "a whole number", "'codeforces'"),
    ({"source": True}, "source", "a whole number", "true"),
    ({"source_name": 2}, "source_name", "a string", "2"),
    ({"difficulty": 7.0}, "difficulty", "a whole number", "7.0"),
    ({"difficulty_name": ["A"]}, "difficulty_name", "a string", "['A']"),
    ({"cf_contest_id": "x"}, "cf_contest_id", "a whole number", "'x'"),
    ({"cf_index": 1}, "cf_index", "a string", "1"),
    ({"cf_points": "many"}, "cf_points", "a number", "'many'"),
    ({"cf_points": float("nan")}, "cf_points", "a number", "nan"),
    ({"cf_rating": 1.5}, "cf_rating", "a whole number", "1.5"),
    ({"cf_tags": "dp"}, "cf_tags", "a list", "'dp'"),
    ({"cf_tags": ["dp", 1]}, "cf_tags[1]", "a string", "1"),
    ({"is_description_translated": 1}, "is_description_translated", "true or false", "1"),
    ({"untranslated_description": []}, "untranslated_description", "a string", "[]"),
    ({"input_file": 0}, "input_file", "a string", "0"),
    ({"time_limit": "2s"}, "time_limit", "seconds", "'2s'"),
    ({"time_limit": True}, "time_limit", "seconds", "true"),
    ({"time_limit": -1}, "time_limit", "0 to", "-1"),
    ({"time_limit": float("inf")}, "time_limit", "a number", "inf"),
    ({"time_limit": 10**30}, "time_limit", "a number", "bits"),
    ({"time_limit": {"seconds": -1, "nanos": 0}}, "time_limit.seconds", "0 to", "-1"),
    ({"time_limit": {"seconds": "two"}}, "time_limit.seconds", "a whole number", "'two'"),
    ({"time_limit": {"seconds": 10**400}}, "time_limit.seconds", "64 bits", "bits"),
    ({"time_limit": {"seconds": 1, "nanos": 10**9}}, "time_limit.nanos", "999999999", "1000000000"),
    ({"memory_limit_bytes": -1}, "memory_limit_bytes", "0 (unknown) or at least 1000000 bytes", "-1"),
    ({"memory_limit_bytes": 256}, "memory_limit_bytes", "0 (unknown) or at least 1000000 bytes", "256"),
    ({"memory_limit_bytes": "999999"}, "memory_limit_bytes", "0 (unknown) or at least 1000000 bytes", "999999"),
    ({"memory_limit_bytes": 2.5e8}, "memory_limit_bytes", "a whole number", "250000000.0"),
    ({"memory_limit_bytes": 2**63}, "memory_limit_bytes", "64 bits", "bits"),
    ({"checker": "tokens"}, "checker", "a JSON object", "'tokens'"),
    ({"checker": {"name": "loosely"}}, "checker.name", "codecontests, tokens, lines", "'loosely'"),
    ({"checker": {"name": "kattis", "flags": ["loose"]}}, "checker.flags", "case_sensitive", "'loose'"),
    ({"note": "\ud834"}, "note", "UTF-8", "ud834"),
    ({"extra": {"note": "\ud834"}}, "extra", "UTF-8", "ud834"),
    ({"solutions": {"language": [0], "solution": ["x"], "language_name": []}}, "solutions.language_name", "1", "0"),
    (
        {"solutions": {"language": [0], "solution": ["x"], "language_name": [3]}},
        "solutions.language_name[0]",
        "a string",
        "3",
    ),
    (
        {"public_tests": {"input": ["1"], "output": ["2"], "is_valid_test": []}},
        "public_tests.is_valid_test",
        "length 1",
        "0",
    ),
    (
        {"public_tests": {"input": ["1"], "output": ["2"], "is_valid_test": ["no"]}},
        "public_tests.is_valid_test[0]",
        "true or false",
        "'no'",
    ),
    ({"date": 2023}, "date", "a string", "2023"),
    ({"date": "2023-02-30"}, "date", "a day", "'2023-02-30'"),
    ({"date": "20230221"}, "date", "a day", "'20230221'"),
    ({"function": "f"}, "function", "a JSON object", "'f'"),
    ({"function": {}}, "function.entry_point", "a string", "no such field"),
    ({"function": {"entry_point": "a.b"}}, "function.entry_point", "the name", "'a.b'"),
    ({"function": {"entry_point": "f", "name": "f"}}, "function.name", "only entry_point, preamble", "'f'"),
    ({"interactor": {"language": "cpp"}}, "interactor.source", "a string", "no such field"),
    ({"interactor": {"source": "", "protocol": "x"}}, "interactor.protocol", "kattis, testlib", "'x'"),
    ({"interactor": {"source": "", "flags": [1]}}, "interactor.flags[0]", "a string", "1"),
    ({"groups": {}}, "groups", "a list", "{}"),
    ({"groups": [{"name": "a"}]}, "groups[0].points", "a number", "no such field"),
    ({"groups": [{"name": "a", "points": 1}]}, "groups[0].tests", "a list", "no such field"),
    ({"groups": [group(tests=[["public"]])]}, "groups[0].tests[0]", "a role and an index", "['public']"),
    ({"groups": [group(tests=[["secret", 0]])]}, "groups[0].tests[0][0]", "public, private, generated", "'secret'"),
    ({"groups": [group(tests=[["public", 1]])]}, "groups[0].tests[0][1]", "one of the 1 public tests", "1"),
    ({"groups": [group(), group()]}, "groups[1].name", "a unique name", "'a'"),
    ({"groups": [group(aggregate="max")]}, "groups[0].aggregate", "min, sum", "'max'"),
    ({"groups": [group(requires=["b"])]}, "groups[0].requires[0]", "the name of a group", "'b'"),
    ({"groups": [group(weight=1)]}, "groups[0].weight", "only name, points", "1"),
    ({"note": {"deep": [float("nan")]}}, "note", "JSON", "nan"),
    ({"note": object()}, "note", "JSON", "object"),
]


@pytest.mark.parametrize(("change", "field", "expected", "got"), REFUSED)
def test_a_field_that_is_wrong_is_named(change: dict[str, Any], field: str, expected: str, got: str) -> None:
    with pytest.raises(DataError) as caught:
        problem_from_row(row(**change), "rows.jsonl:7")
    message = str(caught.value)
    assert message.startswith("rows.jsonl:7: ")
    place, _, rest = message.partition(f"field {field!r}: ")
    assert rest, f"{field!r} is not named in {message!r}"
    assert field == "name" or place.endswith("problem '1_A. Sum': ")
    said, _, came = rest.partition(", got ")
    assert expected in said
    assert got in came
    assert "; " in came, "no word on what to do"
    assert "\n" not in message
    message.encode("utf-8")


def test_a_long_value_is_shown_short() -> None:
    with pytest.raises(DataError) as caught:
        problem_from_row(row(cf_tags="x" * 1_000_000, name="n" * 1_000_000))
    assert len(str(caught.value)) < 400


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes | list[dict[str, Any]]], Path]:
    """Write a JSONL file of bytes or rows, and return its path."""

    def write(content: bytes | list[dict[str, Any]]) -> Path:
        path = tmp_path / "rows.jsonl"
        if isinstance(content, list):
            content = b"".join(json.dumps(item).encode() + b"\n" for item in content)
        path.write_bytes(content)
        return path

    return write


def test_rows_are_read_in_order_and_blank_lines_skipped(file: Any) -> None:
    first, second = (json.dumps({**MINIMAL, "name": name}).encode() for name in "ab")
    for content in (first + b"\n" + second, b"\n" + first + b"\r\n  \r\n" + second + b"\n\n"):
        assert [problem.id for problem in read_jsonl(file(content))] == ["a", "b"]


def test_only_a_newline_ends_a_line(file: Any) -> None:
    text = json.dumps({**MINIMAL, "description": "a\u2028b\u0085c"}, ensure_ascii=False)
    assert read_jsonl(file(text.encode()))[0].statement == "a\u2028b\u0085c"


GOOD = json.dumps(MINIMAL).encode()


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"{", 1, "JSON object on one line"),
        (GOOD[:-5], 1, "cut"),
        (GOOD + GOOD, 1, "Extra data"),
        (b"[1]", 1, "expected a JSON object, got [1]"),
        (b"null", 1, "expected a JSON object, got null"),
        (GOOD + b"\n\n\nnope\n", 4, "JSON object on one line"),
        (b'{"name": "\xff"}', 1, "UTF-8"),
        (b"\x1f\x8b\x08\x00", 1, "unpack"),
        (b"\xef\xbb\xbf" + GOOD, 1, "expected UTF-8 without a byte order mark"),
        (GOOD + b"\n\xef\xbb\xbf" + GOOD, 2, "expected UTF-8 without a byte order mark"),
        (b'{"name": "a", "name": "b"}', 1, "'name' stands twice"),
        (b'{"name": "a", "description": {"b": 1, "b": 2}}', 1, "'b' stands twice"),
        (b'{"time_limit": NaN}', 1, "NaN"),
        (b'{"time_limit": -Infinity}', 1, "-Infinity"),
        (b'{"time_limit": 1e999}', 1, "too large"),
        (b"[" * 200_000, 1, "JSON object on one line"),
        (GOOD + b'\n{"name": "q", "description": 3}', 2, "problem 'q': field 'description'"),
        (GOOD.replace(b'"d"', b'"\\ud800"'), 1, "UTF-8"),
    ],
)
def test_a_bad_line_is_named(file: Any, content: bytes, line: int, words: str) -> None:
    path = file(content)
    with pytest.raises(DataError) as caught:
        read_jsonl(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_whole_number_of_any_length_is_an_error_not_a_crash(file: Any) -> None:
    for digits in (20, 4000, 5000):
        with pytest.raises(DataError, match=r"rows\.jsonl:1: "):
            read_jsonl(file(GOOD[:-1] + b', "memory_limit_bytes": ' + b"9" * digits + b"}"))


def test_two_rows_of_one_name_are_both_named(file: Any) -> None:
    path = file([MINIMAL, {**MINIMAL, "name": "q"}, MINIMAL])
    with pytest.raises(DataError) as caught:
        read_jsonl(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert f"{path}:1" in str(caught.value)
    assert "'p'" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_an_error(file: Any, content: bytes) -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl: .*empty"):
        read_jsonl(file(content))


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_jsonl(tmp_path / "missing.jsonl")
    with pytest.raises(DataError, match="directory"):
        read_jsonl(tmp_path)
    with pytest.raises(DataError, match="readable"):
        read_jsonl("a\0b")
    with pytest.raises(DataError, match="readable"):
        read_jsonl("/proc/self/mem")  # opens, and fails on reading


def test_problems_come_one_by_one_before_an_error(file: Any) -> None:
    problems = iter_jsonl(file(GOOD + b"\nnope"))
    assert next(problems).id == "p"
    with pytest.raises(DataError):
        next(problems)


def test_reading_one_by_one_keeps_one_line_in_memory(file: Any) -> None:
    big = [{**MINIMAL, "name": str(number), "description": "x" * 2**20} for number in range(64)]
    program = (
        "import resource, sys; from rlef_env.problems.reading import iter_jsonl\n"
        "usage = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = usage(); count = sum(1 for _ in iter_jsonl(sys.argv[1])); print(count, usage() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program, file(big)], capture_output=True, text=True, check=True)
    count, kilobytes = map(int, done.stdout.split())
    assert count == 64
    assert kilobytes < 20 * 1024


# --- the way back ----------------------------------------------------------------------------------------------------

text = st.text(max_size=20)  # without lone surrogates, which no file can hold
tests = st.lists(st.builds(Test, text, text), max_size=3).map(tuple)
language = st.sampled_from(["python", "python2", "cpp", "java", "unknown"]) | text.filter(bool)
argument = text.map(lambda words: words.replace("\0", ""))
day = st.dates().map(str)
label = st.sampled_from([None, "wrong_answer", "time_limit", "compile_error"])
checker = st.one_of(
    st.sampled_from([CheckerSpec("codecontests"), CheckerSpec("tokens"), CheckerSpec("kattis")]),
    st.just(CheckerSpec("kattis", ("case_sensitive", "float_absolute_tolerance", "1e-9"))),
    text.map(lambda source: CheckerSpec("python", source=source)),
    st.builds(CheckerSpec, st.sampled_from(["testlib", "kattis_program"]), st.tuples(argument), text, language),
)
function = st.builds(FunctionSpec, st.sampled_from(["f", "größe", "__init__"]), text)
interactor = st.builds(
    InteractorSpec, text, language, st.sampled_from(["kattis", "testlib"]), st.lists(text, max_size=2).map(tuple)
)


@st.composite
def groups(draw: st.DrawFn, problem: Problem) -> tuple[TestGroup, ...]:
    """Return groups of a problem's tests."""
    names = draw(st.lists(text, max_size=3, unique=True))
    places = [(role, index) for role, index, _ in problem.tests()]
    return tuple(
        TestGroup(
            name,
            draw(st.integers(0, 100) | st.floats(0, 100)),
            tuple(draw(st.lists(st.sampled_from(places), max_size=3)) if places else ()),
            draw(st.sampled_from(["min", "sum"])),
            tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
        )
        for name in names
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
# What other schemas keep may have the names of this one's fields.
own_keys = text | st.sampled_from([*row(), "checker", "date", "function", "groups", "extra", "source_name"])
schema_extras = st.fixed_dictionaries(
    {},
    optional={
        "source": st.integers(-1, 8),
        "difficulty": st.integers(0, 40),
        "cf_contest_id": st.integers(0, 2**31),
        "cf_index": text,
        "cf_points": st.floats(0, 1e4),
        "cf_rating": st.integers(0, 4000),
        "is_description_translated": st.booleans(),
        "untranslated_description": text,
        "input_file": text,
        "output_file": text,
    },
)
problems = st.builds(
    Problem,
    id=text.filter(bool),
    statement=text,
    public_tests=tests,
    private_tests=tests,
    generated_tests=tests,
    time_limit=st.none() | st.floats(1e-6, 1e9) | st.integers(1, 10**12).map(lambda nanos: nanos / 10**9),
    memory_limit=st.none() | st.integers(10**6, 2**63 - 1),
    checker=checker,
    solutions=st.lists(st.builds(Solution, text, language), max_size=3).map(tuple),
    incorrect_solutions=st.lists(st.builds(Solution, text, language, label), max_size=3).map(tuple),
    tags=st.lists(text.filter(bool), max_size=3).map(tuple),
    difficulty=st.none() | st.sampled_from(["easy", "A", "1900"]),
    source=st.none() | st.sampled_from(["codeforces", "codejam", "starter"]),
    date=st.none() | day,
    function=st.none() | function,
    interactor=st.none() | interactor,
    extra=st.builds(
        lambda own, known: {**own, **known}, st.dictionaries(own_keys, json_values, max_size=3), schema_extras
    ),
)


with_groups = problems.flatmap(lambda problem: groups(problem).map(lambda found: replace(problem, groups=found)))


@given(problem=with_groups)
def test_what_is_written_is_read_back_equal(problem: Problem) -> None:
    line = json.dumps(problem_to_row(problem))
    again = problem_from_row(json.loads(line))
    assert again == problem
    assert json.dumps(again.extra, sort_keys=True) == json.dumps(problem.extra, sort_keys=True)  # 1 is not True


@given(problem=problems)
def test_a_row_that_was_written_has_every_field_of_the_schema(problem: Problem) -> None:
    assert row().keys() <= problem_to_row(problem).keys()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"time_limit": None, "memory_limit_bytes": 0},
        {"source": 6, "difficulty": 22},
        {"source": 0, "difficulty": 0, "cf_rating": 0, "cf_index": "", "cf_points": 0.0},
        {"source_name": "starter", "difficulty_name": "easy"},
        {"checker": {"name": "kattis", "flags": ["float_tolerance", "1e-6"]}},
        {"checker": {"name": "python", "source": "def check(input, output, expected): return True"}},
        {"note": None},
    ],
    ids=str,
)
def test_a_row_of_the_schema_is_written_as_it_was_read(change: dict[str, Any]) -> None:
    assert problem_to_row(problem_from_row(row(**change))) == row(**change)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["codecontests", "kattis"])
def test_real_rows_are_written_as_they_were_read(shared_data: Path, name: str) -> None:
    path = shared_data / f"{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    read = read_jsonl(path)
    assert len(read) == {"codecontests": 94, "kattis": 16}[name]
    assert [problem_to_row(problem) for problem in read] == rows
    assert all(list(problem.tests()) and problem.solutions for problem in read)


def test_a_file_that_was_written_is_read_back_equal(tmp_path: Path) -> None:
    written = [problem_from_row(row(name=name, description="a\u2028\nü\0")) for name in ("p", "q\n", "ü")]
    write_jsonl(tmp_path / "out.jsonl", written)
    assert read_jsonl(tmp_path / "out.jsonl") == written
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.parametrize(
    "bad",
    [
        Problem("bad", "\ud800"),
        Problem("bad", "", extra={"note": float("nan")}),
        Problem("bad", "", extra={"note": object()}),
        Problem("bad", "", memory_limit=256),
    ],
    ids=["surrogate", "nan", "object", "memory"],
)
def test_a_file_is_written_as_a_whole_or_not_at_all(tmp_path: Path, bad: Problem) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(DataError, match="'bad'"):
        write_jsonl(path, [Problem("good", ""), bad])
    assert path.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_problem_travels_to_other_processes_and_into_sets() -> None:
    problem = problem_from_row(row(note=[1]))
    assert pickle.loads(pickle.dumps(problem)) == problem
    assert len({problem, problem_from_row(row(note=[1]))}) == 1
