"""A list of numbers: some are kept, each is changed, and the rest is reduced to one number."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
input()
numbers = list(map(int, input().split()))
kept = [x for i, x in enumerate(numbers, 1) if KEPT]
values = [CHANGED for x in kept]
print(RESULT if values else "none")
"""
# Each part: its text in the statement, its code in the solution, and its code in a program that misreads it.
KEEP = (
    ("the numbers that are multiples of {m}", "x % {m} == 0", "i % {m} == 0"),
    ("the numbers that leave a remainder of 1 when divided by {m}", "x % {m} == 1", "x % {m}"),
    ("the numbers greater than {g}", "x > {g}", "x < {g}"),
    ("the numbers at places that are multiples of {m}, counting from 1", "i % {m} == 0", "(i - 1) % {m} == 0"),
    ("the numbers with an even digit sum", "sum(map(int, str(x))) % 2 == 0", "x % 2 == 0"),
)
CHANGE = (
    ("square each", "x * x", "x * 2"),
    ("take the digit sum of each", "sum(map(int, str(x)))", "len(str(x))"),
    ("take the distance of each to {g}", "abs(x - {g})", "x - {g}"),
    ("take the last digit of each", "x % 10", "x // 10"),
    ("write the digits of each in reverse order (without leading zeros)", "int(str(x)[::-1])", "str(x)[::-1]"),
)
RESULT = (
    ("their sum", "sum(values)", "len(values)"),
    ("the difference between the largest and the smallest", "max(values) - min(values)", "values[-1] - values[0]"),
    ("the largest", "max(values)", "values[-1]"),
    ("the median (of an even number, the smaller one of the middle two)", *(
        "sorted(values)[(len(values) - 1) // 2]",
        "values[(len(values) - 1) // 2]",
    )),
    ("the number of different values", "len(set(values))", "len(values)"),
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        length: maximum number of numbers.
        largest: the largest number.
        change: whether numbers are changed.
    """

    length: int = knob(10, 6, 1000)
    largest: int = knob(99, 20, 10**6)
    change: bool = True


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw a computation of two or three parts, and lists."""
    names = {"m": dice.integer(2, 4), "g": dice.integer(config.largest // 4, config.largest // 2)}
    keep, change, result = (
        tuple(text.format(**names) for text in dice.pick(pieces)) for pieces in (KEEP, CHANGE, RESULT)
    )
    if not config.change:
        change = ("", "x", "i")
    lists = [dice.integers(1, config.largest, 4 + index * (config.length - 4) // 9) for index in range(10)]
    inputs = [_input(numbers) for numbers in lists]

    def program(kept: str, changed: str, made: str, body: str = BODY) -> str:
        return body.replace("KEPT", kept).replace("CHANGED", changed).replace("RESULT", made)

    right = (keep[1], change[1], result[1])
    nothing = next([number] for number in range(1, config.largest) if not eval(keep[1], {"x": number, "i": 1}))
    then = f", {change[0]}" if config.change else ""
    return (
        Task(
            story=f"Of a list keep {keep[0]}{then}, and print {result[0]}. If no number is kept, print none.",
            reads=(
                f"The first line holds an integer n (1 <= n <= {config.length}), the second line n integers from 1 to "
                f"{config.largest}."
            ),
            prints="Print one integer, or the word none.",
            public=(inputs[4], inputs[6]),
            private=(_input(nothing), inputs[0], inputs[9]),
            generated=(*inputs[1:4], inputs[5], *inputs[7:9]),
            solution=program(*right),
            wrong=(
                program(keep[2], *right[1:]),
                program("True", *right[1:]),
                program(right[0], right[1], result[2]),
                *([program(right[0], change[2], right[2]), program(right[0], "x", right[2])] if config.change else []),
                program(*right, body=mutated(BODY, ' if values else "none"', "")),
                program(*right, body=mutated(BODY, "input()\nnumbers", "numbers")),
                program(*right, body=mutated(BODY, "list(map(int, input().split()))", "input().split()")),
            ),
        ),
    )


def _input(numbers: list[int]) -> str:
    return f"{len(numbers)}\n{' '.join(map(str, numbers))}\n"


FAMILY = Family(
    name="list_statistics",
    summary="keep some numbers of a list, change each, and make one number of them",
    tags=("lists", "math"),
    grades=(Config(6, 20, change=False), Config(8, 50), Config(10, 99), Config(50, 999), Config(300, 10**6)),
    draw=draw,
)
