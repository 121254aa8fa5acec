"""Numbers sorted by unusual keys."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
n = int(input())
numbers = list(map(int, input().split()))
numbers.sort(key=lambda x: (KEYS))
print(*numbers)
"""
KEYS = (
    ("the digit sum", "sum(map(int, str(x)))"),
    ("the last digit", "(x % 10)"),
    ("the number of digits", "len(str(x))"),
    ("the first digit", "int(str(x)[0])"),
    ("the remainder after division by {m}", "(x % {m})"),
    ("the largest digit", "max(map(int, str(x)))"),
)


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        length: maximum number of numbers.
        largest: the largest number.
        keys: number of keys before the number itself.
    """

    length: int = knob(10, 6, 1000)
    largest: int = knob(999, 99, 10**9)
    keys: int = knob(2, 1, 4)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw keys and their directions, and lists."""
    modulus = dice.integer(3, 7)
    keys = [(words.format(m=modulus), code.format(m=modulus)) for words, code in dice.distinct(KEYS, config.keys)]
    signs = [dice.pick(("", "-")) for _ in range(config.keys + 1)]
    codes = [sign + code for sign, code in zip(signs, [*(code for _, code in keys), "x"], strict=True)]
    inputs = [_input(dice, config, 4 + index * (config.length - 4) // 9) for index in range(10)]

    def program(parts: list[str], body: str = BODY) -> str:
        return body.replace("KEYS", "".join(f"{part}, " for part in parts).strip())

    first, *others = (f"{words}, {_direction(sign)}" for (words, _), sign in zip(keys, signs, strict=False))
    then = "".join(f"; where these are equal, by {other}" for other in others)
    return (
        Task(
            story=(
                f"Sort integers by {first}{then}; where all of that is equal, by the number itself, "
                f"{_direction(signs[-1])}."
            ),
            reads=(
                f"The first line holds an integer n (1 <= n <= {config.length}), the second line n integers from 1 to "
                f"{config.largest}."
            ),
            prints="Print the integers in this order, separated by spaces.",
            public=(inputs[4], inputs[6]),
            private=(_input(dice, config, 1), inputs[0], inputs[9]),
            generated=(*inputs[1:4], inputs[5], *inputs[7:9]),
            solution=program(codes),
            wrong=(
                program([f"-({codes[0]})", *codes[1:]]),
                program([*codes[:-1], f"-({codes[-1]})"]),
                program(codes[1:]),
                program([codes[-1]]),
                program(codes, mutated(BODY, "list(map(int, input().split()))", "input().split()")),
                program(codes, mutated(BODY, "print(*numbers)", "print(numbers)")),
                program(codes, mutated(BODY, "numbers = list(map(int, input().split()))", _BY_LINES)),
            ),
        ),
    )


_BY_LINES = "numbers = [int(input()) for _ in range(n)]"


def _direction(sign: str) -> str:
    return "largest first" if sign else "smallest first"


def _input(dice: Dice, config: Config, length: int) -> str:
    numbers: list[int] = []
    while len(numbers) < length:
        numbers.append(dice.integer(1, config.largest))
        if numbers and dice.chance(50):  # one with the same digits, which ties on most keys
            numbers.append(int("".join(dice.shuffled(str(numbers[-1])))))
    kept = [max(number, 1) for number in numbers[:length]]
    return f"{length}\n{' '.join(map(str, kept))}\n"


FAMILY = Family(
    name="sorting",
    summary="sort numbers by digit sum, last digit and other keys",
    tags=("sorting",),
    grades=(Config(6, 99, 1), Config(8, 999, 1), Config(10, 999, 2), Config(50, 99_999, 3), Config(100, 10**9, 4)),
    draw=draw,
)
