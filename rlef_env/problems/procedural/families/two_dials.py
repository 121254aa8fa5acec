"""Two secret numbers of which each failing test shows one: what is right must be kept while the other is changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.families.hidden_step import distinct_numbers
from rlef_env.problems.procedural.family import Family, FeedbackMode, knob
from rlef_env.problems.procedural.task import Task

__all__ = ["FAMILY", "Config", "pairs"]

LARGEST = 99
HIDDEN_TESTS = 4


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        factors: the first secret, a, is one of 1, 2, ... up to this number.
        terms: the second secret, b, is one of so many numbers from 0.
        part: 0: all pairs of secrets; 1: the two thirds of them that are for training; 2: the third that is held out,
            in which each number occurs, but in other pairs.
        example: whether the statement shows the two public tests.
        weak: whether hidden tests only repeat the public ones, so that a program that knows their outputs passes.
    """

    factors: int = knob(4, 3, 9)
    terms: int = knob(8, 3, 9)
    part: int = knob(0, 0, 2)
    example: bool = False
    weak: bool = False


def pairs(config: Config) -> list[tuple[int, int]]:
    """Return all pairs of secrets (a, b) of a configuration."""
    every = [(a, b) for a in range(1, config.factors + 1) for b in range(config.terms)]
    return [(a, b) for a, b in every if not config.part or ((a - b) % 3 == 0) == (config.part == 2)]


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw one task for each pair of secrets; statement and inputs are the same in all."""
    numbers = distinct_numbers(dice, LARGEST, 2 + HIDDEN_TESTS)
    inputs = tuple(
        f"{x} {n}\n" for x, n in zip(numbers, [1, 0, *dice.distinct(range(2, 10), HIDDEN_TESTS)], strict=True)
    )
    known = "The examples show them" if config.example else "They are not said here"
    return tuple(
        Task(
            story=(
                "Read x and n and print 100 * x + a * n + b. Two numbers are secret, the same in all tests: a is one "
                f"of 1 to {config.factors}, b is one of 0 to {config.terms - 1}. {known}"
            ),
            reads=f"Two integers x and n (1 <= x <= {LARGEST}, 0 <= n <= 9).",
            prints="Print 100 * x + a * n + b.",
            public=inputs[:2],
            private=inputs[2:4],
            generated=inputs[4:],
            solution=program(a, b),
            wrong=_wrong(a, b, config),
            examples=2 * config.example,
            brief=True,
            weak=config.weak,
        )
        for a, b in pairs(config)
    )


def program(a: int, b: int) -> str:
    """Return the correct program for two secrets."""
    return f"x, n = map(int, input().split())\nprint(100 * x + {a} * n + {b})\n"


def _wrong(a: int, b: int, config: Config) -> tuple[str, ...]:
    other_a, other_b = a % config.factors + 1, (b + 1) % config.terms
    return (
        program(other_a, b),
        program(a, other_b),
        program(other_a, other_b),
        *(program(a + change, b - change) for change in (1, -1) if a + change > 0 and b >= change),  # the same sum
        "x, n = map(int, input().split())\nprint(100 * x)\n",
        program(a, b).replace("map(int, input().split())", "input().split()"),
    )


def ceiling(config: Config, turns: int, feedback: FeedbackMode) -> float:
    """Return the ceiling.

    The public tests have n = 1, which shows a + b, and n = 0, which shows b. With ``"first"`` only the first failing
    one is shown. So after one failure a + b is known, and b after the failure of a program with the right sum. In two
    turns the best first program has the most frequent sum: then all pairs of that sum are solved, and one of each
    other sum.
    """
    secrets = pairs(config)
    sums = Counter(a + b for a, b in secrets)
    if config.example:
        return 1.0
    if feedback in ("random", "none") or turns == 1:
        return min(turns if feedback == "random" else 1, len(secrets)) / len(secrets)
    if feedback == "first" and turns == 2:
        return (max(sums.values()) + len(sums) - 1) / len(secrets)
    return 1.0


FAMILY = Family(
    name="two_dials",
    summary="two secret numbers, each shown by another failing test",
    tags=("hidden", "implementation"),
    grades=(Config(3, 3), Config(3, 5), Config(4, 8), Config(6, 9), Config(9, 9)),
    draw=draw,
    ceiling=ceiling,
)
