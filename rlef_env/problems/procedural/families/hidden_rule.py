"""One of several listed rules: only a failing test shows which one holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.families import hidden_step
from rlef_env.problems.procedural.family import Family, FeedbackMode, knob
from rlef_env.problems.procedural.task import Task, run

__all__ = ["FAMILY", "Config"]


class Rule(NamedTuple):
    """A function of n, and of a constant a.

    Attributes:
        words: the function in the statement.
        code: the function in a program.
    """

    words: str
    code: str


RULES = (
    Rule("n plus {a}", "n + {a}"),
    Rule("n times {a}", "n * {a}"),
    Rule("n minus {a}, which may be negative", "n - {a}"),
    Rule("the square of n", "n * n"),
    Rule("n divided by {a}, rounded down", "n // {a}"),
    Rule("the remainder when n is divided by {a}", "n % {a}"),
    Rule("the sum of the decimal digits of n", "sum(map(int, str(n)))"),
    Rule("the decimal digits of n in reverse order, without leading zeros", "int(str(n)[::-1])"),
    Rule("the larger one of n and {a}", "max(n, {a})"),
    Rule("the distance between n and {a}00", "abs(n - {a}00)"),
    Rule("the sum of the integers from 1 to n", "n * (n + 1) // 2"),
    Rule("the digits of n written twice in a row", "int(str(n) * 2)"),
)
CONSTANTS = range(3, 10)
PUBLIC, HIDDEN = 2, 6


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        rules: number of rules that the statement lists.
        example: whether the statement shows a public test, which reveals the rule.
        weak: whether hidden tests only repeat the public ones, so that a program that knows their outputs passes.
    """

    rules: int = knob(6, 2, len(RULES))
    example: bool = False
    weak: bool = False


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw one task for each rule of the list; statement and inputs are the same in all."""
    rules = [
        Rule(words.format(a=a), code.format(a=a))
        for words, code in dice.distinct(RULES, config.rules)
        for a in [dice.pick(CONSTANTS)]
    ]
    programs = [program(rule.code) for rule in rules]
    inputs = _inputs(dice, programs)
    listed = "".join(f"\n{number}. {rule.words}" for number, rule in enumerate(rules, start=1))
    known = "the example shows which" if config.example else "which one is not said here"
    return tuple(
        Task(
            story=f"One of these rules holds, the same in all tests; {known}:\n{listed}",
            reads="One integer n (10 <= n <= 999).",
            prints="Print the number that the rule makes of n.",
            public=inputs[:PUBLIC],
            private=inputs[PUBLIC : PUBLIC + 3],
            generated=inputs[PUBLIC + 3 :],
            solution=right,
            wrong=(
                *(other for other in programs if other != right),
                f"print({run(right, inputs[0]).strip()})\n",
                right.replace("int(input())", "input()") + "print(n + 1)\n",
            ),
            examples=int(config.example),
            weak=config.weak,
        )
        for right in programs
    )


def program(code: str) -> str:
    """Return the program for a rule."""
    return f"n = int(input())\nprint({code})\n"


def _inputs(dice: Dice, programs: list[str]) -> tuple[str, ...]:
    """Return different numbers; on the first of them all programs print different values."""
    while True:
        numbers = [9 + number for number in hidden_step.distinct_numbers(dice, 990, PUBLIC + HIDDEN)]
        inputs = tuple(f"{number}\n" for number in numbers)
        if len({run(source, inputs[0]) for source in programs}) == len(programs):
            return inputs


def ceiling(config: Config, turns: int, feedback: FeedbackMode) -> float:
    """Return the ceiling, as for ``hidden_step``: the rule is the secret."""
    return hidden_step.ceiling(hidden_step.Config(config.rules, example=config.example), turns, feedback)


FAMILY = Family(
    name="hidden_rule",
    summary="one of several listed rules, and only a failing test shows which",
    tags=("hidden", "math"),
    grades=(Config(2), Config(4), Config(6), Config(8), Config(10)),
    draw=draw,
    ceiling=ceiling,
)
