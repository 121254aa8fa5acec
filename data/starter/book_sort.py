"""Sort with the fewest moves: the most that can stay. The traps: equal books, greed, recursion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("dp", "binary search", "sorting")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
On a shelf stand n books of heights h_1 to h_n, from left to right. In one move Leo takes out one book and
puts it back at any place: between two others, or at an end. How many moves does he need at least until no
book is higher than its right neighbour?

Input

The first line holds an integer n (1 <= n <= 1200). The second line holds n integers h_1 to h_n, each from
1 to 10^9.

Output

Print the smallest number of moves.

{examples}

Note

In the first example the books of heights 6 and 1 move. In the second example moving the book of height 9
to the right end is enough.
"""

SOLUTIONS = (
    r"""
# the smallest last height of a row of each length that does not fall
from bisect import bisect_right

n = int(input())
last = []
for h in map(int, input().split()):
    at = bisect_right(last, h)
    last[at : at + 1] = [h]
print(n - len(last))
""",
    r"""
# the longest row that ends at each book
n = int(input())
books = list(map(int, input().split()))
longest = []
for i, h in enumerate(books):
    longest.append(1 + max((length for b, length in zip(books, longest) if b <= h), default=0))
print(n - max(longest))
""",
)

INCORRECT = (
    (  # equal books cannot both stay
        "wrong_answer",
        r"""
from bisect import bisect_left

n = int(input())
last = []
for h in map(int, input().split()):
    at = bisect_left(last, h)
    last[at : at + 1] = [h]
print(n - len(last))
""",
    ),
    (  # counts the books that are higher than their right neighbour
        "wrong_answer",
        r"""
n = int(input())
books = list(map(int, input().split()))
print(sum(a > b for a, b in zip(books, books[1:])))
""",
    ),
    (  # counts the books that are not where they belong
        "wrong_answer",
        r"""
n = int(input())
books = list(map(int, input().split()))
print(sum(a != b for a, b in zip(books, sorted(books))))
""",
    ),
    (  # a book stays if it is not lower than the last one that stays
        "wrong_answer",
        r"""
n = int(input())
moves = highest = 0
for h in map(int, input().split()):
    if h < highest:
        moves += 1
    else:
        highest = h
print(moves)
""",
    ),
    (  # counts swaps of neighbours
        "wrong_answer",
        r"""
n = int(input())
books = list(map(int, input().split()))
print(sum(books[i] > books[j] for i in range(n) for j in range(i + 1, n)))
""",
    ),
    (  # for every book: stays or not
        "time_limit",
        r"""
n = int(input())
books = list(map(int, input().split()))


def moves(i, highest):
    if i == n:
        return 0
    best = 1 + moves(i + 1, highest)
    if books[i] >= highest:
        best = min(best, moves(i + 1, books[i]))
    return best


print(moves(0, 0))
""",
    ),
    (  # remembers, but one call leads to the next
        "runtime_error",
        r"""
from functools import lru_cache

n = int(input())
books = [0] + list(map(int, input().split()))


@lru_cache(None)
def longest(i):
    return 1 + max((longest(j) for j in range(i - 1, -1, -1) if books[j] <= books[i]), default=0)


print(n + 1 - max(longest(i) for i in range(n, -1, -1)))
""",
    ),
)

PUBLIC = (
    "6\n2 6 3 4 1 5\n",
    "5\n9 4 4 5 6\n",
)

# 40 rising books are too many for a program that tries everything, but not for recursion.
PRIVATE = (
    "1\n5\n",
    "2\n2 1\n",
    "3\n7 7 7\n",
    "6\n6 5 4 3 2 1\n",
    "6\n5 6 1 2 3 4\n",
    "7\n1 100 2 99 3 98 4\n",
    "8\n1000000000 1 1000000000 1 1000000000 1 1000000000 1\n",
    lines(40, list(range(1, 41))),
    lines(1200, list(range(1, 1201))),
    lines(1200, [1 + i // 3 for i in range(600)] + [1 + i // 3 for i in range(600)]),
    lines(1000, list(range(1000, 0, -1))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((4, 4), (6, 9), (8, 4), (15, 15), (40, 10**9), (150, 30), (400, 10**9), (900, 900)):
        yield lines(n, [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers(*[(1, 10**9)] * reader.number(1, 1200))
    reader.end()
