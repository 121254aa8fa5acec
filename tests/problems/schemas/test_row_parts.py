"""Small parts that rows of several data sets share."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import Field
from rlef_env.problems.schemas.parts.row_parts import (
    by_content,
    day_or_none,
    limit_in_words,
    megabytes,
    rest,
    seconds,
    site,
    solutions_in,
    unfenced,
    user_text,
    with_starter,
)


def field(value: Any) -> Field:
    return Field(value, "f:1", "x")


def test_an_id_by_content_does_not_depend_on_the_order_of_fields() -> None:
    first, named = by_content(Field({"a": 1, "b": [2]}, "f:1"), "taco")
    assert first == by_content(Field({"b": [2], "a": 1}, "g:7"), "taco")[0]
    assert first != by_content(Field({"a": 1, "b": [3]}, "f:1"), "taco")[0]
    assert named.where == f"f:1: problem '{first}'"
    assert first.startswith("taco/")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.0 seconds", 2.0),
        ("1 second", 1.0),
        ("1.5 sec.", 1.5),
        ("500 ms", 0.5),
        ("256 megabytes", 2**28),
        ("64 MB", 2**26),
        ("1 GB", 2**30),
        ("1.5 - 2 seconds", None),
        ("0 seconds", None),
        ("-1 seconds", None),
        ("", None),
        (None, None),
        ("unlimited", None),
        ("2 fortnights", None),
        ("9" * 1000 + " seconds", None),
        ("٣ seconds", None),
    ],
)
def test_limits_in_words(text: str | None, value: float | None) -> None:
    assert limit_in_words(field(text), 0.001) == value


def test_limits_as_numbers() -> None:
    assert [seconds(field(value)) for value in (None, 0, 2, 0.5)] == [None, None, 2.0, 0.5]
    assert [megabytes(field(value)) for value in (None, 0, 256, 256.0)] == [None, None, 2**28, 2**28]
    for value in (-1, 10**9, "2", True, float("nan")):
        with pytest.raises(DataError, match="f:1: field 'x': expected"):
            seconds(field(value))
        with pytest.raises(DataError, match="f:1: field 'x': expected"):
            megabytes(field(value))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-08-21", "2023-08-21"),
        ("2023-08-21T00:00:00", "2023-08-21"),
        ("2023-08-21 12:30:00", "2023-08-21"),
        ("2023-02-30", None),
        ("21.8.2023", None),
        ("20230821", None),
        ("", None),
        (None, None),
    ],
)
def test_days(text: str | None, day: str | None) -> None:
    assert day_or_none(field(text)) == day


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://codeforces.com/problemset/problem/1/A", "codeforces"),
        ("https://www.codechef.com/problems/X", "codechef"),
        ("https://open.kattis.com/problems/x", "kattis"),
        ("not an address", None),
        ("http://[", None),
        ("", None),
        (None, None),
    ],
)
def test_sites(url: str | None, name: str | None) -> None:
    assert site(field(url)) == name


def test_solutions_in_a_list_in_json_and_in_fences() -> None:
    assert [each.source for each in solutions_in(field(["a = 1", "```python\nb = 2\n```"]))] == ["a = 1", "b = 2"]
    assert [each.source for each in solutions_in(field('["a = 1"]'))] == ["a = 1"]
    assert all(each.language == "python" for each in solutions_in(field('["a = 1"]')))
    for nothing in (None, "", "[]", "null", []):
        assert solutions_in(field(nothing)) == ()
    for value, message in (
        (3, "expected a list"),
        ("x", "holds JSON"),
        ("[3]", r"x\(JSON\)\[0\]"),
        ([None], r"x\[0\]"),
    ):
        with pytest.raises(DataError, match=message):
            solutions_in(field(value))


def test_only_one_whole_fence_is_taken_off() -> None:
    assert unfenced("```\nx\n```\n") == "x"
    assert unfenced("```py\nx\n\n```") == "x\n"
    assert unfenced("```python:a.py\r\nx\r\n```\r\n") == "x"
    assert unfenced("````py\n# a\n```\n# b\n````") == "# a\n```\n# b"
    assert unfenced("~~~\nx\n~~~") == "x"
    for text in ("x", "```x```", "say\n```\nx\n```", "```\nx\n```\n```\ny\n```"):
        assert unfenced(text) == text


def test_the_statement_is_the_users_messages() -> None:
    system = {"role": "system", "content": "Think."}
    chat = [system, {"role": "user", "content": "Add."}, {"role": "user", "content": "Now."}]
    assert user_text(field(chat)) == ("Add.\n\nNow.", [system])
    assert user_text(field("Add.")) == ("Add.", [])
    for value in ([], [system], [{"role": "user"}], [{"content": "x"}], [3], None, {"role": "user"}):
        with pytest.raises(DataError, match="f:1: field 'x"):
            user_text(field(value))


def test_the_statement_shows_the_starter_code_and_names_the_function() -> None:
    assert with_starter("Add.", None, None) == "Add."
    assert with_starter("Add.", " \n", None) == "Add."
    assert with_starter("Add.\n", "\ndef add(a):\n    pass\n", "add") == (
        "Add.\n\nStart from this code:\n\n```python\ndef add(a):\n    pass\n```\n"
    )
    assert with_starter("Addition.", None, "add") == "Addition.\n\nDefine a function named `add`.\n"
    assert with_starter("Write add(a, b).", None, "add") == "Write add(a, b)."


def test_the_rest_of_a_row() -> None:
    root = Field({"a": 1, "b": None, "c": "", "d": [], "e": {"f": 0}}, "f:1")
    assert rest(root, {"a"}) == {"d": [], "e": {"f": 0}}
    with pytest.raises(DataError, match="field 'a': expected a JSON value"):
        rest(Field({"a": float("nan")}, "f:1"), set())
