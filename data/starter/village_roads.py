"""The diameter of a tree. The traps: the farthest from village 1 is only one end; n^2; deep recursion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("trees", "graphs", "dfs and similar", "dp")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A valley has n villages and n - 1 roads between them, such that one can get from every village to every
other one in exactly one way without turning back. The post office wants to know the length of the
longest such way.

Input

The first line holds an integer n (1 <= n <= 4000). Each of the next n - 1 lines holds three integers a,
b and d: a road of length d connects villages a and b (1 <= a, b <= n, 1 <= d <= 9999).

Output

Print the length of the longest way. With a single village it is 0.

{examples}

Note

In the first example the longest way leads from village 2 over 1 and 3 to 4. In the second example it
leads from 2 over 1 to 3.
"""

SOLUTIONS = (
    r"""
# the village farthest from anywhere is one end of a longest way
import sys

n, *numbers = map(int, sys.stdin.buffer.read().split())
roads = [[] for _ in range(n + 1)]
for i in range(0, 3 * n - 3, 3):
    a, b, d = numbers[i : i + 3]
    roads[a].append((b, d))
    roads[b].append((a, d))


def farthest(start):
    best, stack = (0, start), [(0, start, 0)]
    while stack:
        length, a, origin = stack.pop()
        best = max(best, (length, a))
        for b, d in roads[a]:
            if b != origin:
                stack.append((length + d, b, a))
    return best


_, end = farthest(1)
print(farthest(end)[0])
""",
    r"""
# take leaves away; each village remembers the longest way down into what was taken
n = int(input())
roads = [dict() for _ in range(n + 1)]
for _ in range(n - 1):
    a, b, d = map(int, input().split())
    roads[a][b] = roads[b][a] = d
deep = [0] * (n + 1)
longest = 0
leaves = [a for a in range(1, n + 1) if len(roads[a]) == 1]
while leaves:
    a = leaves.pop()
    if not roads[a]:
        continue
    (b, d), = roads[a].items()
    longest = max(longest, deep[b] + deep[a] + d)
    deep[b] = max(deep[b], deep[a] + d)
    del roads[b][a]
    if len(roads[b]) == 1:
        leaves.append(b)
print(longest)
""",
)

INCORRECT = (
    (  # only ways that begin in village 1
        "wrong_answer",
        r"""
n = int(input())
roads = [[] for _ in range(n + 1)]
for _ in range(n - 1):
    a, b, d = map(int, input().split())
    roads[a].append((b, d))
    roads[b].append((a, d))
best, stack = 0, [(0, 1, 0)]
while stack:
    length, a, origin = stack.pop()
    best = max(best, length)
    stack += [(length + d, b, a) for b, d in roads[a] if b != origin]
print(best)
""",
    ),
    (  # the two longest ways out of village 1, which need not meet there
        "wrong_answer",
        r"""
n = int(input())
roads = [[] for _ in range(n + 1)]
for _ in range(n - 1):
    a, b, d = map(int, input().split())
    roads[a].append((b, d))
    roads[b].append((a, d))
arms = [0, 0]
for first, d in roads[1]:
    best, stack = 0, [(d, first, 1)]
    while stack:
        length, a, origin = stack.pop()
        best = max(best, length)
        stack += [(length + e, b, a) for b, e in roads[a] if b != origin]
    arms.append(best)
arms.sort()
print(arms[-1] + arms[-2])
""",
    ),
    (  # counts roads to find the ends, not their lengths
        "wrong_answer",
        r"""
n = int(input())
roads = [[] for _ in range(n + 1)]
for _ in range(n - 1):
    a, b, d = map(int, input().split())
    roads[a].append((b, d))
    roads[b].append((a, d))


def farthest(start):
    best, stack = (0, 0, start), [(0, 0, start, 0)]
    while stack:
        count, length, a, origin = stack.pop()
        best = max(best, (count, length, a))
        stack += [(count + 1, length + d, b, a) for b, d in roads[a] if b != origin]
    return best


print(farthest(farthest(1)[2])[1])
""",
    ),
    (  # starts in every village
        "time_limit",
        r"""
n = int(input())
roads = [[] for _ in range(n + 1)]
for _ in range(n - 1):
    a, b, d = map(int, input().split())
    roads[a].append((b, d))
    roads[b].append((a, d))
best = 0
for start in range(1, n + 1):
    stack = [(0, start, 0)]
    while stack:
        length, a, origin = stack.pop()
        best = max(best, length)
        for b, d in roads[a]:
            if b != origin:
                stack.append((length + d, b, a))
print(best)
""",
    ),
    (  # recursion along a valley of 4000 villages
        "runtime_error",
        r"""
n = int(input())
roads = [[] for _ in range(n + 1)]
for _ in range(n - 1):
    a, b, d = map(int, input().split())
    roads[a].append((b, d))
    roads[b].append((a, d))
longest = 0


def deep(a, origin):
    global longest
    best = 0
    for b, d in roads[a]:
        if b != origin:
            down = deep(b, a) + d
            longest = max(longest, best + down)
            best = max(best, down)
    return best


deep(1, 0)
print(longest)
""",
    ),
)

PUBLIC = (
    lines(5, (1, 2, 3), (1, 3, 1), (3, 4, 4), (3, 5, 2)),
    lines(3, (1, 2, 7), (1, 3, 8)),
)

PRIVATE = (
    lines(1),
    lines(2, (2, 1, 9999)),
    lines(4, (1, 2, 1), (2, 3, 10), (2, 4, 10)),
    lines(5, (1, 2, 1), (2, 3, 1), (3, 4, 1), (2, 5, 100)),
    lines(6, (1, 2, 1), (1, 3, 1), (3, 4, 9), (3, 5, 9), (5, 6, 1)),
    lines(7, (7, 6, 5), (6, 5, 5), (5, 4, 5), (4, 3, 5), (3, 2, 5), (2, 1, 5)),
    lines(400, *((1, i, i) for i in range(2, 401))),
    lines(4000, *((i, i + 1, 9) for i in range(1, 4000))),
    lines(500, *((i // 2, i, 1 + i % 9) for i in range(2, 501))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, reach, top in ((3, 3, 9), (6, 6, 9), (12, 12, 5), (40, 3, 100), (150, 150, 10), (400, 400, 9999),
                          (300, 5, 1000), (500, 500, 99)):  # fmt: skip
        name = rng.sample(range(1, n + 1), n)
        roads = []
        for i in range(1, n):
            ends = [name[i], name[rng.randint(max(0, i - reach), i - 1)]]
            rng.shuffle(ends)
            roads.append((*ends, rng.randint(1, top)))
        yield lines(n, *roads)


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 4000)
    group = list(range(n + 1))

    def find(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    for _ in range(n - 1):
        a, b, _ = reader.numbers((1, n), (1, n), (1, 9999))
        require(find(a) != find(b), f"no way between {a} and {b} before their road")
        group[find(a)] = find(b)
    reader.end()
