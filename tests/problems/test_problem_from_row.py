"""A problem from a row in memory, whatever its schema; and its grader."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rlef_env.errors import DataError, UsageError
from rlef_env.problems import problem_from_row
from rlef_env.problems.graders import GRADERS
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.quality_report import digest
from rlef_env.problems.writing import problem_to_row
from tools.samples import ROWS


@pytest.mark.parametrize("schema", ROWS)
def test_the_fields_tell_the_schema(schema: str) -> None:
    row = ROWS[schema]
    assert problem_from_row(row) == problem_from_row(Field(row, "row")) == problem_from_row(row, schema=schema)


def test_errors_say_where() -> None:
    with pytest.raises(DataError, match=r"^lesson.jsonl:3: expected the fields of one of the schemas"):
        problem_from_row({"a": 1}, "lesson.jsonl:3")
    with pytest.raises(DataError, match=r"^row: problem 'p': field 'public_tests'"):
        problem_from_row({"name": "p", "description": "", "public_tests": 3})
    with pytest.raises(UsageError, match="schema: expected one of"):
        problem_from_row({}, schema="nothing")


@pytest.mark.parametrize("schema", ROWS)
def test_a_problem_is_written_with_its_grader(schema: str) -> None:
    problem = problem_from_row(ROWS[schema])
    row = json.loads(json.dumps(problem_to_row(problem)))
    assert row.get("grader", "") == problem.grader
    assert problem_from_row(row, schema="code_contests") == problem


def test_each_grader_has_problems_or_is_for_others_to_name() -> None:
    named = {problem_from_row(row).grader for row in ROWS.values()}
    assert named == {""} | GRADERS.keys() - {"cwm", "sandboxfusion_livecodebench"}


def test_a_grader_that_is_not_known_is_refused() -> None:
    row = ROWS["code_contests"]
    assert problem_from_row({**row, "grader": "cwm"}).grader == "cwm"
    assert problem_from_row({**row, "grader": None}).grader == problem_from_row({**row, "grader": ""}).grader == ""
    with pytest.raises(DataError, match=r"field .grader.: expected one of livecodebench, .* got .LCB."):
        problem_from_row({**row, "grader": "LCB"})
    with pytest.raises(DataError, match="field 'grader': expected a string"):
        problem_from_row({**row, "grader": 3})


def test_a_report_is_about_a_grader() -> None:
    problem = problem_from_row(ROWS["apps"])
    assert digest(problem) != digest(replace(problem, grader="")) != digest(replace(problem, grader="taco"))
