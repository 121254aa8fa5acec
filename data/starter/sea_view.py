"""Running maxima from both ends. The traps: equal heights, and the highest house, which sees both seas."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("arrays", "implementation", "prefix sums")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A street with n houses leads across a narrow cape, from the western sea to the eastern sea. A house has
a view of the western sea if all houses west of it are lower; it has a view of the eastern sea if all
houses east of it are lower. A house of the same height blocks the view. How many houses have no view
of any sea?

Input

The first line holds an integer n (1 <= n <= 2000). The second line holds n integers, the heights of the
houses from west to east, each from 1 to 10^9.

Output

Print the number of houses without a view of a sea.

{examples}

Note

In the first example the houses of heights 3 and 6 see the western sea, those of 6, 5 and 1 the eastern
one. The house of height 2 sees neither, and the second house of height 3 neither, as a house of the
same height stands west of it.
"""

SOLUTIONS = (
    r"""
n = int(input())
houses = list(map(int, input().split()))
view = [False] * n
for order in (range(n), reversed(range(n))):
    highest = 0
    for i in order:
        if houses[i] > highest:
            view[i] = True
            highest = houses[i]
print(view.count(False))
""",
    r"""
# from the highest down: a house is blocked if others of at least its height stand on both of its sides
from itertools import groupby

n = int(input())
houses = list(map(int, input().split()))
order = sorted(range(n), key=lambda i: (-houses[i], i))
west, east, blocked = n, -1, 0
for _, group in groupby(order, key=lambda i: houses[i]):
    same = list(group)
    west, east = min(west, same[0]), max(east, same[-1])
    blocked += sum(west < i < east for i in same)
print(blocked)
""",
)

INCORRECT = (
    (  # a house of the same height does not block
        "wrong_answer",
        r"""
n = int(input())
houses = list(map(int, input().split()))
view = [False] * n
highest = 0
for i in range(n):
    if houses[i] >= highest:
        view[i] = True
        highest = houses[i]
highest = 0
for i in reversed(range(n)):
    if houses[i] >= highest:
        view[i] = True
        highest = houses[i]
print(view.count(False))
""",
    ),
    (  # the highest house is subtracted twice
        "wrong_answer",
        r"""
n = int(input())
houses = list(map(int, input().split()))
blocked = n
for street in (houses, houses[::-1]):
    highest = 0
    for house in street:
        if house > highest:
            highest = house
            blocked -= 1
print(blocked)
""",
    ),
    (  # only the western sea
        "wrong_answer",
        r"""
n = int(input())
highest = blocked = 0
for house in map(int, input().split()):
    if house > highest:
        highest = house
    else:
        blocked += 1
print(blocked)
""",
    ),
    (  # only the neighbours block
        "wrong_answer",
        r"""
n = int(input())
houses = list(map(int, input().split()))
blocked = 0
for i in range(1, n - 1):
    if houses[i - 1] >= houses[i] <= houses[i + 1]:
        blocked += 1
print(blocked)
""",
    ),
    (  # what is the highest of no houses?
        "runtime_error",
        r"""
n = int(input())
houses = list(map(int, input().split()))
blocked = 0
for i in range(n):
    if max(houses[:i]) >= houses[i] and max(houses[i + 1 :]) >= houses[i]:
        blocked += 1
print(blocked)
""",
    ),
)

PUBLIC = (
    lines(6, (3, 2, 6, 3, 5, 1)),
    lines(4, (2, 7, 7, 1)),
    lines(5, (4, 1, 4, 1, 4)),
)

# Slopes: looking at neighbours only is right until a house is lower than one that is not next to it.
PRIVATE = (
    lines(1, (5,)),
    lines(2, (5, 5)),
    lines(3, (1, 2, 3)),
    lines(3, (2, 2, 2)),
    lines(7, (9, 1, 2, 3, 2, 1, 9)),
    lines(5, (3, 1, 2, 1, 3)),
    lines(6, (10**9, 10**9 - 1, 10**9, 1, 2, 10**9 - 1)),
    lines(2000, [1] * 2000),
    lines(2000, list(range(1, 2001))),
    lines(999, [*range(500, 0, -1), *range(2, 501)]),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 3), (5, 3), (8, 5), (12, 12), (30, 10), (100, 1000), (400, 10**9), (1000, 300)):
        yield lines(n, [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 2000)
    reader.numbers(*[(1, 10**9)] * n)
    reader.end()
