"""Count triples with a bounded sum by two pointers. The traps: equal values, and n^3."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("two pointers", "sorting", "binary search")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A tea shop has n tins; the price of each is known. A gift box holds three different tins and should cost
at most s altogether, where tins of the same price still are different tins. How many different gift
boxes are there? The order of the tins in a box does not matter.

Input

The first line holds two integers n and s (1 <= n <= 1000, 0 <= s <= 3 * 10^9). The second line holds n
integers, the prices, each from 0 to 10^9.

Output

Print the number of gift boxes.

{examples}

Note

In the first example the boxes cost 1 + 2 + 4, 1 + 2 + 5 and 1 + 2 + 5: there are two tins for 5. In the
second example any three of the four tins will do.
"""

SOLUTIONS = (
    r"""
n, s = map(int, input().split())
prices = sorted(map(int, input().split()))
boxes = 0
for i in range(n):
    j, k = i + 1, n - 1
    while j < k:
        if prices[i] + prices[j] + prices[k] <= s:
            boxes += k - j  # the third tin is any of j + 1 to k
            j += 1
        else:
            k -= 1
print(boxes)
""",
    r"""
# fix the middle tin's partner on the left; bisect for the last tin on the right that is cheap enough
from bisect import bisect_right

n, s = map(int, input().split())
prices = sorted(map(int, input().split()))
boxes = 0
for i in range(n):
    for j in range(i + 1, n - 1):
        last = bisect_right(prices, s - prices[i] - prices[j], j + 1)
        if last == j + 1:
            break
        boxes += last - j - 1
print(boxes)
""",
)

INCORRECT = (
    (  # strictly less than s
        "wrong_answer",
        r"""
n, s = map(int, input().split())
prices = sorted(map(int, input().split()))
boxes = 0
for i in range(n):
    j, k = i + 1, n - 1
    while j < k:
        if prices[i] + prices[j] + prices[k] < s:
            boxes += k - j
            j += 1
        else:
            k -= 1
print(boxes)
""",
    ),
    (  # counts one box for a pair and moves on: as if only one third tin were cheap enough
        "wrong_answer",
        r"""
n, s = map(int, input().split())
prices = sorted(map(int, input().split()))
boxes = 0
for i in range(n):
    j, k = i + 1, n - 1
    while j < k:
        if prices[i] + prices[j] + prices[k] <= s:
            boxes += 1
            j += 1
        else:
            k -= 1
print(boxes)
""",
    ),
    (  # tins of one price are taken for the same tin
        "wrong_answer",
        r"""
n, s = map(int, input().split())
prices = sorted(set(map(int, input().split())))
boxes = 0
for i in range(len(prices)):
    j, k = i + 1, len(prices) - 1
    while j < k:
        if prices[i] + prices[j] + prices[k] <= s:
            boxes += k - j
            j += 1
        else:
            k -= 1
print(boxes)
""",
    ),
    (  # all triples
        "time_limit",
        r"""
n, s = map(int, input().split())
prices = list(map(int, input().split()))
boxes = 0
for i in range(n):
    for j in range(i):
        for k in range(j):
            if prices[i] + prices[j] + prices[k] <= s:
                boxes += 1
print(boxes)
""",
    ),
    (  # a table of all prices up to the largest one that fits
        "runtime_error",
        r"""
n, s = map(int, input().split())
prices = list(map(int, input().split()))
count = [0] * 10001
for p in prices:
    count[p] += 1
up_to = [0]
for c in count:
    up_to.append(up_to[-1] + c)
ordered = 0
for i in range(n):
    for j in range(n):
        if i != j:
            rest = min(s - prices[i] - prices[j], 10000)
            if rest >= 0:
                ordered += up_to[rest + 1] - (prices[i] <= rest) - (prices[j] <= rest)
print(ordered // 6)
""",
    ),
)

PUBLIC = ("5 8\n5 1 5 2 4\n", "4 30\n3 3 3 3\n")

PRIVATE = (
    "1 10\n1\n",
    "2 10\n1 1\n",
    "3 6\n1 2 3\n",
    "3 5\n1 2 3\n",
    "5 0\n0 0 0 0 1\n",
    "6 7\n1 1 2 2 3 3\n",
    "4 3000000000\n1000000000 1000000000 1000000000 1000000000\n",
    lines((1000, 3 * 10**9), [10**9 - i for i in range(1000)]),
    lines((1000, 1500), list(range(1000))),
    lines((1000, 10), [10] * 1000),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 9), (6, 9), (10, 5), (25, 100), (60, 10**9), (200, 10), (600, 10**9), (1000, 10**6)):
        yield lines((n, rng.randint(top, 2 * top)), [rng.randint(0, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n, _ = reader.numbers((1, 1000), (0, 3 * 10**9))
    reader.numbers(*[(0, 10**9)] * n)
    reader.end()
