"""The smallest sum of k neighbours. The traps: sums of either sign, the earliest among equals, counting from 1."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("sliding window", "prefix sums")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A weather station wrote down the temperature of n days in a row. For a report it wants to know the k
days in a row with the smallest sum of temperatures. If there are several such stretches of k days, the
report names the earliest one.

Input

The first line holds two integers n and k (1 <= k <= n <= 2000). The second line holds n integers, the
temperatures of day 1 to day n, each from -60 to 60.

Output

Print two integers: the number of the first of the k days, and the sum of their temperatures.

{examples}

Note

In the first example days 2, 3 and 4 have the sum 7 + 5 + 6 = 18. In the second example the days 1 and
2 are as cold as the days 3 and 4, and come first.
"""

SOLUTIONS = (
    r"""
# move a window of k days
n, k = map(int, input().split())
days = list(map(int, input().split()))
total = sum(days[:k])
best, first = total, 1
for i in range(k, n):
    total += days[i] - days[i - k]
    if total < best:
        best, first = total, i - k + 2
print(first, best)
""",
    r"""
# differences of prefix sums
from itertools import accumulate

n, k = map(int, input().split())
before = [0, *accumulate(map(int, input().split()))]
best, first = min((before[i + k] - before[i], i + 1) for i in range(n - k + 1))
print(first, best)
""",
)

INCORRECT = (
    (  # counts the days from 0
        "wrong_answer",
        r"""
n, k = map(int, input().split())
days = list(map(int, input().split()))
best, first = min((sum(days[i : i + k]), i) for i in range(n - k + 1))
print(first, best)
""",
    ),
    (  # nothing is colder than its first guess of 0
        "wrong_answer",
        r"""
n, k = map(int, input().split())
days = list(map(int, input().split()))
best, first = 0, 1
for i in range(n - k + 1):
    total = sum(days[i : i + k])
    if total < best:
        best, first = total, i + 1
print(first, best)
""",
    ),
    (  # the last among equals
        "wrong_answer",
        r"""
n, k = map(int, input().split())
days = list(map(int, input().split()))
best, first = 10**9, 1
for i in range(n - k + 1):
    total = sum(days[i : i + k])
    if total <= best:
        best, first = total, i + 1
print(first, best)
""",
    ),
    (  # leaves out the last stretch
        "wrong_answer",
        r"""
n, k = map(int, input().split())
days = list(map(int, input().split()))
best, first = sum(days[:k]), 1
for i in range(n - k):
    total = sum(days[i : i + k])
    if total < best:
        best, first = total, i + 1
print(first, best)
""",
    ),
    (  # the window runs off the end
        "runtime_error",
        r"""
n, k = map(int, input().split())
days = list(map(int, input().split()))
total = sum(days[:k])
best, first = total, 1
for i in range(n):
    if total < best:
        best, first = total, i + 1
    total += days[i + k] - days[i]
print(first, best)
""",
    ),
    (  # a bracket too many
        "compile_error",
        r"""
n, k = map(int, input().split())
days = list(map(int, input().split())))
best, first = min((sum(days[i : i + k]), i + 1) for i in range(n - k + 1))
print(first, best)
""",
    ),
)

PUBLIC = (
    lines((6, 3), (9, 7, 5, 6, 8, 8)),
    lines((5, 2), (-3, 1, 1, -3, 4)),
)

PRIVATE = (
    lines((1, 1), (0,)),
    lines((1, 1), (-60,)),
    lines((3, 3), (10, -20, 30)),
    lines((4, 2), (9, 8, 7, 6)),
    lines((5, 1), (3, -1, 2, -1, 0)),
    lines((6, 2), (0, 0, 0, 0, 0, 0)),
    lines((5, 2), (60, 60, 60, 60, 59)),
    lines((2000, 1000), [-60] * 1000 + [-59] * 1000),
    lines((2000, 2000), [60] * 2000),
)


def generated(rng: Random) -> Iterator[str]:
    for n, most in ((3, 5), (5, 2), (8, 60), (13, 3), (40, 60), (100, 1), (500, 60), (1500, 20)):
        yield lines((n, rng.randint(1, n)), [rng.randint(-most, most) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n, k = reader.numbers((1, 2000), (1, 2000))
    require(k <= n, "k <= n")
    reader.numbers(*[(-60, 60)] * n)
    reader.end()
