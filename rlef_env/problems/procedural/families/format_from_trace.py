"""A mark that separates two words: a program with another mark raises an exception, and no expected output is shown."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.families import hidden_step
from rlef_env.problems.procedural.family import Family, FeedbackMode, knob
from rlef_env.problems.procedural.task import Task

__all__ = ["FAMILY", "MARKS", "Config"]

MARKS = ",;:|/-+="
CONSONANTS, VOWELS = "bdfgklmnprst", "aeiou"
HIDDEN_TESTS = 5


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        marks: number of marks that the statement lists.
        slow: whether the wrong programs include one that waits for another mark until its time is over.
        example: whether the statement shows the public test.
    """

    marks: int = knob(8, 2, len(MARKS))
    slow: bool = False
    example: bool = False


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw one task for each mark. The statement and the hidden inputs are the same in all.

    The public input has the right mark only, so a program with another mark fails on it. A hidden input has every mark
    once, so no program can find out there which mark is right.
    """
    marks = MARKS[: config.marks]
    first, second = _words(dice, 2)
    hidden = tuple(_mixed(dice, marks) for _ in range(HIDDEN_TESTS))
    known = "the example shows which" if config.example else "which one is not said here"
    return tuple(
        Task(
            story=(
                "Read a line of two words with a mark between them and print the second word. The mark is one of "
                f"{' '.join(marks)} and the same in all tests, {known}. The words may contain the other marks"
            ),
            reads="One line.",
            prints="Print the second word.",
            public=(f"{first}{mark}{second}\n",),
            private=hidden[:2],
            generated=hidden[2:],
            solution=program(mark),
            wrong=(
                *(program(other) for other in marks if other != mark),
                f"print('{second}')\n",  # knows the public test and nothing else
                program(mark).replace("[1]", "[0]"),
            ),
            endless=(_waiting(next(other for other in marks if other != mark)),) if config.slow else (),
            examples=int(config.example),
            brief=True,
            split_by=f"{first} {second}",
        )
        for mark in marks
    )


def program(mark: str) -> str:
    """Return the correct program for a mark."""
    return f"print(input().split('{mark}')[1])\n"


def _waiting(mark: str) -> str:
    return f"line = input()\nwhile '{mark}' not in line:\n    pass\nprint(line.split('{mark}')[1])\n"


def _words(dice: Dice, count: int) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < count:
        words[dice.pick(CONSONANTS) + dice.pick(VOWELS) + dice.pick(CONSONANTS)] = None
    return list(words)


def _mixed(dice: Dice, marks: str) -> str:
    """Return a line with each mark once, in random order, and a word before, between and after them."""
    words = _words(dice, len(marks) + 1)
    return words[0] + "".join(mark + word for mark, word in zip(dice.shuffled(marks), words[1:], strict=True)) + "\n"


def ceiling(config: Config, turns: int, feedback: FeedbackMode) -> float:
    """Return the ceiling, as for ``hidden_step``: the mark is the secret.

    A program that takes whichever mark the line has passes the public test and ends the episode; it is a guess.
    """
    return hidden_step.ceiling(hidden_step.Config(config.marks, example=config.example), turns, feedback)


FAMILY = Family(
    name="format_from_trace",
    summary="a separator that only the failure of a program shows, without an expected output",
    tags=("hidden", "strings"),
    grades=(Config(2), Config(4), Config(8), Config(6, slow=True), Config(8, slow=True)),
    draw=draw,
    ceiling=ceiling,
)
