"""Interval DP: merge neighbouring heaps. The traps: greedy merging, a single heap, recursion without memory."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("dp", "divide and conquer")
DIFFICULTY = "hard"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Along a road lie n heaps of sand. A digger makes one heap of them: again and again it pushes two heaps
that are next to each other together, until a single one is left. To push heaps of a and b tons together
costs a + b litres of fuel, and the new heap of a + b tons lies where the two lay. How many litres are
needed at least?

Input

The first line holds an integer n (1 <= n <= 110). The second line holds n integers, the tons of the heaps
in the order in which they lie along the road, each from 1 to 10^9.

Output

Print the smallest number of litres.

{examples}

Note

In the first example the digger pushes 1 and 2 together (3 litres), then 3 and 6 (9 litres), then 9 and
7 (16 litres). In the second example it begins with the two heaps in each half.
"""

SOLUTIONS = (
    r"""
from itertools import accumulate

n = int(input())
ends = [0] + list(accumulate(map(int, input().split())))
cost = [[0] * (n + 1) for _ in range(n + 1)]  # of making one heap out of the heaps i to j - 1
for length in range(2, n + 1):
    for i in range(n - length + 1):
        j = i + length
        cost[i][j] = min(cost[i][k] + cost[k][j] for k in range(i + 1, j)) + ends[j] - ends[i]
print(cost[0][n])
""",
    r"""
# Garsia and Wachs: push a heap together with its left neighbour once the next one is not smaller than that,
# and move the result to the left, behind the nearest heap that is at least as large
n = int(input())
FAR = float("inf")
heaps = [FAR] + list(map(int, input().split())) + [FAR]
litres = 0
while len(heaps) > 3:
    i = 2
    while heaps[i + 1] < heaps[i - 1]:
        i += 1
    new = heaps[i - 1] + heaps[i]
    litres += new
    del heaps[i - 1 : i + 1]
    j = i - 1
    while heaps[j - 1] < new:
        j -= 1
    heaps.insert(j, new)
print(litres)
""",
)

INCORRECT = (
    (  # always the two neighbours that are smallest together
        "wrong_answer",
        r"""
n = int(input())
heaps = list(map(int, input().split()))
litres = 0
while len(heaps) > 1:
    i = min(range(len(heaps) - 1), key=lambda i: heaps[i] + heaps[i + 1])
    heaps[i : i + 2] = [heaps[i] + heaps[i + 1]]
    litres += heaps[i]
print(litres)
""",
    ),
    (  # the two smallest heaps, wherever they lie
        "wrong_answer",
        r"""
from heapq import heapify, heappop, heappush

n = int(input())
heaps = list(map(int, input().split()))
heapify(heaps)
litres = 0
while len(heaps) > 1:
    new = heappop(heaps) + heappop(heaps)
    litres += new
    heappush(heaps, new)
print(litres)
""",
    ),
    (  # splits where the halves weigh about the same
        "wrong_answer",
        r"""
from itertools import accumulate

n = int(input())
ends = [0] + list(accumulate(map(int, input().split())))


def cost(i, j):
    if j - i < 2:
        return 0
    k = min(range(i + 1, j), key=lambda k: abs(ends[k] - ends[i] - (ends[j] - ends[k])))
    return cost(i, k) + cost(k, j) + ends[j] - ends[i]


print(cost(0, n))
""",
    ),
    (  # the right recursion, but it remembers nothing
        "time_limit",
        r"""
n = int(input())
heaps = list(map(int, input().split()))


def cost(i, j):
    if j - i == 1:
        return 0
    return min(cost(i, k) + cost(k, j) for k in range(i + 1, j)) + sum(heaps[i:j])


print(cost(0, n))
""",
    ),
    (  # ends the recursion at two heaps: a single one is split for ever
        "runtime_error",
        r"""
from functools import lru_cache

n = int(input())
heaps = list(map(int, input().split()))


@lru_cache(maxsize=None)
def cost(i, j):
    if j - i == 2:
        return heaps[i] + heaps[i + 1]
    splits = [cost(i + 1, j), cost(i, j - 1)]
    splits += [cost(i, k) + cost(k, j) for k in range(i + 2, j - 1)]
    return min(splits) + sum(heaps[i:j])


print(cost(0, n))
""",
    ),
)

PUBLIC = ("4\n1 2 6 7\n", "4\n5 4 5 4\n")

PRIVATE = (
    "2\n3 8\n",
    "3\n4 1 4\n",
    "4\n3 2 2 3\n",
    "5\n1 9 1 9 1\n",
    "6\n4 5 6 5 4 7\n",
    "1\n5\n",
    "25\n" + " ".join(["7"] * 25) + "\n",
    lines(110, [10**9] * 110),
    lines(110, list(range(1, 111))),
    lines(109, [1 + i * i % 101 for i in range(109)]),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 9), (5, 9), (7, 4), (12, 30), (30, 1000), (60, 5), (100, 10**9), (110, 10**6)):
        yield lines(n, [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 110)
    reader.numbers(*[(1, 10**9)] * n)
    reader.end()
