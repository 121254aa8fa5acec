"""Sidecar files with a checker per problem."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import CheckerSpec, read_jsonl
from rlef_env.problems.checker_sidecar import read_checkers


def test_checkers_by_the_name_of_the_problem(tmp_path: Path) -> None:
    path = tmp_path / "meta.jsonl"
    path.write_text(
        '{"name": "a", "checker": {"name": "tokens"}, "licence": "CC BY 4.0"}\n'
        '{"name": "b", "checker": {"name": "kattis", "flags": ["float_tolerance", "1e-6"]}}\n'
        '{"name": "c", "origin": "ours"}\n'
        '{"name": "d", "checker": null}\n',
        encoding="utf-8",
    )
    assert read_checkers(path) == {"a": CheckerSpec("tokens"), "b": CheckerSpec("kattis", ("float_tolerance", "1e-6"))}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('{"checker": {"name": "tokens"}}', "1: field 'name': expected a string, got no such field"),
        ('{"name": 7}', "1: field 'name': expected a string, got 7"),
        ('{"name": "a"}\n{"name": "a"}', "2: field 'name': expected one line per problem, got 'a'"),
        ('{"name": "a", "checker": {"name": "loosely"}}', "1: problem 'a': field 'checker.name': expected one of"),
        ('{"name": "a", "checker": "tokens"}', "1: problem 'a': field 'checker': expected a JSON object, got 'tokens'"),
        ('{"name": "a"', "1: expected a JSON object on one line"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, lines: str, words: str) -> None:
    path = tmp_path / "meta.jsonl"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_checkers(path)
    assert str(caught.value).startswith(f"{path}:{words}")


@pytest.mark.shared
def test_the_sample_data_has_a_checker_for_every_problem(shared_data: Path) -> None:
    checkers = read_checkers(shared_data / "meta.jsonl")
    names = [problem.id for file in ("codecontests", "kattis") for problem in read_jsonl(shared_data / f"{file}.jsonl")]
    assert sorted(checkers) == sorted(names)
    assert Counter(spec.name for spec in checkers.values()) == {"tokens": 83, "kattis": 16, "codecontests": 11}
