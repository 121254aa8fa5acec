"""Fill buses in order. The trap: groups stay together, so the number is not total / seats rounded up."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("greedy", "simulation")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Groups of tourists queue for buses to the castle. Every bus has c seats. Buses leave one after the
other: the group at the front of the queue boards the waiting bus if all of its members find a
seat; if they do not, the bus leaves and the group boards the next, empty one. Groups are never
split, and nobody overtakes in the queue. When the queue is empty the last bus leaves too.

How many buses leave?

Input

The first line holds two integers n and c: the number of groups (1 <= n <= 1000) and the number of
seats (1 <= c <= 10^9). The second line holds n integers, the sizes of the groups in the order of
the queue, each from 1 to c.

Output

Print the number of buses.

{examples}

Note

In the first example the first bus takes the groups of 3 and 2, the second the groups of 4 and 1.
In the second example no two neighbours fit into one bus.
"""

SOLUTIONS = (
    r"""
n, c = map(int, input().split())
buses, free = 0, 0
for size in map(int, input().split()):
    if size > free:
        buses += 1
        free = c
    free -= size
print(buses)
""",
    r"""
# prefix sums: the next bus ends before the first group that goes past its seats
from bisect import bisect_right
from itertools import accumulate

n, c = map(int, input().split())
before = [0] + list(accumulate(map(int, input().split())))
at = buses = 0
while at < n:
    at = bisect_right(before, before[at] + c) - 1
    buses += 1
print(buses)
""",
)

INCORRECT = (
    (  # splits groups
        "wrong_answer",
        r"""
n, c = map(int, input().split())
total = sum(map(int, input().split()))
print((total + c - 1) // c)
""",
    ),
    (  # a bus that is exactly full counts as too full
        "wrong_answer",
        r"""
n, c = map(int, input().split())
buses, taken = 1, 0
for size in map(int, input().split()):
    if taken + size >= c:
        buses += 1
        taken = 0
    taken += size
print(buses)
""",
    ),
    (  # first fit: later groups overtake
        "wrong_answer",
        r"""
n, c = map(int, input().split())
free = []
for size in map(int, input().split()):
    for bus in range(len(free)):
        if free[bus] >= size:
            free[bus] -= size
            break
    else:
        free.append(c - size)
print(len(free))
""",
    ),
    (  # runs off the queue when the last bus still has a seat
        "runtime_error",
        r"""
n, c = map(int, input().split())
sizes = list(map(int, input().split()))
i = buses = 0
while i < n:
    free = c
    while free >= sizes[i]:
        free -= sizes[i]
        i += 1
    buses += 1
print(buses)
""",
    ),
    (  # no colon after else
        "compile_error",
        r"""
n, c = map(int, input().split())
buses, free = 1, c
for size in map(int, input().split()):
    if size <= free:
        free -= size
    else
        buses += 1
        free = c - size
print(buses)
""",
    ),
)

PUBLIC = ("4 5\n3 2 4 1\n", "3 4\n3 2 3\n")

PRIVATE = (
    "1 1\n1\n",
    "1 10\n4\n",
    "5 1\n1 1 1 1 1\n",
    "6 10\n6 6 4 4 5 5\n",
    "4 10\n9 2 1 8\n",
    "3 1000000000\n500000000 500000000 1\n",
    lines((1000, 7), [3] * 1000),
    lines((1000, 1000), list(range(1, 1001))),
    lines((999, 10**9), [10**9, 1, 10**9 - 1] * 333),
)


def generated(rng: Random) -> Iterator[str]:
    for n, c in ((2, 5), (6, 6), (12, 10), (30, 20), (60, 8), (100, 100), (500, 10**6), (1000, 40)):
        yield lines((n, c), [rng.randint(1, c if rng.random() < 0.2 else c // 2) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n, c = reader.numbers((1, 1000), (1, 10**9))
    reader.numbers(*[(1, c)] * n)
    reader.end()
