"""Each category has a real example, judged by the real judge; odd and hostile data raise nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.analysis.errors import CATEGORIES, FAMILIES, categorise, diagnose, family_of
from rlef_env.analysis.errors.outputs import compare_outputs, compare_values
from rlef_env.analysis.errors.programs import holds_answers, normalised_program
from rlef_env.analysis.errors.sizes import fails_on, is_larger
from rlef_env.analysis.errors.traces import Place, place_of
from rlef_env.episodes import Episode, Turn
from rlef_env.judge import Judgement, TestResult, Verdict
from rlef_env.problems import CheckerSpec, FunctionSpec, Problem, Test
from tests.analysis.errors.examples import EXAMPLES, LISTS, PAIR, SUM, played
from tests.test_work_is_linear import MOST, growth


def test_every_example_has_its_category() -> None:
    wrong = []
    for example, episode in zip(EXAMPLES, played(), strict=True):
        found = diagnose(example.problem, episode)[-1]
        if found is None or found.category != example.category:
            wrong.append((example.category, example.responses[-1], found))
    assert not wrong


def test_every_category_has_an_example_and_a_family() -> None:
    assert {example.category for example in EXAMPLES} == set(CATEGORIES)
    assert {category.family for category in CATEGORIES.values()} == set(FAMILIES)
    assert family_of("off_by_one") == "logic"
    assert family_of("SIGWINCH") == family_of(None) == "other"


def test_the_documentation_has_the_table(root: Path) -> None:
    rows = [f"| `{name}` | {each.family} | {each.meaning} |" for name, each in CATEGORIES.items()]
    table = "\n".join(["| category | family | the turn's program ... |", "|---|---|---|", *rows])
    assert table in (root / "docs" / "errors.md").read_text(encoding="utf-8"), f"docs/errors.md should have:\n{table}"


def test_an_accepted_turn_has_no_category() -> None:
    right = Turn("", "print(sum(map(int, input().split())))", Judgement(Verdict.ACCEPTED, total=3))
    assert categorise(SUM, Episode("sum", "", "", (right,), terminated=True)) == [None]


def test_place_names_line_and_function() -> None:
    example = next(example for example in EXAMPLES if example.category == "recursion")
    found = diagnose(example.problem, *played((example,)))[-1]
    assert found is not None
    assert (found.line, found.function, found.test) == (2, "add", "public 0")


# --- single rules ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "expected", "category"),
    [
        ("1  2\n\n", "1 2", "format_only"),
        ("yes", "YES", "format_only"),
        ("(1, 2)", "1 2", "format_only"),
        ("3.0", "3", "format_only"),
        ("3.14159", "3.14", "format_only"),
        ("Answer: 3", "3", "format_only"),
        ("Is it? NO", "NO", "format_only"),
        ("NO YES", "YES", "extra_output"),  # both are answers
        ("3.2", "3", "wrong_type"),
        ("None", "3", "wrong_type"),
        ("<map object at 0x7f>", "3", "wrong_type"),
        ("three", "3", "wrong_type"),
        ("4", "3", "off_by_one"),
        ("1", "0", None),  # perhaps a truth value
        ("0", "-1", None),  # perhaps no answer
        ("5", "3", None),
        ("1 2 4", "1 2 3", "off_by_one"),
        ("1 2 5", "1 3 3", None),
        ("a\nb", "a\nb\nc", "off_by_one"),
        ("b\nc", "a\nb\nc", "off_by_one"),
        ("a\nb", "a\nb\nc\nd", "partial_output"),
        ("1 2 9 9", "1 2", "extra_output"),
        ("debug 7\n1\nx 5\n2", "1\n2", "extra_output"),
        ("3 1 2", "1 2 3", "wrong_order"),
        ("", "1", "empty_output"),
        ("", "", None),
        ("9" * 5000, "9" * 4999 + "8", None),
        ("9" * 4096 + "[...]", "9" * 20, "extra_output"),
        ("7" * 30, "7" * 5000, "partial_output"),
    ],
)
def test_outputs(output: str, expected: str, category: str | None) -> None:
    found = compare_outputs(output, expected)
    assert (found and found.category) == category


@pytest.mark.parametrize(
    ("value", "expected", "category"),
    [
        ("None", "3", "wrong_type"),
        ("'3'", "3", "wrong_type"),
        ("3.0", "3", "wrong_type"),
        ("{1: 2}", "{1, 2}", "wrong_type"),
        ("<a value of type generator>", "[1]", "wrong_type"),
        ("'Abc'", "'abc'", "format_only"),
        ("[1, 3]", "[1, 2]", "off_by_one"),
        ("[1]", "[1, 2, 3]", "partial_output"),
        ("[3, 2, 1]", "[1, 2, 3]", "wrong_order"),
        ("[7]", "[1]", None),
        ("False", "True", None),
    ],
)
def test_values(value: str, expected: str, category: str | None) -> None:
    found = compare_values(value, expected)
    assert (found and found.category) == category


def test_where_many_answers_are_right_the_expected_one_says_nothing() -> None:
    other = replace(SUM, checker=CheckerSpec("python", source="def check(*_): return False"))
    result = TestResult("public", 0, Verdict.WRONG_ANSWER, None, "4\n")
    turn = Turn("", "print(1 + int(input()))", Judgement(Verdict.WRONG_ANSWER, (result,), 1))
    episode = Episode("sum", "", "", (turn,))
    assert categorise(SUM, episode) == ["off_by_one"]
    assert categorise(other, episode) == ["wrong_answer"]


def test_all_failing_outputs_must_agree() -> None:
    results = tuple(TestResult("public", n, Verdict.WRONG_ANSWER, None, out) for n, out in enumerate(("4\n", "99\n")))
    turn = Turn("", "print(input())", Judgement(Verdict.WRONG_ANSWER, results, 2))
    assert categorise(SUM, Episode("sum", "", "", (turn,))) == ["wrong_answer"]


def test_two_equal_answers_may_be_chance() -> None:
    results = tuple(TestResult("public", n, Verdict.WRONG_ANSWER, None, "99\n") for n in (0, 1))
    judgement = Judgement(Verdict.WRONG_ANSWER, results, 2)
    turns = (Turn("", "print(len(input()) * 33)", judgement), Turn("", "input()\nprint(99)", judgement))
    assert categorise(SUM, Episode("sum", "", "", turns)) == ["wrong_answer", "ignores_input"]


def test_examples_in_comments_are_not_hard_coded() -> None:
    tests = list(LISTS.public_tests)
    program = "# for 4 print '1\\n4\\n9\\n16'\nfor i in range(int(input())): print(i * i)"
    assert not holds_answers(normalised_program(program), tests, calls=False)
    assert holds_answers("n = input()\nprint('1\\n4\\n9\\n16')", tests, calls=False)
    base_case = "n = int(input())\nif n == 4: print(16)\nelse: print(n ** 2)"
    assert not holds_answers(base_case, [Test("4\n", "16\n")], calls=False)


def test_own_examples_of_a_function_are_not_hard_coded() -> None:
    program = "def f(a, b):\n    return [a, b]\nassert f(1, 2) == [1, 2]\nprint(f(4, 3), [3, 4])"
    assert not holds_answers(program, list(PAIR.public_tests), calls=True)


def test_sizes() -> None:
    assert is_larger("1 " * 32, ["1 " * 16])
    assert not is_larger("1 " * 31, ["1 " * 16, "5"])
    assert is_larger("100000", ["1000", "7"])
    assert not is_larger("10000", ["1000", "7"])
    assert not is_larger("1" * 500, [])
    assert fails_on("2\n0 5\n", ["2\n3 5\n"]).detail == "zero"
    assert fails_on("3\n7 7 7\n", ["3\n3 5 7\n"]).detail == "all equal"
    assert fails_on("\n", ["ab\n"]).detail == "empty, shortest"
    assert fails_on("2\n3 6\n", ["2\n3 5\n"]).category == "wrong_on_hidden"


def test_the_deepest_frame_of_the_program_counts() -> None:
    trace = (
        'noise\nTraceback (most recent call last):\n  File "solution.py", line 9, in <module>\n    main()\n'
        '  File "solution.py", line 4, in main\n    json.loads(x)\n  File "/usr/lib/json.py", line 300, in loads\n'
        "    raise error\njson.decoder.JSONDecodeError: Expecting value: line 1\nmore\n"
    )
    assert place_of(trace) == Place(4, "main", "Expecting value: line 1")
    assert place_of("") == Place()


# --- odd and hostile data --------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=40) | st.sampled_from(["1 2", "3\n", "", "0", "-1\n" * 9, "x" * 5000, '"', "print(3)"])
RESULTS = st.builds(
    TestResult,
    st.sampled_from(["public", "private", "generated"]),
    st.integers(-2, 3),
    st.sampled_from([verdict for verdict in Verdict if verdict is not Verdict.NO_PROGRAM]),
    st.none() | TEXTS | st.sampled_from(["ValueError", "SIGSEGV", "exit status 1"]),
    TEXTS,
    TEXTS,
)
JUDGEMENTS = st.builds(Judgement, st.sampled_from(Verdict), st.lists(RESULTS, max_size=5).map(tuple), st.integers(0, 5))
TURNS = st.builds(Turn, TEXTS, st.none() | TEXTS, JUDGEMENTS)
PROBLEMS = st.builds(
    Problem,
    st.just("p"),
    st.just(""),
    st.lists(st.builds(Test, TEXTS, TEXTS), max_size=3).map(tuple),
    st.lists(st.builds(Test, TEXTS, TEXTS), max_size=3).map(tuple),
    function=st.none() | st.just(FunctionSpec("f")),
)


@given(PROBLEMS, st.lists(TURNS, max_size=3).map(tuple))
def test_any_episode_has_categories(problem: Problem, turns: tuple[Turn, ...]) -> None:
    found = categorise(problem, Episode("p", "", "", turns))
    assert len(found) == len(turns)
    for category, turn in zip(found, turns, strict=True):
        assert (category is None) == (turn.judgement.verdict is Verdict.ACCEPTED)
        assert (category == "no_verdict") == (turn.judgement.verdict is Verdict.NO_VERDICT)


def test_where_the_rules_fail_the_judge_decides() -> None:
    results = (TestResult("generated", 7, Verdict.WRONG_ANSWER, "odd", "1", ""),)
    turn = Turn("", "print(input())", Judgement(Verdict.WRONG_ANSWER, results, 1, "odd"))
    episode = Episode(
        "sum", "", "", (turn, replace(turn, program="", judgement=replace(turn.judgement, category=None)))
    )
    found = diagnose(SUM, episode)
    assert [each and (each.category, each.detail) for each in found] == [
        ("odd", "the rules failed: IndexError"),
        ("wrong_answer", "the rules failed: IndexError"),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda size: ("1 " * size, "1 " * size + "2", "print(1)", ""),
        lambda size: ("-" * size, "5", "(" * size, "a" * size),
        lambda size: ("a\n" * size, "b\n" * size, "#\n" * size, "Traceback (most recent call last):\n" * size),
        lambda size: ("3", "4", "x == 1\n" * size, '  File "solution.py", line 1, in f\n' * size),
    ],
)
def test_work_is_linear_in_hostile_data(make: object) -> None:
    def call(size: int) -> object:
        output, expected, program, stderr = make(size)  # type: ignore[operator]
        problem = Problem("p", "", (Test("1" * size, "1 2"),), (Test("1 " * size, expected),))
        passed = TestResult("public", 0, Verdict.ACCEPTED)
        failed = TestResult("private", 0, Verdict.WRONG_ANSWER, None, output, stderr)
        turn = Turn("```\n" * size, program, Judgement(Verdict.WRONG_ANSWER, (passed, failed), 2))
        crash = replace(
            turn, judgement=Judgement(Verdict.RUNTIME_ERROR, (failed._replace(verdict=Verdict.RUNTIME_ERROR),))
        )
        mute = replace(turn, program=None)
        return lambda: categorise(problem, Episode("p", "", "", (turn, crash, mute)))

    assert growth(call, 50_000) < MOST  # type: ignore[arg-type]
