"""A function over a row of days. The traps: the cap, the break, printing instead of returning, state between calls."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import arguments, call, require

TAGS = ("functions", "simulation", "arrays")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000
FUNCTION = "streak_points"

STATEMENT = """
An app gives points to people who practise the piano. The first day of practice earns 1 point, and every
further day that follows without a break earns one point more than the day before it, but never more than
7. A day without practice earns nothing, and after it the next day of practice earns 1 point again.

Define a function streak_points(days) that returns the number of points earned in all.

Input

days is a list of at most 1000 truth values, one for each day in order: True where there was practice on
that day, False where there was none. It may be empty.

Output

Return an integer.

{examples}

Note

In the first example the days earn 1 + 2 + 0 + 1 points. In the second example nothing is earned after
False. The function may be called several times in one run of the program.
"""

SOLUTIONS = (
    r"""
def streak_points(days):
    points = streak = 0
    for practised in days:
        streak = streak + 1 if practised else 0
        points += min(streak, 7)
    return points
""",
    r"""
from itertools import groupby


def streak_points(days):
    points = 0
    for practised, row in groupby(days):
        if practised:
            length = len(list(row))
            short = min(length, 7)
            points += short * (short + 1) // 2 + 7 * (length - short)
    return points
""",
)

INCORRECT = (
    (  # prints instead of returning
        "wrong_answer",
        r"""
def streak_points(days):
    points = streak = 0
    for practised in days:
        streak = streak + 1 if practised else 0
        points += min(streak, 7)
    print(points)
""",
    ),
    (  # goes on with the points of the last call
        "wrong_answer",
        r"""
points = 0


def streak_points(days):
    global points
    streak = 0
    for practised in days:
        streak = streak + 1 if practised else 0
        points += min(streak, 7)
    return points
""",
    ),
    (  # a break does not end the streak
        "wrong_answer",
        r"""
def streak_points(days):
    points = streak = 0
    for practised in days:
        if practised:
            streak += 1
            points += min(streak, 7)
    return points
""",
    ),
    (  # no end to the rise
        "wrong_answer",
        r"""
def streak_points(days):
    points = streak = 0
    for practised in days:
        streak = streak + 1 if practised else 0
        points += streak
    return points
""",
    ),
    (  # a streak that lasts to the end is not counted
        "wrong_answer",
        r"""
def streak_points(days):
    points = streak = 0
    for practised in days:
        if practised:
            streak += 1
        else:
            points += sum(min(day, 7) for day in range(1, streak + 1))
            streak = 0
    return points
""",
    ),
    (  # asks for a day before the first
        "runtime_error",
        r"""
def streak_points(days):
    earned = [int(days[0])]
    for practised in days[1:]:
        earned.append(min(earned[-1] + 1, 7) if practised else 0)
    return sum(earned)
""",
    ),
    (  # another name
        "runtime_error",
        r"""
def points(days):
    total = streak = 0
    for practised in days:
        streak = streak + 1 if practised else 0
        total += min(streak, 7)
    return total
""",
    ),
)

PUBLIC = (
    call(FUNCTION, [True, True, False, True]),
    call(FUNCTION, [True, False, False]),
)

PRIVATE = (
    call(FUNCTION, []),
    call(FUNCTION, [False]),
    call(FUNCTION, [True]),
    call(FUNCTION, [True] * 7),
    call(FUNCTION, [True] * 8),
    call(FUNCTION, [True] * 9 + [False] + [True] * 3),
    call(FUNCTION, [False] * 20),
    call(FUNCTION, [False, True] * 30),
    call(FUNCTION, [True] * 400),
)


def generated(rng: Random) -> Iterator[str]:
    for n, share in ((3, 0.6), (6, 0.6), (10, 0.8), (20, 0.9), (40, 0.95), (80, 0.5), (150, 0.9), (300, 0.97)):
        yield call(FUNCTION, [rng.random() < share for _ in range(n)])


def validate(text: str) -> None:
    values = arguments(text, FUNCTION)
    require(len(values) == 1 and isinstance(values[0], list) and len(values[0]) <= 1000, "one list of at most 1000")
    require(all(isinstance(day, bool) for day in values[0]), "truth values")
