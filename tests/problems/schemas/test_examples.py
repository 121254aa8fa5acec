"""Tests that count as examples of the statement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlef_env.problems.schemas.parts.examples import calls_shown, streams_shown

STATEMENT = """Add up the numbers. The first line holds 5, how many there are.

-----Example-----
Input
3
1  2 3

Output
6

Input
1
7
Output
7
9

Sample Input 2

```
2
4 4
```

Sample Output 2:

```
8
```
"""


@pytest.mark.parametrize(
    ("given", "wanted", "shown"),
    [
        ("3\n1 2 3\n", "6\n", True),
        ("3\n1 2 3", "6", True),
        ("3 \r\n\n1 2 3\n\n", " 6", True),
        ("1\n7\n", "7\n9\n", True),
        ("2\n4 4\n", "8\n", True),
        ("3\n1 2 3\n", "7\n", False),
        ("2\n1 2 3\n", "6\n", False),
        ("3\n", "6\n", False),  # the rest of the input stands between the two
        ("1 2 4\n", "6\n", False),
        ("3\n", "1 2 3\n", False),  # no word of an output between the two
        ("5", "6", False),  # within a line
        ("", "6", False),
        ("3\n1 2 3\n", "", False),
        ("3\n1 2 3\n6\n", "6\n", False),
        ("3 " * 100_000, "6", False),
    ],
)
def test_an_example_is_input_and_output_in_whole_lines(given: str, wanted: str, shown: bool) -> None:
    assert streams_shown(STATEMENT, [(given, wanted)]) == [shown]


def test_a_statement_that_repeats_an_input_costs_little() -> None:
    assert streams_shown("1\n" * 100_000, [("1\n" * 50, "2\n")] * 3) == [False] * 3


CALLS = """Given an array and a target, return the indices.

Example 1:
Input: nums = [2, 7, 11], target = 9
Output: [0, 1]

>>> solve('abc', -4)
True
"""


@pytest.mark.parametrize(
    ("arguments", "result", "shown"),
    [
        ([[2, 7, 11], 9], [0, 1], True),
        (["abc", -4], True, True),
        (["abc", 4], True, False),
        ([[2, 7, 11], 9], [0, 2], False),
        ([[2, 7], 9], [0, 1], False),
        ([[2, 7, 11], 1], [0, 1], False),
        ([], [0, 1], False),
        ([9], 1, False),  # 1 stands there only as a part of more
        ([10**5000], 1, False),
    ],
)
def test_an_example_call_is_its_arguments_and_its_result(arguments: list[Any], result: Any, shown: bool) -> None:
    assert calls_shown(CALLS, [(arguments, result)]) == [shown]


def test_a_result_that_stands_far_off_is_another_one() -> None:
    assert calls_shown(f"f(1) is {'a' * 20} 2", [([1], 2)]) == [True]
    assert calls_shown(f"f(1) is {'a' * 100} 2", [([1], 2)]) == [False]


def test_a_statement_that_repeats_an_argument_costs_little() -> None:
    assert calls_shown("1, " * 100_000, [([1] * 1000, 2)]) == [False]


def test_on_real_statements_only_public_tests_count_as_examples(shared_data: Path) -> None:
    """The sample selects public tests by a similar search; the statements show the other outputs in another form."""
    public, private = [], []
    for line in (shared_data / "codecontests.jsonl").read_text().splitlines():
        row = json.loads(line)
        for key, found in (("public_tests", public), ("private_tests", private)):
            found += streams_shown(row["description"], zip(row[key]["input"], row[key]["output"], strict=True))
    assert not any(private)
    assert sum(public) > 0.9 * len(public)
