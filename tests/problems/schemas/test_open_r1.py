"""Open-R1's Codeforces rows, and their checkers."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.judge import Judge, Verdict
from rlef_env.problems import CheckerSpec, Problem, Test
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.open_r1 import OPEN_R1
from rlef_env.sandbox import Program

CHECKER = """
import sys
from pathlib import Path

def main():
    given, right, got = sys.argv[1:]
    number = int(Path(given).read_text())
    with open(right) as file, open(got, "rb") as other:
        wanted, words = int(file.read()), other.read().decode().split()
    if not words:
        print(0)
        return
    print(int(int(words[0]) % number == wanted % number))
    sys.exit(0)

if __name__ == "__main__":
    main()
"""


def row(**changes: Any) -> dict[str, Any]:
    """Return a row with every field of the schema; a change of ``...`` removes the field."""
    full = {
        "id": "9999/C",
        "contest_id": "9999",
        "index": "C",
        "time_limit": 1.5,
        "memory_limit": 256.0,
        "title": "Multiples",
        "description": "Print any multiple of n.\n",
        "input_format": "One number n.",
        "output_format": "A multiple of it.",
        "interaction_format": None,
        "note": "Any is right.",
        "examples": [{"input": "3", "output": "6"}],
        "official_tests": [{"input": "3", "output": "6"}, {"input": "5", "output": "10"}],
        "official_tests_complete": False,
        "input_mode": "stdio",
        "generated_checker": None,
        "rating": 1200,
        "tags": ["math", "*special"],
        "editorial": "",
    }
    return {key: value for key, value in {**full, **changes}.items() if value is not ...}


def problem(**changes: Any) -> Problem:
    return OPEN_R1.problem(Field(row(**changes), "train.jsonl:8"))


def test_a_row() -> None:
    assert problem() == Problem(
        id="9999/C",
        statement="Print any multiple of n.\n\nInput\n\nOne number n.\n\nOutput\n\nA multiple of it.\n\n"
        "Example\n\nInput\n\n3\n\nOutput\n\n6\n\nNote\n\nAny is right.\n",
        public_tests=(Test("3", "6"),),
        private_tests=(Test("5", "10"),),
        time_limit=1.5,
        memory_limit=256 * 2**20,
        checker=CheckerSpec("codecontests", ("exact_integers",)),
        tags=("math", "*special"),
        difficulty="1200",
        source="codeforces",
        extra={
            "contest_id": "9999",
            "index": "C",
            "title": "Multiples",
            "official_tests_complete": False,
            "rating": 1200,
        },
    )


def test_a_bare_row() -> None:
    found = OPEN_R1.problem(Field({"id": "1/A", "description": "x", "examples": None, "official_tests": None}, "f:1"))
    assert (found.statement, list(found.tests()), found.difficulty) == ("x\n", [], None)


def test_what_cannot_be_judged_is_marked() -> None:
    assert problem(input_mode="file").extra["known_issue"] == "reads a file"
    interactive = problem(interaction_format="Ask, then answer.")
    assert interactive.extra["known_issue"] == "interactive, without an interactor"
    assert "\n\nInteraction\n\nAsk, then answer.\n\n" in interactive.statement
    assert "known_issue" not in problem().extra


def test_its_checker_decides() -> None:
    found = problem(generated_checker=CHECKER)
    with Judge() as judge:
        for source, verdict in (
            ("print(int(input()) * 7)", Verdict.ACCEPTED),
            ("print(int(input()) * 7 + 1)", Verdict.WRONG_ANSWER),
            ("input()", Verdict.WRONG_ANSWER),
            ("print('seven')", Verdict.WRONG_ANSWER),  # breaks the checker
        ):
            assert judge.judge(found, Program(source)).verdict is verdict


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": None}, "train.jsonl:8: field 'id': expected a string"),
        ({"description": None}, "problem '9999/C': field 'description': expected a string"),
        ({"examples": {}}, "field 'examples': expected a list"),
        ({"examples": [{"input": "1"}]}, r"field 'examples\[0\].output': expected a string, got no such field"),
        ({"official_tests": ["1"]}, r"field 'official_tests\[0\]': expected a JSON object"),
        ({"time_limit": "2"}, "field 'time_limit': expected a number"),
        ({"time_limit": -1}, "field 'time_limit': expected 0 to 86400 seconds"),
        ({"memory_limit": 0.5}, "field 'memory_limit': expected 1 to"),
        ({"input_mode": "gui"}, "field 'input_mode': expected one of stdio, file"),
        ({"generated_checker": 3}, "field 'generated_checker': expected a string"),
        ({"tags": "math"}, "field 'tags': expected a list"),
        ({"rating": "1200"}, "field 'rating': expected a number"),
    ],
)
def test_a_malformed_row_is_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        problem(**changes)
