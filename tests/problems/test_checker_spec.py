"""The names and flags of checkers in data."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, KattisFlags, parse_kattis_flags
from rlef_env.problems.checker_spec import checker_from_field, checker_to_row
from rlef_env.problems.json_rows import Field


@pytest.mark.parametrize(
    ("flags", "parsed"),
    [
        ("", KattisFlags()),
        ("case_sensitive", KattisFlags(case_sensitive=True)),
        ("space_change_sensitive", KattisFlags(space_change_sensitive=True)),
        ("float_absolute_tolerance 0.5", KattisFlags(absolute_tolerance=0.5)),
        ("float_relative_tolerance 1e-6", KattisFlags(relative_tolerance=1e-6)),
        ("float_tolerance .5", KattisFlags(absolute_tolerance=0.5, relative_tolerance=0.5)),
        ("float_tolerance 1 float_absolute_tolerance 2", KattisFlags(absolute_tolerance=2, relative_tolerance=1)),
        ("float_tolerance 1 float_tolerance 0", KattisFlags(absolute_tolerance=0, relative_tolerance=0)),
    ],
)
def test_kattis_flags(flags: str, parsed: KattisFlags) -> None:
    assert parse_kattis_flags(flags.split()) == parsed


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
        parse_kattis_flags(flags)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("row", "spec"),
    [
        ({"name": "tokens"}, CheckerSpec("tokens")),
        ({"name": "kattis", "flags": []}, CheckerSpec("kattis")),
        ({"name": "kattis", "flags": ["case_sensitive"]}, CheckerSpec("kattis", ("case_sensitive",))),
        ({"name": "codecontests", "flags": None, "source": None}, CheckerSpec("codecontests")),
        ({"name": "python", "source": "def check(): ..."}, CheckerSpec("python", source="def check(): ...")),
    ],
)
def test_checkers(row: dict[str, Any], spec: CheckerSpec) -> None:
    assert checker_from_field(Field(row, "row", "checker")) == spec
    assert checker_from_field(Field(checker_to_row(spec), "row", "checker")) == spec


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("tokens", "checker", "a JSON object"),
        ({}, "checker.name", "codecontests, tokens, kattis, python"),
        ({"name": "Tokens"}, "checker.name", "codecontests, tokens, kattis, python"),
        ({"name": ["tokens"]}, "checker.name", "codecontests, tokens, kattis, python"),
        ({"name": "tokens", "flag": []}, "checker.flag", "only name, flags and source"),
        ({"name": "tokens", "flags": ["case_sensitive"]}, "checker.flags", "no flags"),
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
