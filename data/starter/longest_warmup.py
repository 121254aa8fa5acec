"""Longest strictly rising run. The traps: the run that ends with the list, equal neighbours, a list of one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("two pointers", "implementation")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A weather station writes down the temperature at every full hour. A *warm-up* is a stretch of
consecutive records in which every record is strictly higher than the one before it. A single
record is a warm-up too.

Find the longest warm-up; if several are equally long, the earliest of them.

Input

The first line holds an integer n, the number of records (1 <= n <= 5000). The second line holds the
n records in order, integers from -60 to 60.

Output

Print two integers: the number of records in the longest warm-up, and the position of its first
record. Positions are counted from 1.

{examples}

Note

In the first example the warm-up -2, 0, 5 begins at position 3. In the second example 4, 4 is not a
warm-up because the second record is not higher.
"""

SOLUTIONS = (
    r"""
n = int(input())
records = list(map(int, input().split()))
best, at, start = 1, 1, 0
for i in range(1, n):
    if records[i] <= records[i - 1]:
        start = i
    if i - start + 1 > best:
        best, at = i - start + 1, start + 1
print(best, at)
""",
    r"""
# cut the list where it does not rise; the pieces are the warm-ups that cannot be made longer
n = int(input())
records = list(map(int, input().split()))
cuts = [0] + [i for i in range(1, n) if records[i] <= records[i - 1]] + [n]
length, minus_start = max((b - a, -a) for a, b in zip(cuts, cuts[1:]))
print(length, 1 - minus_start)
""",
)

INCORRECT = (
    (  # only looks at a run when it is over: misses the one that ends with the list
        "wrong_answer",
        r"""
n = int(input())
records = list(map(int, input().split()))
best, at, start = 1, 1, 0
for i in range(1, n):
    if records[i] <= records[i - 1]:
        if i - start > best:
            best, at = i - start, start + 1
        start = i
print(best, at)
""",
    ),
    (  # equal records count as rising
        "wrong_answer",
        r"""
n = int(input())
records = list(map(int, input().split()))
best, at, start = 1, 1, 0
for i in range(1, n):
    if records[i] < records[i - 1]:
        start = i
    if i - start + 1 > best:
        best, at = i - start + 1, start + 1
print(best, at)
""",
    ),
    (  # takes the last of several longest
        "wrong_answer",
        r"""
n = int(input())
records = list(map(int, input().split()))
best, at, start = 1, 1, 0
for i in range(n):
    if i and records[i] <= records[i - 1]:
        start = i
    if i - start + 1 >= best:
        best, at = i - start + 1, start + 1
print(best, at)
""",
    ),
    (  # walks past the end
        "runtime_error",
        r"""
n = int(input())
records = list(map(int, input().split()))
best, at = 1, 1
i = 0
while i < n:
    j = i
    while records[j + 1] > records[j]:
        j += 1
    if j - i + 1 > best:
        best, at = j - i + 1, i + 1
    i = j + 1
print(best, at)
""",
    ),
)

PUBLIC = ("6\n3 1 -2 0 5 2\n", "5\n1 4 4 7 6\n")

PRIVATE = (
    "1\n0\n",
    "2\n5 5\n",
    "2\n-60 60\n",
    "4\n4 3 2 1\n",
    "6\n1 2 3 0 1 2\n",
    "7\n5 1 2 3 3 4 5\n",
    "8\n9 1 0 2 4 6 8 10\n",
    lines(121, list(range(-60, 61))),
    lines(5000, [i % 100 - 50 for i in range(5000)]),
    lines(1999, [7] * 1999),
)


def generated(rng: Random) -> Iterator[str]:
    for n, span in ((3, 2), (8, 5), (20, 60), (50, 3), (150, 60), (600, 10), (900, 60), (1500, 60)):
        yield lines(n, [rng.randint(-span, span) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 5000)
    reader.numbers(*[(-60, 60)] * n)
    reader.end()
