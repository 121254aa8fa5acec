"""Annotations in starter code, and the values that fit them."""
# ruff: noqa: E501  # signatures on one line

from __future__ import annotations

import time
from typing import Any

import pytest

from rlef_env.problems.schemas.parts.result_types import fits, result_type

IN_CLASS = "class Solution:\n    def f(self, n: int) -> {}:\n        "


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        ("int", [5, 2.0, True], ["5", [5], None]),
        ("str", ["", "a"], [5, ["a"]]),
        ("None", [None], [0, [], ""]),
        ("list", [[], [5], [[5]]], [5, None, {}]),
        ("List[int]", [[], [5]], [5, ["a"], [[5]], None]),
        ("typing.List[int]", [[5]], [5]),
        ("t.List[t.List[int]]", [[[5]], []], [[5], 5]),
        ("'List[int]'", [[5]], [5]),
        ("\"List['TreeNode']\"", [[]], [5]),
        ("List['int']", [[5]], [["a"]]),
        ("Optional[List[int]]", [[5], None], [5, "a"]),
        ("Union[List[int], None]", [[5], None], [5]),
        ("list[int] | None", [[5], None], [5]),
        ("None | 'list[int]'", [[5], None], [5]),
        ("Sequence[int]", [[5]], [5]),
        ("Iterable[str]", [["a"]], ["a", [5]]),
        ("Generator[int, None, None]", [[5]], [5]),
        ("Set[int]", [[5]], [5]),
        ("Tuple[int, str]", [[5, "a"]], [5, [5], [5, 5], ["a", 5]]),
        ("tuple[int, ...]", [[], [5], [5, 5]], [5, ["a"]]),
        ("Dict[str, int]", [{}], [[], 5]),
        ("Annotated[List[int], 'sorted']", [[5]], [5]),
        ("collections.deque", [[5]], [5]),
    ],
)
def test_types(annotation: str, right: list[Any], wrong: list[Any]) -> None:
    found = result_type(IN_CLASS.format(annotation), "f")
    assert [fits(found, value) for value in right] == [True] * len(right)
    assert [fits(found, value) for value in wrong] == [False] * len(wrong)


@pytest.mark.parametrize(
    "annotation", ["Any", "TreeNode", "Optional[TreeNode]", "f(1)", "'not a type'", "List[T]", "x.y"]
)
def test_types_that_decide_nothing(annotation: str) -> None:
    assert fits(result_type(IN_CLASS.format(annotation), "f"), [[5]]) is None


@pytest.mark.parametrize(
    "starter",
    [
        "def f(n) -> List[int]:",
        "def f(n) -> List[int]: pass",
        "async def f(n) -> List[int]:\n    ...",
        "def f(n: int = (1 + 2), k: Callable[[int], str] = None) -> List[int]:\n",
        "def f(n: str = ')->int:', k: Dict[str, int] = {1: 2}) -> List[int]:\n    # -> int:",
        "class Solution:\n    def f(\n        self,\n        n: int = 3,  # how many: see f(n) -> int:\n    ) -> List[\n        int\n    ]:\n        ",
        "class Solution:\n\tdef f(self, n) -> List[int]:\n\t\t",
        'class Solution(object):\n    def other(self) -> int:\n        pass\n\n    def f(self, n) -> List[int]:\n        """\n        :rtype: int\n',
        "def ff(n) -> int:\n    pass\ndef f(n) -> List[int]:\n    pass",
        "def f(n) -> int:\n    pass\ndef f(n) -> List[int]:\n    pass",
        "# broken ( code\ndef f(n) -> List[int]:",
        "def f (n)->List[int] :",
    ],
)
def test_the_place_of_the_annotation(starter: str) -> None:
    assert (fits(result_type(starter, "f"), [5]), fits(result_type(starter, "f"), 5)) == (True, False)


@pytest.mark.parametrize(
    "starter", ["", "def f(n):", "def f(n", "def g() -> int:", "class Solution:\n    f = None", "def f(n) -> :"]
)
def test_without_an_annotation(starter: str) -> None:
    assert result_type(starter, "f") is None


def test_a_hostile_starter_takes_no_longer_than_its_size() -> None:
    started = time.process_time()
    for starter in (
        "def f" * 20_000,
        "def f(" * 20_000,
        "'''" * 30_000,
        "def f(n) -> " + "List[" * 20_000,
        "\ndef f(x" * 12_000,
    ):
        fits(result_type(starter, "f"), [[5]])
    assert time.process_time() - started < 30  # of CPU; quadratic work would take minutes
