"""Typed fields: invalid values that look valid (the schemas' tests cover the rest)."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_env.errors import DataError
from rlef_env.problems.parsing.fields import Field, parse_row
from rlef_env.problems.parsing.json_text import MAX_DEPTH, parse_json


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (-3, -3), ("12", 12), ("-12", -12), (2**63 - 1, 2**63 - 1), (str(2**63 - 1), 2**63 - 1)],
)
def test_whole_numbers(value: Any, number: int) -> None:
    assert Field(value, "row").integer() == number


@pytest.mark.parametrize(
    "value", [True, None, 1.0, "", " 1", "1_0", "+1", "1.0", "٣", "1\n", "9" * 5000, 2**63, str(2**63), -(2**64)]
)
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(DataError, match="expected a whole number"):
        Field(value, "row").integer()


@pytest.mark.parametrize("value", [True, None, "1", float("nan"), float("inf"), 10**400])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(DataError, match="expected a number"):
        Field(value, "row").number()


def test_the_path_names_keys_and_places() -> None:
    field = Field({"a": [{"b": 1}]}, "file:3").child("a").items()[0].child("b")
    assert (field.path, field.value) == ("a[0].b", 1)
    with pytest.raises(DataError, match=r"^file:3: field 'a\[0\]\.b': expected a string, got 1; "):
        field.text()


def test_present_is_neither_null_nor_missing() -> None:
    root = Field({"null": None, "zero": 0}, "row")
    assert [root.child(key).present for key in ("null", "zero", "missing")] == [False, True, False]


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_how_deep_json_may_be(opened: str, closed: str) -> None:
    times = MAX_DEPTH // (opened.count("[") + opened.count("{"))
    assert parse_json(opened * times + "0" + closed * times) is not None
    for more in (times + 1, 10 * times, 10_000):
        with pytest.raises(ValueError, match="more than 100 nested brackets"):
            parse_json(opened * more + "0" + closed * more)
        with pytest.raises(DataError, match="more than 100 nested brackets"):
            parse_row(f'{{"a": {opened * more}0{closed * more}}}'.encode(), "row")
