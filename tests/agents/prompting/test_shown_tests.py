"""Tests are found in the statements and feedback of our own environment, and in whatever a model writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_agents.prompting.shown_tests import examples, failed_tests, proposed_tests, public_tests
from rlef_env import load_dataset
from rlef_env.envs import feedback_text, prompt_text
from rlef_env.judge import Judgement, Verdict
from rlef_env.judge.judgement import TestResult
from rlef_env.problems import Problem, Test


def shown(statement: str) -> list[tuple[str, str]]:
    return [(each.input, each.output) for each in examples(prompt_text(statement))]


@pytest.mark.parametrize(
    "name",
    ["starter", "procedural/sorting", "procedural/intervals?difficulty=2", "procedural/hidden_step?example=true"],
)
def test_examples_of_our_statements_are_the_public_tests(name: str) -> None:
    dataset = load_dataset(name)
    problems = [each for each in map(dataset.__getitem__, range(66)) if each.function is None]
    assert len(problems) > 60
    for problem in problems:
        found = examples(prompt_text(problem.statement))
        assert found, problem.id
        assert [(each.input.split(), each.output.split()) for each in found] == [
            (each.input.split(), each.output.split()) for each in problem.public_tests[: len(found)]
        ], problem.id


@pytest.mark.shared
def test_examples_of_contest_statements(shared_data: Path) -> None:
    """At least one is found of each problem, and all found ones have a public test's input, of nine in ten problems."""
    dataset = load_dataset(shared_data / "codecontests.jsonl")
    found = total = 0
    for problem in map(dataset.__getitem__, range(len(dataset))):
        shown = [each.input.split() for each in examples(prompt_text(problem.statement))]
        public = [each.input.split() for each in problem.public_tests]
        found += bool(shown) and all(each in public for each in shown)
        total += 1
    assert found >= 0.9 * total


def test_a_short_statement() -> None:
    problem = load_dataset("procedural/hidden_step?example=true&short=true")[0]
    assert examples(prompt_text(problem.statement)) == problem.public_tests[:1]


def test_a_statement_without_examples_has_none() -> None:
    assert examples(prompt_text(load_dataset("procedural/hidden_step")[0].statement)) == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("Add.\n\n-----Examples-----\nInput\n1 2\n\nOutput\n3\n\nInput\n2 2\n\nOutput\n4\n\nNote\n\nEasy.",
         [("1 2\n", "3\n"), ("2 2\n", "4\n")]),
        ("Add.\n\nSample Input 1\n\n1 2\n\nSample Output 1\n\n3\n\nExplanation of the sample\n\nIt is 3.",
         [("1 2\n", "3\n")]),
        ("## Input\nTwo numbers.\n## Output\nOne.\n## Example\n### Input:\n```\n1\n2\n```\n### Output:\n```\n3\n```",
         [("1\n2\n", "3\n")]),
        ('def f(a):\n    """Add.\n    >>> f([1, 2])\n    3\n    >>> f(x)\n    4\n    """', [("f([1, 2])\n", "3\n")]),
        ("Pass this:\n\nassert f(1, key='a') == [2]\n", [("f(1, key='a')\n", "[2]\n")]),
        ("Pass this:\n\nassert set(f((1, 2))) == {1}\n", []),
        ("Input\n\nTwo numbers.\n\nOutput\n\nTheir sum.\n", []),
        ("Example\n\nInput\n\n1\n", []),
        ("Example\n\nOutput\n\n1\n", []),
        ("", []),
    ],
)  # fmt: skip
def test_headings_of_other_sources(statement: str, expected: list[tuple[str, str]]) -> None:
    assert shown(statement) == expected


def feedback(tests: tuple[Test, ...], observed: str, cap: int | None = 512) -> str:
    results = tuple(TestResult("public", n, Verdict.WRONG_ANSWER, None, observed) for n in range(len(tests)))
    problem = Problem("p", "", tests)
    return feedback_text(Judgement(Verdict.WRONG_ANSWER, results, len(tests)), problem, item_cap=cap)


LINES = st.text(st.characters(codec="ascii", exclude_characters="`"), max_size=30)


@given(st.lists(st.tuples(LINES, LINES), min_size=1, max_size=4), LINES)
def test_failed_tests_are_read_back_from_feedback(pairs: list[tuple[str, str]], observed: str) -> None:
    tests = tuple(Test(*pair) for pair in pairs)
    whole = [each for each in tests if not each.input.endswith("[...]") and not each.output.endswith("[...]")]
    assert failed_tests(feedback(tests, observed)) == whole


def test_a_test_that_was_cut_is_none() -> None:
    assert failed_tests(feedback((Test("1" * 99, "2"), Test("1", "2" * 99), Test("3", "4")), "5", cap=20)) == [
        Test("3", "4")
    ]


def test_later_feedback_counts_where_two_tests_have_the_same_input() -> None:
    prompt = prompt_text("Add.\n\nExample\n\nInput\n\n1 2\n\nOutput\n\n4\n")
    said = feedback((Test("1  2\n", "3\n"), Test("5 6\n", "11\n")), "0")
    chat = [{"role": "user", "content": prompt}, {"role": "assistant", "content": said.replace("5 6", "7 7")}]
    assert public_tests(chat) == (Test("1 2\n", "4\n"),), "what the model says itself is no feedback"
    chat.append({"role": "user", "content": said})
    assert public_tests(chat) == (Test("1  2\n", "3\n"), Test("5 6\n", "11\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"input": "1 2", "output": "3"}]', [("1 2\n", "3\n")]),
        ('Sure [1]:\n```json\n[{"input": "1\\n2\\n", "output": 3}, {"input": 4, "output": 5.5}]\n```\n[]',
         [("1\n2\n", "3\n"), ("4\n", "5.5\n")]),
        ('[{"input": "1", "output": "2"}, {"input": [1], "output": 2}, {"input": 2}, 7, {"input": "3", "output": ""}]',
         [("1\n", "2\n")]),
        ('[{"input": "1", "output": "2"}, {"input": "1 ", "output": "3"}]', [("1 \n", "3\n")]),
        ('[{"input": "\\ud83d", "output": "2"}]', []),
        ('[{"input": "1", "output": "2"}', []),
        ('{"input": "1", "output": "2"}', []),
        ("no JSON at all", []),
        ("", []),
        ("[" * 50_000, []),
        ('[{"input": ' + "1" * 10_000 + ', "output": 1}]', []),
    ],
)  # fmt: skip
def test_proposed_tests(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(test.input, test.output) for test in proposed_tests(text)] == expected


@given(st.text(max_size=200) | st.text('[]{}",:1\\ inputo', max_size=200))
def test_any_text_gives_tests_that_a_program_can_read(text: str) -> None:
    for test in proposed_tests(text):
        assert test.input.encode().endswith(b"\n")
        assert test.output.strip()


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=4), LINES)
def test_a_list_in_any_text_is_read(pairs: list[tuple[str, str]], before: str) -> None:
    rows = [{"input": given, "output": wanted} for given, wanted in pairs]
    text = before.replace("[", "") + json.dumps(rows)
    found = {" ".join(given.split()): wanted for given, wanted in pairs if wanted.strip()}
    assert {" ".join(test.input.split()): test.output for test in proposed_tests(text)} == {
        given: wanted.rstrip("\n") + "\n" for given, wanted in found.items()
    }
