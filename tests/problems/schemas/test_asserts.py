"""Asserts as tests: some become calls, others stay code, and nothing is executed."""

from __future__ import annotations

import pytest

from rlef_env.errors import DataError
from rlef_env.problems import Test
from rlef_env.problems.schemas.parts.asserts import (
    assert_to_test,
    called_function,
    check_to_tests,
    examples,
    listed_tests,
    parse_code,
)


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("assert f(1) == 2", Test("f(1)", "2")),
        ("assert f([1], key=None) == (True, {1: 2.5}), 'message'", Test("f([1], key=None)", "(True, {1: 2.5})")),
        ("assert f(3 * 19, -1) == [0] * 3", Test("f(57, -1)", "[0, 0, 0]")),
        ("assert f(float('inf')) == set()", Test("f(inf)", "set()")),
        ("assert candidate() == None", Test("f()", "None")),
    ],
)  # fmt: skip
def test_one_call_that_equals_a_constant_is_a_call(source: str, test: Test) -> None:
    assert assert_to_test(source, "f", ["candidate"]) == test


@pytest.mark.parametrize(
    "source",
    [
        "assert f(1)",
        "assert not f(1)",
        "assert f(1) is None",
        "assert f(1) is True",
        "assert f(1) != 2",
        "assert f(1) == f(2)",
        "assert 0 < f(1) == 2",
        "assert f(1) in (1, 2)",
        "assert abs(f(1) - 2.5) < 1e-6",
        "assert math.isclose(f(1), 2.5)",
        "assert round(f(1), 2) == 2.5",
        "assert sorted(f(1)) == [1]",
        "assert set(f(1)) == {1}",
        "assert f(*[1]) == 2",
        "assert f(x) == 2",
        "assert f(lambda: 1) == 2",
        "assert f([[0] * 2] * 2) == 2",
        "assert g(1) == 2",
        "assert f(1) == 2; assert f(2) == 3",
        "x = 1\nassert f(1) == x",
        "f(1) == 2",
        "assert f(1).real == 2",
        "assert f(1)(2) == 2",
        "assert f(10 ** 10 ** 10) == 2",
        "assert f(1 / 0) == 2",
        "assert f(__import__('os').system('true')) == 0",
    ],
)
def test_everything_else_stays_code(source: str) -> None:
    assert assert_to_test(source, "f") == Test(source + "\n", "")


@pytest.mark.parametrize(
    "source", ["assert f(1 == 2", "\0", "assert " + "(" * 500 + ")" * 500, "assert " + "-" * 200_000 + "1", "#" * 2**23]
)
def test_what_cannot_be_parsed_is_one_clear_error(source: str) -> None:
    with pytest.raises(DataError, match=r"^test: expected .*; (correct it|leave it out)$") as caught:
        assert_to_test(source, "f")
    assert len(str(caught.value)) < 400


def check(body: str, start: str = "") -> str:
    return f"{start}\ndef check(candidate):\n" + "".join(f"    {line}\n" for line in body.splitlines())


def test_a_check_that_only_asserts_is_a_test_an_assert() -> None:
    source = check(
        '"""Says."""\nassert candidate(1) == 2\nassert True\nassert not candidate(3)', "METADATA = {}\nimport math\n"
    )
    assert check_to_tests(source, "f") == (
        Test("f(1)", "2"),
        Test("import math\ncandidate = f\nassert not candidate(3)\n", ""),
    )


@pytest.mark.parametrize(
    ("body", "start"),
    [
        ("for n in range(3):\n    assert candidate(n) == n", ""),
        ("x = 1\nassert candidate(1) == x", ""),
        ("assert candidate(1) == LIMIT", "LIMIT = 1\n"),
        ("pass", ""),
    ],
)
def test_any_other_check_is_one_test(body: str, start: str) -> None:
    (test,) = check_to_tests(check(body, start), "f")
    assert test == Test(f"{check(body, start).strip()}\n\ncheck(f)\n", "")


@pytest.mark.parametrize("source", ["", "def other(candidate): pass", "def check(): pass", "def check(a, b): pass"])
def test_a_source_without_a_check_is_an_error(source: str) -> None:
    with pytest.raises(DataError, match="expected a function check"):
        check_to_tests(source, "f")


LISTED = """
import numpy as np
def assertion(out, exp, atol):
    exact_match = out == exp
    assert exact_match
def check(candidate):
    inputs = [[1], [[2, inf]]]
    results = [2, float('nan')]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assertion(candidate(*inp), exp, 0)
"""


def test_the_lists_of_evalplus_are_calls() -> None:
    tests = (Test("f(1)", "2"), Test("f([2, inf])", "nan"))
    assert listed_tests(LISTED, "f") == tests
    without_check = LISTED.replace("def check(candidate):\n", "").replace("    inputs", "inputs")
    without_check = without_check.replace("    results", "results").replace("    for", "for").replace("candidate", "f")
    assert listed_tests(without_check, "f") == tests


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("out == exp\n", "set(out) == set(exp)\n"),
        ("exp, 0)", "exp, 1)"),
        ("candidate(*inp)", "candidate(inp)"),
        ("[2, float", "[float"),
        ("inputs = [[1]", "inputs = [[open]"),
        ("inputs = ", "inputs = other = "),
        ("        assertion(", "        other(), assertion("),
        ("def assertion", "def comparison"),
        ("    for i", "    results = []\n    for i"),
    ],
)
def test_other_ways_to_compare_are_no_lists_of_evalplus(old: str, new: str) -> None:
    assert old in LISTED
    assert not listed_tests(LISTED.replace(old, new), "f")


@pytest.mark.parametrize(
    ("source", "defined", "name"),
    [
        ("assert f(1) == 2", [], "f"),
        ("assert set(shared((1,))) == set((1,))", [], "shared"),
        ("assert math.isclose(area(1), 2.5)", [], "area"),
        ("assert helper(max_of(1)) == 2", ["max_of"], "max_of"),
        ("assert sum([1]) == 1", ["sum"], "sum"),
    ],
)
def test_the_function_under_test_is_found(source: str, defined: list[str], name: str) -> None:
    assert called_function(source, defined) == name


@pytest.mark.parametrize("source", ["assert True", "assert x.f(1)", "assert len([1]) == 1"])
def test_no_function_under_test_is_an_error(source: str) -> None:
    with pytest.raises(DataError, match="calls the function"):
        called_function(source)


PROMPT = '''
def f(x):
    """Does. For f(0) it does nothing.
    >>> f(1)
    2
    >>> f(2) == 3
    >>> f(3) == 4
    True
    f([1]) => [2]
    f("a") ➞ "b".
    f((1, 2)) -> (2, 3)   # a note
    f(4) should return 5
    f(x) == 6
    >>> f(5)

    >>> f(6)
    Traceback (most recent call last):
    >>> print(f(7))
    8
    >>> f(1)
    2
    """
'''


def test_examples_are_found_where_both_sides_are_plain() -> None:
    found = [f"{test.input} {test.output}" for test in examples(PROMPT, "f")]
    assert found == ["f(1) 2", "f(2) 3", "f(3) 4", "f([1]) [2]", "f('a') 'b'", "f((1, 2)) (2, 3)", "f(4) 5"]


def test_code_that_warns_is_parsed_quietly(recwarn: pytest.WarningsRecorder) -> None:
    parse_code("x = '\\d'\nassert (1, 2)\n1 is 1\n")
    assert not recwarn.list
