"""A function that returns a list of texts. The traps: the letter that is left out, the order, another type."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import arguments, call, require

TAGS = ("functions", "strings", "implementation")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000
FUNCTION = "seat_labels"

STATEMENT = """
In a theatre the rows have the numbers 1, 2, 3 and so on. The seats of every row have the letters A, B, C
and so on in alphabetical order, but the letter I is left out, because it looks like a 1. A ticket shows
the number of the row directly followed by the letter of the seat, such as 12C.

Define a function seat_labels(rows, seats) that returns what is printed on all tickets.

Input

rows is the number of rows, seats the number of seats in each of them (1 <= rows <= 40, 1 <= seats <= 25).

Output

Return a list of strings: the tickets of row 1 from seat A on, then those of row 2, and so on.

{examples}

Note

In the second example seat H is followed by seat J.
"""

SOLUTIONS = (
    r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"[:seats]
    return [f"{row}{letter}" for row in range(1, rows + 1) for letter in letters]
""",
    r"""
def seat_labels(rows, seats):
    labels = []
    for row in range(rows):
        for seat in range(seats):
            # from the ninth seat on, one letter further
            labels.append(str(row + 1) + chr(ord("A") + seat + (seat >= 8)))
    return labels
""",
)

INCORRECT = (
    (  # there is a seat I
        "wrong_answer",
        r"""
def seat_labels(rows, seats):
    return [f"{row}{chr(65 + seat)}" for row in range(1, rows + 1) for seat in range(seats)]
""",
    ),
    (  # leaves out the seat instead of the letter
        "wrong_answer",
        r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:seats].replace("I", "")
    return [f"{row}{letter}" for row in range(1, rows + 1) for letter in letters]
""",
    ),
    (  # seat by seat instead of row by row
        "wrong_answer",
        r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"[:seats]
    return [f"{row}{letter}" for letter in letters for row in range(1, rows + 1)]
""",
    ),
    (  # one text instead of a list
        "wrong_answer",
        r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"[:seats]
    return " ".join(f"{row}{letter}" for row in range(1, rows + 1) for letter in letters)
""",
    ),
    (  # sorts the tickets as words: 10A before 2A
        "wrong_answer",
        r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"[:seats]
    return sorted(f"{row}{letter}" for row in range(1, rows + 1) for letter in letters)
""",
    ),
    (  # a number plus a letter
        "runtime_error",
        r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"[:seats]
    return [row + letter for row in range(1, rows + 1) for letter in letters]
""",
    ),
    (  # counts the letters from 1
        "wrong_answer",
        r"""
def seat_labels(rows, seats):
    letters = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
    return [f"{row}{letters[seat]}" for row in range(1, rows + 1) for seat in range(1, seats + 1)]
""",
    ),
)

PUBLIC = (
    call(FUNCTION, 2, 3),
    call(FUNCTION, 1, 10),
)

PRIVATE = (
    call(FUNCTION, 1, 1),
    call(FUNCTION, 1, 8),
    call(FUNCTION, 1, 9),
    call(FUNCTION, 3, 1),
    call(FUNCTION, 9, 2),
    call(FUNCTION, 10, 2),
    call(FUNCTION, 1, 25),
    call(FUNCTION, 40, 1),
    call(FUNCTION, 40, 25),
)


def generated(rng: Random) -> Iterator[str]:
    for least in (2, 4, 6, 8, 11, 14, 17, 20):
        yield call(FUNCTION, least + rng.randint(0, 1), rng.randint(2, 25))


def validate(text: str) -> None:
    values = arguments(text, FUNCTION)
    require(len(values) == 2 and all(type(value) is int for value in values), "two integers")
    require(1 <= values[0] <= 40 and 1 <= values[1] <= 25, "1 to 40 rows of 1 to 25 seats")
