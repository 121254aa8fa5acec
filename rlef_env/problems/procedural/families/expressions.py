"""Expressions whose operators have an unusual precedence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
def reduce():
    b, operator, a = values.pop(), waiting.pop(), values.pop()
    values.append(a + b if operator == "+" else a - b if operator == "-" else a * b)

values, waiting = [], []
for token in input().split():
    if token == "(":
        waiting.append(token)
    elif token == ")":
        while waiting[-1] != "(":
            reduce()
        waiting.pop()
    elif token in RANK:
        while waiting and waiting[-1] != "(" and RANK[waiting[-1]] >= RANK[token] + FROM_RIGHT:
            reduce()
        waiting.append(token)
    else:
        values.append(int(token))
while waiting:
    reduce()
print(values[0] % MOD)
"""
NAMES = {"+": "addition", "-": "subtraction", "*": "multiplication"}


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        terms: maximum number of numbers in an expression.
        largest: the largest number.
        parentheses: whether there are parentheses.
    """

    terms: int = knob(8, 4, 200)
    largest: int = knob(20, 5, 10**6)
    parentheses: bool = False


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw an unusual order of the operators, and expressions."""
    tight, middle, loose = dice.pick([order for order in permutations("+-*") if order[0] != "*"])
    rank = {tight: 3, middle: 2, loose: 1}
    mod, right = dice.integer(50, 99), dice.integer(0, 1)
    side, other = ("right", "left") if right else ("left", "right")
    inputs = [_expression(dice, config, 3 + index * (config.terms - 3) // 9) for index in range(10)]

    told = [
        _joined(dice.integers(1, config.largest, 4), signs)
        for signs in (f"{loose}{tight}{middle}", f"{tight}{loose}{middle}", "---")
    ]

    def program(ranks: dict[str, int], from_right: int, body: str = BODY) -> str:
        return f"RANK, FROM_RIGHT, MOD = {ranks}, {from_right}, {mod}\n{body}"

    enclosed = " What stands in parentheses is evaluated first." if config.parentheses else ""
    return (
        Task(
            story=(
                f"In this notation {NAMES[tight]} ({tight}) binds tightest, then {NAMES[middle]} ({middle}), and "
                f"{NAMES[loose]} ({loose}) binds loosest. Several operations of the same kind in a row are done from "
                f"the {side} to the {other}.{enclosed} Evaluate an expression, and print the remainder, from 0 to "
                f"{mod - 1}, of its value divided by {mod}."
            ),
            reads=(
                f"One line: an expression of at most {config.terms} integers from 0 to {config.largest}, with all "
                "numbers, operators and parentheses separated by single spaces."
            ),
            prints="Print one integer.",
            public=(inputs[3], inputs[5]),
            private=(f"{dice.integer(0, config.largest)}\n", *told, inputs[9]),
            generated=(*inputs[:3], inputs[4], *inputs[6:9]),
            solution=program(rank, right),
            wrong=(
                f"print(eval(input()) % {mod})\n",
                program(dict.fromkeys("+-*", 1), 0),
                program(rank, 1 - right),
                program({tight: 3, middle: 1, loose: 2}, right),
                program(rank, right, mutated(BODY, "print(values[0] % MOD)", "print(values[0])")),
                program(rank, right, mutated(BODY, 'if token == "(":', 'if token == "[":')),
                program(rank, right, mutated(BODY, "in RANK:", "in RANK")),
            ),
        ),
    )


def _joined(numbers: list[int], signs: str) -> str:
    return "".join(f"{number} {sign} " for number, sign in zip(numbers, signs, strict=False)) + f"{numbers[-1]}\n"


def _expression(dice: Dice, config: Config, terms: int) -> str:
    words: list[str] = []
    opened = 0
    for term in range(terms):
        if config.parentheses and term < terms - 1 and dice.chance(30):
            words.append("(")
            opened += 1
        words.append(str(dice.integer(0, config.largest)))
        if opened and dice.chance(40) and words[-2] != "(":
            words.append(")")
            opened -= 1
        if term < terms - 1:
            words.append(dice.pick("+-*"))
    return " ".join(words + [")"] * opened) + "\n"


FAMILY = Family(
    name="expressions",
    summary="evaluate expressions whose operators bind in an unusual order",
    tags=("parsing", "stack"),
    grades=(
        Config(4, 9),
        Config(6, 20),
        Config(8, 20),
        Config(20, 99, parentheses=True),
        Config(60, 999, parentheses=True),
    ),
    draw=draw,
)
