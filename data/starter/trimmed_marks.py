"""A mean without one lowest and one highest mark. The traps: several lowest ones, whole-number division."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("math", "implementation", "floating point")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000
CHECKER = {"name": "kattis", "flags": ["float_tolerance", "1e-6"]}

STATEMENT = """
At a diving contest n judges give a mark each. One mark that is the highest and one that is the lowest
are struck out; other marks stay, even if they are equal to those. The result of the dive is the mean of
the marks that stay.

Input

The first line holds an integer n (3 <= n <= 1000). The second line holds n integers, the marks, each
from 0 to 100.

Output

Print the result. An answer is right if its absolute or its relative error is at most 10^-6.

{examples}

Note

In the first example 95 and one of the two marks 60 are struck out; the mean of 60, 70 and 71 is 67. In
the second example the mean of 8 and 9 is 8.5.
"""

SOLUTIONS = (
    r"""
n = int(input())
marks = sorted(map(int, input().split()))
print(sum(marks[1:-1]) / (n - 2))
""",
    r"""
# whole numbers only: the millionths are rounded down
n = int(input())
marks = list(map(int, input().split()))
whole, rest = divmod(sum(marks) - min(marks) - max(marks), n - 2)
print(f"{whole}.{rest * 10**9 // (n - 2):09}")
""",
)

INCORRECT = (
    (  # whole-number division
        "wrong_answer",
        r"""
n = int(input())
marks = sorted(map(int, input().split()))
print(sum(marks[1:-1]) // (n - 2))
""",
    ),
    (  # divides by the number of all judges
        "wrong_answer",
        r"""
n = int(input())
marks = list(map(int, input().split()))
print((sum(marks) - min(marks) - max(marks)) / n)
""",
    ),
    (  # strikes out all marks that are equal to the lowest or the highest
        "wrong_answer",
        r"""
n = int(input())
marks = list(map(int, input().split()))
stay = [mark for mark in marks if min(marks) < mark < max(marks)]
print(sum(stay) / max(1, len(stay)))
""",
    ),
    (  # sorts the marks as words: 100 comes before 2
        "wrong_answer",
        r"""
n = int(input())
marks = sorted(input().split())
print(sum(map(int, marks[1:-1])) / (n - 2))
""",
    ),
    (  # one digit after the point
        "wrong_answer",
        r"""
n = int(input())
marks = sorted(map(int, input().split()))
print(round(sum(marks[1:-1]) / (n - 2), 1))
""",
    ),
    (  # adds up words
        "runtime_error",
        r"""
n = int(input())
marks = sorted(input().split(), key=int)
print(sum(marks[1:-1]) / (n - 2))
""",
    ),
)

PUBLIC = ("5\n60 95 60 70 71\n", "4\n10 7 9 8\n")

PRIVATE = (
    "3\n0 0 0\n",
    "3\n100 100 100\n",
    "3\n0 50 100\n",
    "4\n100 2 30 4\n",
    "5\n1 1 1 2 1\n",
    "5\n0 1 0 1 0\n",
    "8\n10 10 10 10 10 10 10 11\n",
    lines(1000, [0] * 998 + [1, 1]),
    lines(999, [99, 100, 98] * 333),
)


def generated(rng: Random) -> Iterator[str]:
    for n, low, high in ((3, 0, 5), (4, 0, 9), (5, 90, 100), (6, 0, 100), (9, 50, 60), (33, 0, 100), (200, 0, 100)):
        yield lines(n, [rng.randint(low, high) for _ in range(n)])
    yield lines(1000, [rng.randint(80, 100) for _ in range(1000)])


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers(*[(0, 100)] * reader.number(3, 1000))
    reader.end()
