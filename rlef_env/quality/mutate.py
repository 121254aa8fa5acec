"""Make new inputs from old ones by small changes that keep an input's form, as CodeContests made its generated tests.

Values that must agree are not changed: a number that counts the words of a line, the lines below it or the letters of a
word. Therefore most mutants are valid inputs; the caller determines which.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

__all__ = ["mutants"]

Lines: TypeAlias = list[list[str]]
Change: TypeAlias = Callable[[random.Random, Lines, Sequence[tuple[int, int]], "Ranges"], None]

INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
WORD: Final = re.compile(r"[A-Za-z]+|[01]{6,}|[^\s\w]+")  # six binary digits are rather a bit string than a number
FRUITLESS: Final = 50  # repeated mutants in a row after which an input is exhausted


class Ranges:
    """Smallest and largest integer, and the letters, at a place in any of the inputs.

    A place is the line and the position in it; all lines and positions beyond the third count as one.
    """

    def __init__(self, inputs: Sequence[Lines]) -> None:
        self._integers: dict[tuple[int, int], tuple[int, int]] = {}
        self._letters: dict[tuple[int, int], str] = {}
        for lines in inputs:
            for row, line in enumerate(lines):
                for column, token in enumerate(line):
                    place = (min(row, 3), min(column, 3))
                    if kind_of(token) == "integer":
                        low, high = self._integers.get(place, (int(token), int(token)))
                        self._integers[place] = (min(low, int(token)), max(high, int(token)))
                    elif kind_of(token) == "word":
                        self._letters[place] = "".join(sorted(set(self._letters.get(place, "")) | set(token)))

    def integers(self, row: int, column: int) -> tuple[int, int]:
        """Return the smallest and largest integer at a place."""
        return self._integers[min(row, 3), min(column, 3)]

    def letters(self, row: int, column: int) -> str:
        """Return the letters at a place."""
        return self._letters[min(row, 3), min(column, 3)]


def mutants(inputs: Sequence[str], seed: int) -> Iterator[str]:
    """Yield inputs that differ from all given ones and from each other, until no more are found.

    Args:
        inputs: inputs of a problem.
        seed: the seed; the same seed gives the same mutants.
    """
    rng = random.Random(seed)
    parsed = [[line.split() for line in text.strip("\n").split("\n")] for text in inputs]
    ranges = Ranges(parsed)
    seen = {written(lines) for lines in parsed}
    fruitless = 0
    while parsed and fruitless < FRUITLESS:
        lines = [list(line) for line in rng.choice(parsed)]
        for _ in range(rng.choice((1, 1, 2, 3))):
            places = free_places(lines)
            if places:
                rng.choice(CHANGES)(rng, lines, places, ranges)
        text = written(lines)
        fruitless += 1
        if text not in seen:
            seen.add(text)
            fruitless = 0
            yield text


def written(lines: Lines) -> str:
    """Return the text of an input."""
    return "\n".join(" ".join(line) for line in lines) + "\n"


def free_places(lines: Lines) -> list[tuple[int, int]]:
    """Return the places of tokens that may change without breaking the form: words, and integers that count nothing."""
    counts = {len(line) for line in lines} | {
        len(token) for line in lines for token in line if kind_of(token) == "word"
    }
    found = []
    for row, line in enumerate(lines):
        for column, token in enumerate(line):
            counting = kind_of(token) == "integer" and counts_something(int(token), row, lines, counts)
            if kind_of(token) is not None and not counting:
                found.append((row, column))
    return found


def counts_something(value: int, row: int, lines: Lines, counts: set[int]) -> bool:
    """Return whether an integer is the number of words, letters or lines."""
    below = len(lines) - row - 1
    repeated = below > 0 and value > 1 and below % value == 0 and row == 0
    return value == below or repeated or (value > 1 and value in counts and row < len(lines) - 1)


def nudge(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:
    """Change a token slightly."""
    row, column = rng.choice(places)
    token = lines[row][column]
    if kind_of(token) == "integer":
        low, high = ranges.integers(row, column)
        lines[row][column] = str(max(low, min(high, int(token) + rng.choice((-2, -1, 1, 2)))))
    else:
        place = rng.randrange(len(token))
        lines[row][column] = token[:place] + rng.choice(ranges.letters(row, column)) + token[place + 1 :]


def redraw(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:
    """Draw a token again from the values at its place."""
    row, column = rng.choice(places)
    token = lines[row][column]
    if kind_of(token) == "integer":
        low, high = ranges.integers(row, column)
        lines[row][column] = str(rng.choice((low, high, rng.randint(low, high))))
    else:
        letters = ranges.letters(row, column)
        lines[row][column] = "".join(rng.choice(letters) for _ in token)


def equalise(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:  # noqa: ARG001
    """Make two tokens of a line equal."""
    row, column = rng.choice(places)
    others = [other for line, other in places if line == row and same_kind(lines[row][other], lines[row][column])]
    lines[row][rng.choice(others)] = lines[row][column]


def exchange(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:  # noqa: ARG001
    """Exchange two tokens of a line."""
    row, column = rng.choice(places)
    others = [other for line, other in places if line == row and same_kind(lines[row][other], lines[row][column])]
    other = rng.choice(others)
    lines[row][column], lines[row][other] = lines[row][other], lines[row][column]


def same_kind(one: str, other: str) -> bool:
    """Return whether both are integers, or words of the same length."""
    kind = kind_of(one)
    return kind == kind_of(other) and (kind == "integer" or len(one) == len(other))


def kind_of(token: str) -> str | None:
    """Return the kind of a token that may change, ``"word"`` or ``"integer"``; else None."""
    if WORD.fullmatch(token):
        return "word"
    return "integer" if INTEGER.fullmatch(token) else None


CHANGES: Final[tuple[Change, ...]] = (nudge, redraw, equalise, exchange)
