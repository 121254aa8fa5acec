"""Perimeter of the convex hull. The traps: one tree, trees in a line, too few decimals, n^3."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("geometry", "sorting")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000
CHECKER = {"name": "kattis", "flags": ["float_tolerance", "1e-6"]}

STATEMENT = """
A gardener lays a rope around her trees, which are as thin as points, and pulls it tight. How long must
the rope be at least, so that its two ends meet and every tree is inside of it or touches it?

Input

The first line holds an integer n (1 <= n <= 2000). Each of the next n lines holds two integers x and y,
the position of a tree (-10^6 <= x, y <= 10^6). Several trees may stand in the same place.

Output

Print the length of the rope. An answer is right if its absolute or its relative error is at most 10^-6.

{examples}

Note

In the first example the rope runs around a rectangle of 3 by 4, and the fifth tree is inside of it. In
the second example it runs from one tree to the other and back.
"""

SOLUTIONS = (
    r"""
# monotone chain
from math import dist

n = int(input())
trees = sorted({tuple(map(int, input().split())) for _ in range(n)})


def chain(points):
    hull = []
    for p in points:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2:]
            if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) > 0:
                break
            hull.pop()
        hull.append(p)
    return hull


length = 0.0
for half in (chain(trees), chain(trees[::-1])):
    length += sum(dist(a, b) for a, b in zip(half, half[1:]))
print(f"{length:.9f}")
""",
    r"""
# gift wrapping: from the lowest tree, always on to the one that has all others on its left
from math import hypot

n = int(input())
trees = list({tuple(map(int, input().split())) for _ in range(n)})
start = min(trees)
x, y = start
length = 0.0
while True:
    to = None
    for a, b in trees:
        if (a, b) == (x, y):
            continue
        if to is not None:
            turn = (to[0] - x) * (b - y) - (to[1] - y) * (a - x)
            farther = abs(a - x) + abs(b - y) > abs(to[0] - x) + abs(to[1] - y)
            if turn > 0 or turn == 0 and not farther:
                continue
        to = (a, b)
    if to is None:
        break
    length += hypot(to[0] - x, to[1] - y)
    x, y = to
    if to == start:
        break
print(length)
""",
)

INCORRECT = (
    (  # two decimals are too few for a short rope
        "wrong_answer",
        r"""
from math import dist

n = int(input())
trees = sorted({tuple(map(int, input().split())) for _ in range(n)})


def chain(points):
    hull = []
    for p in points:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2:]
            if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) > 0:
                break
            hull.pop()
        hull.append(p)
    return hull


length = 0.0
for half in (chain(trees), chain(trees[::-1])):
    length += sum(dist(a, b) for a, b in zip(half, half[1:]))
print(f"{length:.2f}")
""",
    ),
    (  # a rope along the sides of the bounding box
        "wrong_answer",
        r"""
n = int(input())
trees = [tuple(map(int, input().split())) for _ in range(n)]
width = max(x for x, y in trees) - min(x for x, y in trees)
height = max(y for x, y in trees) - min(y for x, y in trees)
print(2.0 * (width + height))
""",
    ),
    (  # the upper half is as long as the lower one only if the garden is symmetric
        "wrong_answer",
        r"""
from math import dist

n = int(input())
trees = sorted(tuple(map(int, input().split())) for _ in range(n))
hull = []
for p in trees:
    while len(hull) > 1:
        (ax, ay), (bx, by) = hull[-2:]
        if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) > 0:
            break
        hull.pop()
    hull.append(p)
print(2 * sum(dist(a, b) for a, b in zip(hull, hull[1:])))
""",
    ),
    (  # looks at all trees for every pair of trees
        "time_limit",
        r"""
from math import dist

n = int(input())
trees = sorted({tuple(map(int, input().split())) for _ in range(n)})
length = 0.0
for a in trees:
    for b in trees:
        if a != b:
            right = beyond = 0
            for c in trees:
                turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
                right += turn < 0
                beyond += turn == 0 and (dist(a, c) > dist(a, b) or dist(b, c) > dist(a, b))
            if right == 0 and beyond == 0:
                length += dist(a, b)
print(length)
""",
    ),
    (  # a garden of one tree has no second one
        "runtime_error",
        r"""
from math import atan2, dist

n = int(input())
trees = sorted({tuple(map(int, input().split())) for _ in range(n)})
x, y = trees[0]
rest = sorted(trees[1:], key=lambda t: (atan2(t[1] - y, t[0] - x), dist(t, (x, y))))
hull = [trees[0], rest[0]]
for p in rest[1:]:
    while len(hull) > 1:
        (ax, ay), (bx, by) = hull[-2:]
        if (bx - ax) * (p[1] - ay) - (by - ay) * (p[0] - ax) > 0:
            break
        hull.pop()
    hull.append(p)
print(sum(dist(a, b) for a, b in zip(hull, hull[1:] + hull[:1])))
""",
    ),
)

PUBLIC = (
    lines(5, (0, 0), (3, 0), (3, 4), (0, 4), (1, 2)),
    lines(2, (-3, 1), (3, 9)),
)

PRIVATE = (
    lines(1, (7, -7)),
    lines(3, (5, 5), (5, 5), (5, 5)),
    lines(3, (0, 0), (1, 0), (0, 1)),
    lines(4, (0, 0), (2, 1), (4, 2), (6, 3)),
    lines(5, (0, 0), (2, 0), (1, 1), (1, 5), (1, 2)),
    lines(4, (-1000000, -1000000), (1000000, 1000000), (1000000, -1000000), (-999999, 999999)),
    lines(600, *((i, i * i) for i in range(-300, 300))),
    lines(2000, *((i % 50, i // 50) for i in range(2000))),
    lines(399, *((i, -3 * i) for i in range(399))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, span in ((2, 9), (4, 5), (8, 9), (20, 100), (100, 10), (500, 1000)):
        yield lines(n, *((rng.randint(-span, span), rng.randint(-span, span)) for _ in range(n)))
    # many trees on the hull; the same radius in all directions, as far as whole numbers allow
    for n, radius in ((300, 10**4), (200, 10**6)):
        angles = [rng.randrange(600) * math.pi / 300 for _ in range(n)]
        yield lines(n, *((int(radius * math.cos(angle)), int(radius * math.sin(angle))) for angle in angles))


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 2000)):
        reader.numbers((-(10**6), 10**6), (-(10**6), 10**6))
    reader.end()
