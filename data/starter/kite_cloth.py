"""Area and perimeter of a polygon. The traps: the other direction, the closing edge, half units, corners inwards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("geometry", "math", "floating point")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000
CHECKER = {"name": "kattis", "flags": ["float_tolerance", "1e-6"]}

STATEMENT = """
A kite has the shape of a polygon with n corners. Its border does not cross or touch itself, but it need
not be convex. For the kite one needs cloth as large as the area of the polygon, and tape as long as its
border. How much of both?

Input

The first line holds an integer n (3 <= n <= 100). Each of the next n lines holds two integers x and y
(-10^4 <= x, y <= 10^4): the corners in the order in which one meets them on the way around the kite,
clockwise or anticlockwise.

Output

Print two numbers: the area and the length of the border. An answer is right if the absolute or the
relative error of each number is at most 10^-6.

{examples}

Note

In the first example the kite is a right-angled triangle with sides of 3, 4 and 5. In the second example
the corner (2, 1) points inwards.
"""

SOLUTIONS = (
    r"""
from math import dist

corners = [tuple(map(int, input().split())) for _ in range(int(input()))]
twice, border = 0, 0.0
for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
    twice += ax * by - ay * bx
    border += dist((ax, ay), (bx, by))
print(abs(twice) / 2, border)
""",
    r"""
# the area between each edge and the x-axis, with its sign
from math import hypot

n = int(input())
xs, ys = zip(*(map(int, input().split()) for _ in range(n)))
area = sum((xs[i] - xs[i - 1]) * (ys[i] + ys[i - 1]) / 2 for i in range(n))
border = sum(hypot(xs[i] - xs[i - 1], ys[i] - ys[i - 1]) for i in range(n))
print(f"{abs(area):.9f}")
print(f"{border:.9f}")
""",
)

INCORRECT = (
    (  # negative when the corners come clockwise
        "wrong_answer",
        r"""
from math import dist

corners = [tuple(map(int, input().split())) for _ in range(int(input()))]
twice, border = 0, 0.0
for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
    twice += ax * by - ay * bx
    border += dist((ax, ay), (bx, by))
print(twice / 2, border)
""",
    ),
    (  # leaves out the edge back to the first corner
        "wrong_answer",
        r"""
from math import dist

corners = [tuple(map(int, input().split())) for _ in range(int(input()))]
twice, border = 0, 0.0
for (ax, ay), (bx, by) in zip(corners, corners[1:]):
    twice += ax * by - ay * bx
    border += dist((ax, ay), (bx, by))
print(abs(twice) / 2, border)
""",
    ),
    (  # whole units of cloth
        "wrong_answer",
        r"""
from math import dist

corners = [tuple(map(int, input().split())) for _ in range(int(input()))]
twice, border = 0, 0.0
for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
    twice += ax * by - ay * bx
    border += dist((ax, ay), (bx, by))
print(abs(twice) // 2, border)
""",
    ),
    (  # adds up triangles around the first corner as if all turned the same way
        "wrong_answer",
        r"""
from math import dist

corners = [tuple(map(int, input().split())) for _ in range(int(input()))]
ox, oy = corners[0]
area = 0.0
for (ax, ay), (bx, by) in zip(corners[1:], corners[2:]):
    area += abs((ax - ox) * (by - oy) - (ay - oy) * (bx - ox)) / 2
border = sum(dist(a, b) for a, b in zip(corners, corners[1:] + corners[:1]))
print(area, border)
""",
    ),
    (  # the border in steps along the axes
        "wrong_answer",
        r"""
corners = [tuple(map(int, input().split())) for _ in range(int(input()))]
twice = border = 0
for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
    twice += ax * by - ay * bx
    border += abs(ax - bx) + abs(ay - by)
print(abs(twice) / 2, border)
""",
    ),
    (  # runs past the last corner
        "runtime_error",
        r"""
from math import dist

n = int(input())
corners = [tuple(map(int, input().split())) for _ in range(n)]
twice, border = 0, 0.0
for i in range(n):
    (ax, ay), (bx, by) = corners[i], corners[i + 1]
    twice += ax * by - ay * bx
    border += dist((ax, ay), (bx, by))
print(abs(twice) / 2, border)
""",
    ),
)

PUBLIC = (
    lines(3, (0, 0), (4, 0), (0, 3)),
    lines(4, (2, 1), (5, 0), (2, 6), (-1, 0)),
)

PRIVATE = (
    lines(3, (0, 0), (0, 1), (1, 0)),
    lines(3, (5, 5), (6, 5), (5, 6)),
    lines(3, (0, 0), (2, 1), (3, 3)),
    lines(4, (1, 1), (1, 2), (2, 2), (2, 1)),
    lines(4, (-10000, -10000), (10000, -10000), (10000, 10000), (-10000, 10000)),
    lines(4, (0, 0), (4, 1), (0, 2), (1, 1)),
    lines(5, (0, 0), (10, 0), (10, 10), (5, 1), (0, 10)),
    lines(8, (0, 0), (3, 0), (3, 3), (0, 3), (0, 2), (2, 2), (2, 1), (0, 1)),
    lines(3, (-10000, -9999), (10000, 10000), (9999, 10000)),
    lines(6, (0, 0), (1, 0), (2, 0), (2, 2), (1, 2), (0, 2)),
)


def generated(rng: Random) -> Iterator[str]:
    for n, span in ((3, 5), (4, 5), (5, 8), (7, 20), (12, 100), (30, 1000), (60, 10**4), (100, 10**4)):
        # a star around the origin: in the order of directions, one corner in each of them, gaps below half a turn
        while True:
            corners: dict[tuple[int, int], tuple[int, int]] = {}
            for _ in range(20 * n):
                x, y = (rng.randint(-span, span) for _ in range(2))
                if (x or y) and len(corners) < n:
                    corners.setdefault((x // math.gcd(x, y), y // math.gcd(x, y)), (x, y))
            star = sorted(corners.values(), key=lambda corner: math.atan2(corner[1], corner[0]))
            around = zip(star, star[1:] + star[:1], strict=True)
            if len(star) == n and all(ax * by - ay * bx > 0 for (ax, ay), (bx, by) in around):
                break
        yield lines(n, *star[:: rng.choice((1, -1))])


def validate(text: str) -> None:
    reader = Reader(text)
    corners = [reader.numbers(*[(-(10**4), 10**4)] * 2) for _ in range(reader.number(3, 100))]
    reader.end()
    n = len(corners)
    require(len(set(corners)) == n, "different corners")
    for i in range(n):
        a, b = corners[i - 1], corners[i]
        after = corners[(i + 1) % n]
        # the next edge must not lead back along this one
        require(_turn(a, b, after) != 0 or not (_between(a, after, b) or _between(b, a, after)), "a plain border")
        for j in range(n):
            if i != j and (j + 1) % n != i and (i + 1) % n != j:
                require(not _meet(a, b, corners[j - 1], corners[j]), "a border that does not meet itself")


def _turn(a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...]) -> int:
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (cross > 0) - (cross < 0)


def _between(a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...]) -> bool:
    """Is b, which is on the line through a and c, between them?"""
    return min(a[0], c[0]) <= b[0] <= max(a[0], c[0]) and min(a[1], c[1]) <= b[1] <= max(a[1], c[1])


def _meet(a: tuple[int, ...], b: tuple[int, ...], c: tuple[int, ...], d: tuple[int, ...]) -> bool:
    abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if abc != abd and cda != cdb:
        return True
    ends = ((abc, a, c, b), (abd, a, d, b), (cda, c, a, d), (cdb, c, b, d))
    return any(turn == 0 and _between(p, q, r) for turn, p, q, r in ends)
