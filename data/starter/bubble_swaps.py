"""Count inversions. The traps: equal values do not swap, and doing the swaps one by one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("divide and conquer", "data structures", "sorting")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A robot sorts parcels on a conveyor belt by weight, the lightest first. It can do only one thing: swap two
neighbouring parcels when the left one is heavier than the right one. It does so until no such pair is
left. How many swaps does it make?

Input

The first line holds an integer n (1 <= n <= 9000). The second line holds n integers, the weights of the
parcels from left to right, each from 1 to 99999.

Output

Print the number of swaps. It does not depend on the order in which the robot makes them.

{examples}

Note

In the first example the robot can swap 3 and 1, then 4 and 2, then 3 and 2. In the second example there
is nothing to do: parcels of equal weight stay as they are.
"""

SOLUTIONS = (
    r"""
# merge sort: a parcel taken from the right half passes all that are left in the left half
def sort(a):
    if len(a) < 2:
        return a, 0
    left, x = sort(a[: len(a) // 2])
    right, y = sort(a[len(a) // 2 :])
    swaps, merged, i = x + y, [], 0
    for parcel in right:
        while i < len(left) and left[i] <= parcel:
            merged.append(left[i])
            i += 1
        swaps += len(left) - i
        merged.append(parcel)
    return merged + left[i:], swaps


input()
print(sort(list(map(int, input().split())))[1])
""",
    r"""
# Fenwick tree over the weights, from right to left: how many lighter ones have been seen?
import sys

weights = list(map(int, sys.stdin.buffer.read().split()))[1:]
rank = {weight: i for i, weight in enumerate(sorted(set(weights)), 1)}
tree = [0] * (len(rank) + 1)
swaps = 0
for weight in reversed(weights):
    i = rank[weight] - 1
    while i:
        swaps += tree[i]
        i &= i - 1
    i = rank[weight]
    while i < len(tree):
        tree[i] += 1
        i += i & -i
print(swaps)
""",
)

INCORRECT = (
    (  # passes parcels of equal weight too
        "wrong_answer",
        r"""
from bisect import bisect_left, insort

input()
seen, swaps = [], 0
for weight in map(int, input().split()):
    swaps += len(seen) - bisect_left(seen, weight)
    insort(seen, weight)
print(swaps)
""",
    ),
    (  # the fewest swaps of any two parcels, not of neighbours
        "wrong_answer",
        r"""
n = int(input())
weights = list(map(int, input().split()))
order = sorted(range(n), key=lambda i: weights[i])
seen = [False] * n
circles = 0
for i in range(n):
    if not seen[i]:
        circles += 1
        while not seen[i]:
            seen[i] = True
            i = order[i]
print(n - circles)
""",
    ),
    (  # only counts neighbours, once
        "wrong_answer",
        r"""
n = int(input())
weights = list(map(int, input().split()))
print(sum(a > b for a, b in zip(weights, weights[1:])))
""",
    ),
    (  # does what the robot does
        "time_limit",
        r"""
n = int(input())
weights = list(map(int, input().split()))
swaps = 0
for end in range(n - 1, 0, -1):
    for i in range(end):
        if weights[i] > weights[i + 1]:
            weights[i], weights[i + 1] = weights[i + 1], weights[i]
            swaps += 1
print(swaps)
""",
    ),
    (  # a tree for n different weights, indexed by the weights themselves
        "runtime_error",
        r"""
n = int(input())
weights = list(map(int, input().split()))
tree = [0] * (n + 1)
swaps = 0
for weight in reversed(weights):
    i = weight - 1
    while i > 0:
        swaps += tree[i]
        i -= i & -i
    i = weight
    while i <= n:
        tree[i] += 1
        i += i & -i
print(swaps)
""",
    ),
)

PUBLIC = ("4\n3 1 4 2\n", "3\n5 5 5\n")

PRIVATE = (
    "1\n7\n",
    "2\n2 1\n",
    "2\n1 2\n",
    "5\n5 4 3 2 1\n",
    "6\n2 1 2 1 2 1\n",
    "7\n1 99999 1 99999 1 99999 1\n",
    lines(100, [100 - i // 2 for i in range(100)]),
    lines(9000, list(range(9000, 0, -1))),
    lines(600, [1 + i * 7919 % 99991 for i in range(600)]),
    lines(999, list(range(1, 1000))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 3), (6, 9), (12, 5), (50, 99999), (200, 20), (500, 99999), (900, 100), (800, 99999)):
        yield lines(n, [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 9000)
    reader.numbers(*[(1, 99999)] * n)
    reader.end()
