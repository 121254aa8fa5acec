"""Points covered an odd number of times. The traps: ends that belong to the range, and lamps by the billion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("sorting", "sweep line", "difference arrays")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 64_000_000

STATEMENT = """
Along a road stand n lamps, numbered 1 to n, all of them dark. Then m switches are pressed, one after
the other. Switch i belongs to the lamps from l_i to r_i, both included: those of them that are dark
begin to shine, and those that shine go dark. How many lamps shine in the end?

Input

The first line holds two integers n and m (1 <= n <= 10^9, 1 <= m <= 1000). Each of the next m lines holds
two integers l_i and r_i (1 <= l_i <= r_i <= n).

Output

Print the number of lamps that shine in the end.

{examples}

Note

In the first example lamps 1 to 3 and 6 to 7 shine. Lamps 4 and 5 were switched twice.
"""

SOLUTIONS = (
    r"""
# sorted, every two neighbouring borders of the ranges are a stretch of light
import sys

_, m, *ends = map(int, sys.stdin.read().split())
borders = sorted(end + i % 2 for i, end in enumerate(ends))
print(sum(borders[1::2]) - sum(borders[::2]))
""",
    r"""
# walk along the changes of the number of switches
from collections import Counter

n, m = map(int, input().split())
change = Counter()
for _ in range(m):
    l, r = map(int, input().split())
    change[l] += 1
    change[r + 1] -= 1
switches = shining = last = 0
for place in sorted(change):
    if switches % 2:
        shining += place - last
    switches += change[place]
    last = place
print(shining)
""",
)

INCORRECT = (
    (  # what was switched once stays bright
        "wrong_answer",
        r"""
n, m = map(int, input().split())
ranges = sorted(tuple(map(int, input().split())) for _ in range(m))
shining = end = 0
for l, r in ranges:
    shining += max(0, r - max(l, end + 1) + 1)
    end = max(end, r)
print(shining)
""",
    ),
    (  # leaves out the last lamp of a range
        "wrong_answer",
        r"""
n, m = map(int, input().split())
borders = []
for _ in range(m):
    borders += map(int, input().split())
borders.sort()
print(sum(borders[1::2]) - sum(borders[::2]))
""",
    ),
    (  # light that is in two ranges is taken away once, not twice
        "wrong_answer",
        r"""
n, m = map(int, input().split())
ranges = sorted(tuple(map(int, input().split())) for _ in range(m))
shining = sum(r - l + 1 for l, r in ranges)
for (_, before), (l, r) in zip(ranges, ranges[1:]):
    shining -= max(0, min(before, r) - l + 1)
print(shining)
""",
    ),
    (  # only neighbouring ranges can overlap
        "wrong_answer",
        r"""
n, m = map(int, input().split())
ranges = sorted(tuple(map(int, input().split())) for _ in range(m))
shining = sum(r - l + 1 for l, r in ranges)
for (_, before), (l, r) in zip(ranges, ranges[1:]):
    shining -= 2 * max(0, min(before, r) - l + 1)
print(shining)
""",
    ),
    (  # one entry for every lamp
        "memory_limit",
        r"""
n, m = map(int, input().split())
change = [0] * (n + 2)
for _ in range(m):
    l, r = map(int, input().split())
    change[l] += 1
    change[r + 1] += 1
switches = shining = 0
for lamp in range(1, n + 1):
    switches += change[lamp]
    shining += switches % 2
print(shining)
""",
    ),
    (  # asks every switch for every lamp
        "time_limit",
        r"""
n, m = map(int, input().split())
ranges = [tuple(map(int, input().split())) for _ in range(m)]
shining = 0
for lamp in range(1, n + 1):
    shining += sum(l <= lamp <= r for l, r in ranges) % 2
print(shining)
""",
    ),
)

PUBLIC = (
    lines((8, 2), (1, 5), (4, 7)),
    lines((10, 3), (2, 2), (5, 9), (5, 9)),
)

PRIVATE = (
    lines((1, 1), (1, 1)),
    lines((5, 2), (1, 2), (3, 4)),
    lines((6, 3), (1, 6), (2, 3), (5, 5)),
    lines((9, 4), (1, 9), (1, 9), (1, 9), (4, 4)),
    lines((7, 3), (1, 4), (4, 7), (4, 4)),
    lines((100, 3), (1, 100), (40, 60), (50, 50)),
    lines((30_000_000, 1), (2, 29_999_999)),
    lines((10**9, 2), (1, 10**9), (2, 10**9 - 1)),
    lines((10**9, 1000), *((i, 10**9 - i) for i in range(1, 1001))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m in ((4, 2), (6, 4), (12, 5), (40, 9), (1000, 40), (10**6, 200), (10**9, 200), (500, 300)):
        yield lines((n, m), *(sorted(rng.choices(range(1, n + 1), k=2)) for _ in range(m)))


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 10**9), (1, 1000))
    for _ in range(m):
        l, r = reader.numbers((1, n), (1, n))
        require(l <= r, "l <= r")
    reader.end()
