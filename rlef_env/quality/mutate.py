"""New inputs out of old ones: small changes that keep an input's form, as CodeContests made its generated tests.

What must fit together is left alone: a number that counts the words of a line, the lines below it or the letters of a
word. So most mutants are valid inputs; which are, the caller finds out.
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
WORD: Final = re.compile(r"[A-Za-z]+|[01]{6,}|[^\s\w]+")  # six bits are rather bits than a number
FRUITLESS: Final = 50  # mutants in a row that were there already: the input has no more


class Ranges:
    """The least and greatest integer, and the letters, that stand at a place in any of the inputs.

    A place is the line and the position in it; both count the same beyond the third.
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
        """The least and greatest integer at a place."""
        return self._integers[min(row, 3), min(column, 3)]

    def letters(self, row: int, column: int) -> str:
        """The letters at a place."""
        return self._letters[min(row, 3), min(column, 3)]


def mutants(inputs: Sequence[str], seed: int) -> Iterator[str]:
    """Yield inputs that differ from all those given and from each other; ends when it finds no more.

    Args:
        inputs: in the form that a problem asks for.
        seed: the same one gives the same mutants.
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
    """The text of an input."""
    return "\n".join(" ".join(line) for line in lines) + "\n"


def free_places(lines: Lines) -> list[tuple[int, int]]:
    """Where a token may change without breaking the form: words, and integers that count nothing."""
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
    """Whether an integer says how many words, letters or lines there are."""
    below = len(lines) - row - 1
    repeated = below > 0 and value > 1 and below % value == 0 and row == 0
    return value == below or repeated or (value > 1 and value in counts and row < len(lines) - 1)


def nudge(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:
    """Change a token a little."""
    row, column = rng.choice(places)
    token = lines[row][column]
    if kind_of(token) == "integer":
        low, high = ranges.integers(row, column)
        lines[row][column] = str(max(low, min(high, int(token) + rng.choice((-2, -1, 1, 2)))))
    else:
        place = rng.randrange(len(token))
        lines[row][column] = token[:place] + rng.choice(ranges.letters(row, column)) + token[place + 1 :]


def redraw(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:
    """Draw a token anew from what stands at such places."""
    row, column = rng.choice(places)
    token = lines[row][column]
    if kind_of(token) == "integer":
        low, high = ranges.integers(row, column)
        lines[row][column] = str(rng.choice((low, high, rng.randint(low, high))))
    else:
        letters = ranges.letters(row, column)
        lines[row][column] = "".join(rng.choice(letters) for _ in token)


def equalise(rng: random.Random, lines: Lines, places: Sequence[tuple[int, int]], ranges: Ranges) -> None:  # noqa: ARG001
    """Make two tokens of a line the same."""
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
    """Whether both are integers, or words of one length."""
    kind = kind_of(one)
    return kind == kind_of(other) and (kind == "integer" or len(one) == len(other))


def kind_of(token: str) -> str | None:
    """What may be changed in a token; None for nothing."""
    if WORD.fullmatch(token):
        return "word"
    return "integer" if INTEGER.fullmatch(token) else None


CHANGES: Final[tuple[Change, ...]] = (nudge, redraw, equalise, exchange)
