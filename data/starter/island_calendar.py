"""From a day's number to its date. The traps: the last day of a month or year, and years too many to walk through."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("math", "implementation", "calendar")
DIFFICULTY = "easy"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
On an island, every year has the same k months, and month i always has m_i days. The islanders also
number their days from the beginning of time: day 1 is the first day of the first month of year 1.
Which date has day d?

Input

The first line holds two integers k and d (1 <= k <= 100, 1 <= d <= 10^18). The second line holds k
integers m_1 to m_k, each from 1 to 1000.

Output

Print the year, the month and the day of the month. Years, months and days are counted from 1.

{examples}

Note

In the first example a year has 35 days. Day 40 is the fifth day of year 2. In the second example day 30
is the last day of month 2, and of the year.
"""

SOLUTIONS = (
    r"""
k, d = map(int, input().split())
lengths = list(map(int, input().split()))
year, rest = divmod(d - 1, sum(lengths))
month = 0
while rest >= lengths[month]:
    rest -= lengths[month]
    month += 1
print(year + 1, month + 1, rest + 1)
""",
    r"""
# prefix sums of the months, with binary search
from bisect import bisect_left
from itertools import accumulate

k, d = map(int, input().split())
ends = list(accumulate(map(int, input().split())))
year = -(-d // ends[-1])
day = d - (year - 1) * ends[-1]
month = bisect_left(ends, day)
print(year, month + 1, day - (ends[month - 1] if month else 0))
""",
)

INCORRECT = (
    (  # the remainder of the last day of a year is 0
        "wrong_answer",
        r"""
k, d = map(int, input().split())
lengths = list(map(int, input().split()))
year = d // sum(lengths)
rest = d % sum(lengths)
month = 0
while rest > lengths[month]:
    rest -= lengths[month]
    month += 1
print(year + 1, month + 1, rest)
""",
    ),
    (  # years from 0
        "wrong_answer",
        r"""
k, d = map(int, input().split())
lengths = list(map(int, input().split()))
year, rest = divmod(d - 1, sum(lengths))
for month in range(k):
    if rest < lengths[month]:
        print(year, month + 1, rest + 1)
        break
    rest -= lengths[month]
""",
    ),
    (  # divides in floating point
        "wrong_answer",
        r"""
from math import ceil

k, d = map(int, input().split())
lengths = list(map(int, input().split()))
year = ceil(d / sum(lengths))
rest = d - (year - 1) * sum(lengths)
for month in range(k):
    if rest <= lengths[month]:
        print(year, month + 1, rest)
        break
    rest -= lengths[month]
""",
    ),
    (  # walks through the years
        "time_limit",
        r"""
k, d = map(int, input().split())
lengths = list(map(int, input().split()))
year, month = 1, 0
while d > lengths[month]:
    d -= lengths[month]
    month += 1
    if month == k:
        month = 0
        year += 1
print(year, month + 1, d)
""",
    ),
    (  # never begins a new year
        "runtime_error",
        r"""
k, d = map(int, input().split())
lengths = list(map(int, input().split()))
month = 0
while d > lengths[month]:
    d -= lengths[month]
    month += 1
print(month // k + 1, month % k + 1, d)
""",
    ),
)

PUBLIC = ("3 40\n10 20 5\n", "2 30\n14 16\n")

PRIVATE = (
    "1 1\n1\n",
    "1 7\n1\n",
    "3 10\n10 20 5\n",
    "3 11\n10 20 5\n",
    "3 35\n10 20 5\n",
    "3 36\n10 20 5\n",
    "12 365\n31 28 31 30 31 30 31 31 30 31 30 31\n",
    "12 366\n31 28 31 30 31 30 31 31 30 31 30 31\n",
    "1 1000000\n1000\n",
    "1 1000000000000000000\n1\n",
    "2 1000000000000000000\n1000 999\n",
    lines((100, 10**18 - 1), [1] * 100),
    lines((2, 500_250_125_062_531 * 1999 + 1), (1000, 999)),
    lines((100, 99_999), [1000] * 100),
)


def generated(rng: Random) -> Iterator[str]:
    for k, most, d in (
        (1, 3, 9),
        (2, 3, 12),
        (3, 4, 30),
        (5, 10, 90),
        (10, 40, 10**4),
        (30, 1000, 10**6),
        (70, 500, 10**12),
        (100, 1000, 10**18),
    ):
        yield lines((k, rng.randint(1, d)), [rng.randint(1, most) for _ in range(k)])


def validate(text: str) -> None:
    reader = Reader(text)
    k, _ = reader.numbers((1, 100), (1, 10**18))
    reader.numbers(*[(1, 1000)] * k)
    reader.end()
