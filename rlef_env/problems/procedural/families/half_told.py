"""A statement that tells half in half of the problems, and feedback that helps without deciding in the others."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.families.hidden_step import distinct_numbers
from rlef_env.problems.procedural.family import Family, FeedbackMode, knob
from rlef_env.problems.procedural.task import Task

__all__ = ["FAMILY", "Config"]

LARGEST = 99
HIDDEN_TESTS = 4


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        constants: the secret c is one of 1, 2, ... up to this number.
        told: number of formulas that the statement names in half of the problems, one of which holds.
        example: whether the statement shows the public test.
    """

    constants: int = knob(4, 2, 9)
    told: int = knob(2, 2, 9)
    example: bool = False


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw one task for each formula that the statement leaves open; statement and inputs are the same in all.

    The public test has m = 1, on which c and c * m agree, so it shows c only. The formulas that a statement names
    differ in c, so there the public test decides.
    """
    numbers = distinct_numbers(dice, LARGEST, 1 + HIDDEN_TESTS)
    factors = [1, *dice.distinct(range(2, 10), HIDDEN_TESTS)]
    inputs = tuple(f"{n} {m}\n" for n, m in zip(numbers, factors, strict=True))
    constants = range(1, config.constants + 1)
    known = "The example shows something of it" if config.example else "Which one is not said here"
    if dice.chance(50):
        chosen = dice.distinct(constants, min(config.told, config.constants))
        formulas = [formula(c, dice.chance(50)) for c in chosen]
        choice = " or ".join(formulas)
    else:
        formulas = [formula(c, times) for c in constants for times in (False, True)]
        choice = f"100 * n + c or 100 * n + c * m, where c is one of 1 to {config.constants}"
    return tuple(
        Task(
            story=f"Read n and m and print {choice}. One formula holds in all tests. {known}",
            reads=f"Two integers n and m (1 <= n <= {LARGEST}, 1 <= m <= 9).",
            prints="Print the value of the formula.",
            public=inputs[:1],
            private=inputs[1:3],
            generated=inputs[3:],
            solution=program(right),
            wrong=(
                *(program(other) for other in formulas if other != right),
                "n, m = map(int, input().split())\nprint(100 * n)\n",
                program(right).replace("map(int, input().split())", "input().split()"),
            ),
            examples=int(config.example),
            brief=True,
        )
        for right in formulas
    )


def formula(c: int, times: bool) -> str:
    """Return 100 * n plus a constant, or plus the constant times m."""
    return f"100 * n + {c} * m" if times else f"100 * n + {c}"


def program(formula: str) -> str:
    """Return the program that prints a formula."""
    return f"n, m = map(int, input().split())\nprint({formula})\n"


def ceiling(config: Config, turns: int, feedback: FeedbackMode) -> float:
    """Return the ceiling: the mean over problems whose statement names formulas, and the others.

    Where it names them, they are the secret of a ``hidden_step``. Elsewhere feedback shows c, and whether c is
    multiplied remains a guess, of which there is one: a program with the right c passes the public test and ends the
    episode. Hidden tests as feedback show both.
    """
    constants, told = config.constants, min(config.told, config.constants)
    tries = turns if feedback == "random" else 1
    if feedback == "private" and turns > 1:
        return 1.0
    if config.example or (feedback in ("public", "first") and turns > 1):
        return (1.0 + 0.5) / 2
    return (min(tries, told) / told + min(tries, constants) / constants / 2) / 2


FAMILY = Family(
    name="half_told",
    summary="the statement tells half of the time, and feedback helps without deciding otherwise",
    tags=("hidden", "implementation"),
    grades=(Config(2, 2), Config(3, 2), Config(4, 2), Config(6, 3), Config(9, 4)),
    draw=draw,
    ceiling=ceiling,
)
