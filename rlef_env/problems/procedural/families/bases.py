"""Sums of numbers in one base, written in another one, with letters as digits."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
total = 0
for word in input().split():
    value = 0
    for digit in word:
        value = value * FROM + DIGITS.index(digit)
    total += value
result = ""
while total or not result:
    result = DIGITS[total % TO] + result
    total //= TO
print(result)
"""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        base: the largest base.
        digits: maximum number of digits of a number.
        numbers: maximum number of numbers.
    """

    base: int = knob(9, 4, 26)
    digits: int = knob(5, 3, 200)
    numbers: int = knob(3, 2, 100)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw two bases, the letters that serve as digits, and sums."""
    source, target = dice.distinct(range(2, config.base + 1), 2)
    digits = "".join(dice.distinct(LETTERS, max(source, target)))
    inputs = []
    for index in range(10):
        count, most = (1 + index * (top - 1) // 9 for top in (config.numbers, config.digits))
        inputs.append(" ".join(_number(dice, digits[:source], dice.integer(1, most)) for _ in range(count)) + "\n")

    def program(body: str = BODY, first: int = source, second: int = target, letters: str = digits) -> str:
        return f"FROM, TO, DIGITS = {first}, {second}, {letters!r}\n{body}"

    return (
        Task(
            story=(
                f"In this country digits are letters: {', '.join(digits)} stand for 0 to {len(digits) - 1}, in this "
                f"order. Numbers are given in base {source}; print their sum in base {target}, without leading zeros. "
                f"Zero itself is {digits[0]}."
            ),
            reads=(
                f"One line: 1 to {config.numbers} numbers, separated by spaces, each of 1 to {config.digits} letters "
                f"out of {digits[:source]}."
            ),
            prints="Print one number.",
            public=(inputs[5], inputs[7]),
            private=(f"{digits[0]}\n", f"{digits[1]} {digits[0]}\n", f"{digits[source - 1] * config.digits}\n"),
            generated=(*inputs[:5], inputs[6], *inputs[8:]),
            solution=program(),
            wrong=(
                program(first=target),
                program(second=source),
                program(letters="".join(sorted(digits))),
                program(mutated(BODY, "while total or not result:", "while total:")),
                program(mutated(BODY, "DIGITS[total % TO] + result", "result + DIGITS[total % TO]")),
                program(mutated(BODY, "total += value", "total = value")),
                program(mutated(BODY, "value * FROM + DIGITS.index(digit)", "int(word, FROM)")),
                program(mutated(BODY, "print(result)", "print(result")),
            ),
            endless=(program(mutated(BODY, "total //= TO", "total = -(-total // TO)")),),
        ),
    )


def _number(dice: Dice, digits: str, length: int) -> str:
    return "".join([dice.pick(digits[1:]), *dice.picks(digits, length - 1)])


FAMILY = Family(
    name="bases",
    summary="add numbers of one base and print the sum in another, with letters as digits",
    tags=("number bases", "math"),
    grades=(Config(4, 3, 2), Config(6, 4, 2), Config(9, 5, 3), Config(16, 20, 8), Config(26, 60, 30)),
    draw=draw,
)
