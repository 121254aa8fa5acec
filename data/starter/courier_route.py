"""Shortest paths with weights. The traps: streets are one-way, some places are out of reach, paths are many."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("graphs", "shortest paths", "data structures")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A town has n squares, numbered 1 to n, and m one-way streets. For every street it is known how many
seconds a courier needs to ride along it. The courier starts at square 1. For each of the squares, how
soon can she be there?

Input

The first line holds two integers n and m (1 <= n <= 2000, 0 <= m <= 4000). Each of the next m lines
holds three integers a, b and s: a street leads from square a to square b and takes s seconds
(1 <= a, b <= n, 0 <= s <= 10^6). There may be several streets from a to b, and a may equal b.

Output

Print n integers: for each square, in order, the smallest number of seconds, or -1 if the courier
cannot get there. The number for square 1 is 0.

{examples}

Note

In the first example the ride 1-3-2 takes 5 seconds, the direct one 9. Nothing leads to square 4.
"""

SOLUTIONS = (
    r"""
import sys
from heapq import heappop, heappush

n, m, *numbers = map(int, sys.stdin.buffer.read().split())
streets = [[] for _ in range(n + 1)]
for i in range(0, 3 * m, 3):
    a, b, s = numbers[i : i + 3]
    streets[a].append((b, s))
best = [-1] * (n + 1)
heap = [(0, 1)]
while heap:
    time, a = heappop(heap)
    if best[a] != -1:
        continue
    best[a] = time
    for b, s in streets[a]:
        if best[b] == -1:
            heappush(heap, (time + s, b))
print(*best[1:])
""",
    r"""
# Bellman and Ford with a queue of the squares that became better
import sys
from collections import deque

n, m = map(int, sys.stdin.readline().split())
streets = [{} for _ in range(n + 1)]
for _ in range(m):
    a, b, s = map(int, sys.stdin.readline().split())
    streets[a][b] = min(s, streets[a].get(b, s))
FAR = float("inf")
best = [FAR] * (n + 1)
best[1] = 0
queue, waiting = deque([1]), {1}
while queue:
    a = queue.popleft()
    waiting.remove(a)
    for b, s in streets[a].items():
        if best[a] + s < best[b]:
            best[b] = best[a] + s
            if b not in waiting:
                waiting.add(b)
                queue.append(b)
print(*(-1 if time == FAR else time for time in best[1:]))
""",
)

INCORRECT = (
    (  # the route with the fewest streets, which need not be the fastest
        "wrong_answer",
        r"""
from collections import deque

n, m = map(int, input().split())
streets = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b, s = map(int, input().split())
    streets[a].append((b, s))
best = [-1] * (n + 1)
best[1] = 0
queue = deque([1])
while queue:
    a = queue.popleft()
    for b, s in streets[a]:
        if best[b] == -1:
            best[b] = best[a] + s
            queue.append(b)
print(*best[1:])
""",
    ),
    (  # a later street from a to b replaces an earlier, faster one
        "wrong_answer",
        r"""
from heapq import heappop, heappush

n, m = map(int, input().split())
streets = [{} for _ in range(n + 1)]
for _ in range(m):
    a, b, s = map(int, input().split())
    streets[a][b] = s
best = [-1] * (n + 1)
heap = [(0, 1)]
while heap:
    time, a = heappop(heap)
    if best[a] == -1:
        best[a] = time
        for b, s in streets[a].items():
            heappush(heap, (time + s, b))
print(*best[1:])
""",
    ),
    (  # rides against the one-way streets
        "wrong_answer",
        r"""
from heapq import heappop, heappush

n, m = map(int, input().split())
streets = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b, s = map(int, input().split())
    streets[a].append((b, s))
    streets[b].append((a, s))
best = [-1] * (n + 1)
heap = [(0, 1)]
while heap:
    time, a = heappop(heap)
    if best[a] == -1:
        best[a] = time
        for b, s in streets[a]:
            heappush(heap, (time + s, b))
print(*best[1:])
""",
    ),
    (  # rides along every route there is
        "time_limit",
        r"""
n, m = map(int, input().split())
streets = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b, s = map(int, input().split())
    streets[a].append((b, s))
best = [-1] * (n + 1)
on_route = [False] * (n + 1)


def ride(a, time):
    if best[a] == -1 or time < best[a]:
        best[a] = time
    on_route[a] = True
    for b, s in streets[a]:
        if not on_route[b]:
            ride(b, time + s)
    on_route[a] = False


ride(1, 0)
print(*best[1:])
""",
    ),
    (  # squares out of reach are missing
        "runtime_error",
        r"""
from heapq import heappop, heappush

n, m = map(int, input().split())
streets = {}
for _ in range(m):
    a, b, s = map(int, input().split())
    streets.setdefault(a, []).append((b, s))
best = {}
heap = [(0, 1)]
while heap:
    time, a = heappop(heap)
    if a not in best:
        best[a] = time
        for b, s in streets.get(a, []):
            heappush(heap, (time + s, b))
print(*[best[a] for a in range(1, n + 1)])
""",
    ),
)


def _ladder(rungs: int) -> str:
    """Two parallel streets to each next pair: 2^rungs routes, each of them short."""
    streets = []
    for i in range(rungs):
        a = 3 * i + 1
        streets += [(a, a + 1, 1), (a, a + 2, 2), (a + 1, a + 3, 3), (a + 2, a + 3, 1)]
    return lines((3 * rungs + 1, len(streets)), *streets)


PUBLIC = (
    lines((4, 4), (1, 2, 9), (1, 3, 2), (3, 2, 3), (4, 1, 1)),
    lines((3, 2), (1, 2, 4), (2, 3, 0)),
)

PRIVATE = (
    lines((1, 0)),
    lines((1, 1), (1, 1, 5)),
    lines((3, 0)),
    lines((2, 3), (1, 2, 3), (1, 2, 7), (2, 1, 1)),
    lines((3, 3), (1, 2, 0), (2, 3, 0), (3, 1, 0)),
    lines((5, 5), (1, 2, 1000000), (1, 3, 1), (3, 4, 1), (4, 5, 1), (5, 2, 1)),
    _ladder(80),
    lines((300, 299), *((i, i + 1, 10**6) for i in range(1, 300))),
    lines((1500, 800), *((1 + i % 37, 1 + i * 7 % 1500, i % 11) for i in range(800))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m, top in ((3, 4, 5), (5, 8, 9), (8, 10, 3), (30, 60, 100), (200, 300, 10**6), (300, 500, 10),
                      (500, 600, 1000)):  # fmt: skip
        streets = ((rng.randint(1, n), rng.randint(1, n), rng.randint(0, top)) for _ in range(m))
        yield lines((n, m), *streets)
    yield _ladder(rng.randint(100, 200))


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 2000), (0, 4000))
    for _ in range(m):
        reader.numbers((1, n), (1, n), (0, 10**6))
    reader.end()
