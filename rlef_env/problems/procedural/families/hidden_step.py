"""Add a secret number: the smallest problem that only execution feedback can decide."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, FeedbackMode, knob
from rlef_env.problems.procedural.task import Task

__all__ = ["FAMILY", "Config"]

HIDDEN_TESTS = 5


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        steps: the secret is one of 1, 2, ... up to this number.
        digits: maximum number of digits of an input.
        scale: factor of n before the secret is added. With 10, the last digit of the expected output is the secret,
            so that a small model need not subtract.
        example: whether the statement shows the public test, from which the secret can be read.
        short: whether the statement has only two sentences, for models with a short context.
        weak: whether hidden tests only repeat the public ones, so that a program that knows their outputs passes.
    """

    steps: int = knob(8, 2, 99)
    digits: int = knob(2, 2, 9)
    scale: int = knob(1, 1, 100)
    example: bool = False
    short: bool = False
    weak: bool = False


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw one task for each secret; statement and inputs are the same in all."""
    numbers = distinct_numbers(dice, 10**config.digits - 1, 1 + HIDDEN_TESTS)
    inputs = tuple(f"{number}\n" for number in numbers)
    return tuple(
        Task(
            story=_story(config),
            reads=f"One integer n (1 <= n < {10**config.digits}).",
            prints=f"Print {_sum(config, 'c')}.",
            public=inputs[:1],
            private=inputs[1:3],
            generated=inputs[3:],
            solution=program(secret, config.scale),
            wrong=_wrong(secret, numbers[0], config),
            examples=int(config.example),
            brief=config.short,
            weak=config.weak,
        )
        for secret in range(1, config.steps + 1)
    )


def distinct_numbers(dice: Dice, most: int, count: int) -> list[int]:
    """Draw ``count`` different numbers from 1 to ``most``."""
    numbers: dict[int, None] = {}
    while len(numbers) < count:
        numbers[dice.integer(1, most)] = None
    return list(numbers)


def program(secret: int, scale: int = 1) -> str:
    """Return the correct program for a secret."""
    return f"n = int(input())\nprint({_sum(Config(scale=scale), secret)})\n"


def _sum(config: Config, secret: object) -> str:
    return f"n + {secret}" if config.scale == 1 else f"{config.scale} * n + {secret}"


def _story(config: Config) -> str:
    if config.short:
        return f"Read n and print {_sum(config, 'c')}. The secret c is one of 1 to {config.steps}"
    known = "The example shows which." if config.example else "Which one is not said here."
    return (
        f"There is a secret number c, the same in all tests: one of the integers 1, 2, ... up to {config.steps}. "
        f"{known} Given a number n, print {_sum(config, 'c')}."
    )


def _wrong(secret: int, shown: int, config: Config) -> tuple[str, ...]:
    others = [other for other in range(1, config.steps + 1) if other != secret]
    near = sorted(others, key=lambda other: (abs(other - secret), other))[:7]
    return (
        *(program(other, config.scale) for other in near),
        f"print({config.scale * shown + secret})\n",  # knows the public test and nothing else
        f"print(input() + {secret})\n",
    )


def ceiling(config: Config, turns: int, feedback: FeedbackMode) -> float:
    """Return the ceiling: one guess finds one of ``steps`` secrets; a failing public test shows the secret.

    Guesses add up even without information about the secret, because an episode ends with the first program that passes
    the public test; with ``feedback="none"`` it does not, and only the last program counts.
    """
    if config.example:
        return 1.0
    if feedback in ("public", "first", "private"):
        return 1.0 if turns > 1 else 1 / config.steps
    return min(turns if feedback == "random" else 1, config.steps) / config.steps


FAMILY = Family(
    name="hidden_step",
    summary="add a secret number that only a failing test shows",
    tags=("hidden", "implementation"),
    grades=(Config(2), Config(4), Config(8), Config(16), Config(32)),
    draw=draw,
    ceiling=ceiling,
)
