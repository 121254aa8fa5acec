"""One of several short rules: feedback shows one input and output, and only computing decides which rule holds."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.families import hidden_step
from rlef_env.problems.procedural.families.hidden_rule import Rule, program
from rlef_env.problems.procedural.family import Family, FeedbackMode, knob
from rlef_env.problems.procedural.task import Task, run

__all__ = ["FAMILY", "RULES", "Config"]


RULES = (
    Rule("twice n", "n * 2"),
    Rule("the last digit", "n % 10"),
    Rule("the sum of the digits", "n // 10 + n % 10"),
    Rule("n with its digits swapped", "n % 10 * 10 + n // 10"),
    Rule("the first digit", "n // 10"),
    Rule("99 minus n", "99 - n"),
    Rule("the product of the digits", "n // 10 * (n % 10)"),
    Rule("n plus 1", "n + 1"),
)
INPUTS = range(10, 100)
HIDDEN_TESTS = 6


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        rules: number of rules that the statement lists.
        example: whether the statement shows the public test, which decides the rule.
        weak: whether hidden tests only repeat the public ones, so that a program that knows their outputs passes.
    """

    rules: int = knob(6, 2, len(RULES))
    example: bool = False
    weak: bool = False


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw one task for each rule; statement and inputs are the same in all.

    Splits have different inputs of public tests, so a pair of input and rule of one split is in no other.
    """
    rules = RULES[: config.rules]
    programs = [program(rule.code) for rule in rules]
    shown = dice.pick([n for n in INPUTS if _differ(programs, n)])
    others = dice.distinct([n for n in INPUTS if n != shown], HIDDEN_TESTS)
    # Somewhere hidden, too, all rules differ: no wrong one passes.
    telling = next(n for n in dice.shuffled(INPUTS) if n != shown and _differ(programs, n))
    hidden = tuple(f"{n}\n" for n in dict.fromkeys([telling, *others]))
    known = "the example shows which" if config.example else "which one is not said here"
    return tuple(
        Task(
            story=(
                "Read n, a number with two digits, and print what a rule makes of it. One rule holds in all tests, "
                f"{known}: {'; '.join(rule.words for rule in rules)}"
            ),
            reads="One integer n (10 <= n <= 99).",
            prints="Print the number that the rule makes of n.",
            public=(f"{shown}\n",),
            private=hidden[:2],
            generated=hidden[2:],
            solution=right,
            wrong=(
                *(other for other in programs if other != right),
                f"print({run(right, f'{shown}{chr(10)}').strip()})\n",  # knows the public test and nothing else
                right.replace("int(input())", "input()"),
            ),
            examples=int(config.example),
            brief=True,
            weak=config.weak,
        )
        for right in programs
    )


def _differ(programs: list[str], n: int) -> bool:
    return len({run(source, f"{n}\n") for source in programs}) == len(programs)


def ceiling(config: Config, turns: int, feedback: FeedbackMode) -> float:
    """Return the ceiling, as for ``hidden_step``: the rule is the secret."""
    return hidden_step.ceiling(hidden_step.Config(config.rules, example=config.example), turns, feedback)


FAMILY = Family(
    name="which_rule",
    summary="one of several short rules, to be found by computing what each makes of the shown input",
    tags=("hidden", "math"),
    grades=(Config(2), Config(4), Config(6), Config(7), Config(8)),
    draw=draw,
    ceiling=ceiling,
)
