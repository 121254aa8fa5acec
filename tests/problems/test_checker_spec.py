"""Names and flags of checkers in data."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec
from rlef_env.problems.checker_spec import (
    CHECKERS,
    CheckerFlags,
    checker_from_field,
    checker_to_row,
    parse_checker_flags,
)
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.stock_checkers import dmoj_checker


@pytest.mark.parametrize(
    ("flags", "parsed"),
    [
        ("", CheckerFlags()),
        ("case_sensitive", CheckerFlags(frozenset({"case_sensitive"}))),
        ("space_change_sensitive", CheckerFlags(frozenset({"space_change_sensitive"}))),
        ("float_absolute_tolerance 0.5", CheckerFlags(absolute_tolerance=0.5)),
        ("float_relative_tolerance 1e-6", CheckerFlags(relative_tolerance=1e-6)),
        ("float_tolerance .5", CheckerFlags(absolute_tolerance=0.5, relative_tolerance=0.5)),
        ("float_tolerance 1 float_absolute_tolerance 2", CheckerFlags(absolute_tolerance=2, relative_tolerance=1)),
        ("float_tolerance 1 float_tolerance 0", CheckerFlags(absolute_tolerance=0, relative_tolerance=0)),
    ],
)
def test_kattis_flags(flags: str, parsed: CheckerFlags) -> None:
    assert parse_checker_flags("kattis", flags.split()) == parsed


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["float"], "got 'float'"),
        (["CASE_SENSITIVE"], "got 'CASE_SENSITIVE'"),
        (["1e-6"], "got '1e-6'"),
        (["float_tolerance"], "a number after float_tolerance, got nothing"),
        (["float_tolerance", "case_sensitive"], "got 'case_sensitive'"),
        (["float_tolerance", "-1"], "got '-1'"),
        (["float_tolerance", "nan"], "got 'nan'"),
        (["float_tolerance", "inf"], "got 'inf'"),
        (["float_tolerance", "1e999"], "got '1e999'"),
        (["float_tolerance", "1_0"], "got '1_0'"),
        (["float_tolerance", "1\n"], "a number after"),
        (["float_tolerance", ""], "a number after"),
        (["float_tolerance", "1" * 100_000 + "x"], "a number after"),
    ],
)
def test_kattis_flags_that_make_no_sense(flags: list[str], words: str) -> None:
    with pytest.raises(DataError, match="kattis flags: expected") as caught:
        parse_checker_flags("kattis", flags)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "flags", "words"),
    [
        ("exact", ["strip"], "exact flags: expected no flags, because this checker has none, got 'strip'"),
        ("tokens", ["float_tolerance", "1"], "tokens flags: expected ignore_case, unordered, got 'float_tolerance'"),
        (
            "lines",
            ["unordered", "float_tolerance", "1"],
            "lines flags: expected unordered or float_tolerance, got both",
        ),
        ("lines", ["strip", "keep_spaces"], "lines flags: expected keep_spaces or strip, got both"),
    ],
)
def test_flags_that_a_checker_does_not_have(name: str, flags: list[str], words: str) -> None:
    with pytest.raises(DataError, match=words):
        parse_checker_flags(name, flags)


@pytest.mark.parametrize("name", [name for name, rule in CHECKERS.items() if not rule.program])
def test_every_flag_of_a_checker_is_read(name: str) -> None:
    for flag in CHECKERS[name].flags:
        flags = parse_checker_flags(name, [flag, "0.5"] if flag.endswith("tolerance") else [flag])
        assert flags != CheckerFlags()
        assert flags.tolerant is flag.endswith("tolerance")


@pytest.mark.parametrize(
    ("row", "spec"),
    [
        ({"name": "tokens"}, CheckerSpec("tokens")),
        ({"name": "kattis", "flags": []}, CheckerSpec("kattis")),
        ({"name": "kattis", "flags": ["case_sensitive"]}, CheckerSpec("kattis", ("case_sensitive",))),
        ({"name": "codecontests", "flags": None, "source": None}, CheckerSpec("codecontests")),
        ({"name": "python", "source": "def check(): ..."}, CheckerSpec("python", source="def check(): ...")),
        ({"name": "lines", "flags": ["strip", "unordered"]}, CheckerSpec("lines", ("strip", "unordered"))),
        ({"name": "value", "flags": ["json"]}, CheckerSpec("value", ("json",))),
        (
            {"name": "testlib", "source": "int main() {}", "language": "cpp"},
            CheckerSpec("testlib", source="int main() {}", language="cpp"),
        ),
        (
            {"name": "kattis_program", "source": "exit(42)", "flags": ["any", "thing at all"]},
            CheckerSpec("kattis_program", ("any", "thing at all"), "exit(42)"),
        ),
    ],
)
def test_checkers(row: dict[str, Any], spec: CheckerSpec) -> None:
    assert checker_from_field(Field(row, "row", "checker")) == spec
    assert checker_from_field(Field(checker_to_row(spec), "row", "checker")) == spec


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("tokens", "checker", "a JSON object"),
        ({}, "checker.name", "codecontests, tokens, lines"),
        ({"name": "Tokens"}, "checker.name", "codecontests, tokens, lines"),
        ({"name": ["tokens"]}, "checker.name", "codecontests, tokens, lines"),
        ({"name": "tokens", "flag": []}, "checker.flag", "only name, flags, source and language"),
        ({"name": "tokens", "flags": ["case_sensitive"]}, "checker.flags", "expected ignore_case, unordered"),
        ({"name": "exact", "flags": ["case_sensitive"]}, "checker.flags", "no flags"),
        ({"name": "python", "source": "x", "flags": ["x"]}, "checker.flags", "no flags"),
        ({"name": "testlib", "source": "x", "flags": ["a\0"]}, "checker.flags", "without NUL"),
        ({"name": "testlib"}, "checker.source", "exits with 0"),
        ({"name": "kattis_program"}, "checker.source", "42 or 43"),
        ({"name": "testlib", "source": "x", "language": 3}, "checker.language", "a string"),
        ({"name": "python", "source": "x", "language": "cpp"}, "checker.language", "'python'"),
        ({"name": "tokens", "language": "python"}, "checker.language", "no language"),
        ({"name": "kattis", "flags": "case_sensitive"}, "checker.flags", "a list"),
        ({"name": "kattis", "flags": ["float_tolerance", 1e-6]}, "checker.flags[1]", "a string"),
        ({"name": "kattis", "flags": ["float_tolerance"]}, "checker.flags", "a number after float_tolerance"),
        ({"name": "python"}, "checker.source", "check(input, output, expected)"),
        ({"name": "python", "source": 1}, "checker.source", "a string"),
        ({"name": "tokens", "source": "x"}, "checker.source", "no source"),
    ],
)
def test_a_checker_that_is_wrong_is_named(row: Any, field: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        checker_from_field(Field(row, "rows.jsonl:2", "checker"))
    assert str(caught.value).startswith(f"rows.jsonl:2: field {field!r}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("bridged", {}, "one of DMOJ.s own"),
        ("floats", {"precision": "6"}, "a precision from 0 to 300, got '6'"),
        ("floats", {"precision": -1}, "a precision from 0 to 300, got -1"),
        ("floats", {"precision": True}, "a precision"),
        ("floats", {"error_mode": "both"}, "default, absolute, relative, got 'both'"),
        ("sorted", {"split_on": "bytes"}, "lines or whitespace, got 'bytes'"),
    ],
)
def test_unknown_checkers_of_dmoj(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        dmoj_checker(name, arguments)
