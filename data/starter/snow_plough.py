"""A cheapest network with one link free. The traps: which link is free, villages out of reach, paths too deep."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("graphs", "minimum spanning trees", "dsu", "greedy")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
After a stormy night all m roads between n villages are closed by snow. To clear road i takes the plough
c_i minutes. Volunteers with shovels offer to clear one single road, whichever the mayor names, so that
the plough need not. The mayor chooses the roads to clear in such a way that one can get from every
village to every other one on clear roads. How many minutes does the plough need at least?

Only the clearing takes time; the plough gets from one road to the next without loss.

Input

The first line holds two integers n and m (1 <= n <= 1500, 0 <= m <= 2000). Each of the next m lines holds
three integers a, b and c: a road between the different villages a and b (1 <= a, b <= n) that the plough
clears in c minutes (1 <= c <= 10^6). There may be several roads between the same two villages.

Output

Print the smallest number of minutes, or -1 if not all villages can be connected.

{examples}

Note

In the first example the plough clears the roads of 2 and 3 minutes, the volunteers the one of 8 minutes.
"""

SOLUTIONS = (
    r"""
# Kruskal's algorithm; the last road that it takes is the longest
n, m = map(int, input().split())
roads = sorted(tuple(map(int, input().split()))[::-1] for _ in range(m))
parent = list(range(n + 1))


def find(a):
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a


taken = []
for c, b, a in roads:
    a, b = find(a), find(b)
    if a != b:
        parent[a] = b
        taken.append(c)
print(sum(taken[:-1]) if len(taken) == n - 1 else -1)
""",
    r"""
# Prim's algorithm, with a heap
import sys
from heapq import heappop, heappush

n, m, *numbers = map(int, sys.stdin.read().split())
roads = [[] for _ in range(n + 1)]
for a, b, c in zip(*[iter(numbers)] * 3):
    roads[a].append((c, b))
    roads[b].append((c, a))
heap, seen = [(0, 1)], set()
total = longest = 0
while heap:
    c, a = heappop(heap)
    if a not in seen:
        seen.add(a)
        total += c
        longest = max(longest, c)
        for road in roads[a]:
            heappush(heap, road)
print(total - longest if len(seen) == n else -1)
""",
)

INCORRECT = (
    (  # nobody volunteers
        "wrong_answer",
        r"""
n, m = map(int, input().split())
roads = sorted((tuple(map(int, input().split())) for _ in range(m)), key=lambda road: road[2])
group = list(range(n + 1))
total = joined = 0
for a, b, c in roads:
    if group[a] != group[b]:
        old, new = group[a], group[b]
        group = [new if g == old else g for g in group]
        total += c
        joined += 1
print(total if joined == n - 1 else -1)
""",
    ),
    (  # the volunteers clear the longest road of all, needed or not
        "wrong_answer",
        r"""
n, m = map(int, input().split())
roads = sorted((tuple(map(int, input().split())) for _ in range(m)), key=lambda road: road[2])
group = list(range(n + 1))
total = joined = 0
for a, b, c in roads:
    if group[a] != group[b]:
        old, new = group[a], group[b]
        group = [new if g == old else g for g in group]
        total += c
        joined += 1
print(total - (roads[-1][2] if roads else 0) if joined == n - 1 else -1)
""",
    ),
    (  # takes the n - 1 shortest roads
        "wrong_answer",
        r"""
n, m = map(int, input().split())
times = sorted(int(input().split()[2]) for _ in range(m))
print(sum(times[: n - 1][:-1]) if m >= n - 1 else -1)
""",
    ),
    (  # every village takes its shortest road
        "wrong_answer",
        r"""
n, m = map(int, input().split())
roads = [tuple(map(int, input().split())) for _ in range(m)]
chosen = set()
for village in range(1, n + 1):
    mine = [(c, i) for i, (a, b, c) in enumerate(roads) if village in (a, b)]
    if mine:
        chosen.add(min(mine))
    elif n > 1:
        print(-1)
        break
else:
    times = sorted(c for c, _ in chosen)
    print(sum(times[:-1]))
""",
    ),
    (  # forgets that there may be no way
        "wrong_answer",
        r"""
n, m = map(int, input().split())
roads = sorted((tuple(map(int, input().split())) for _ in range(m)), key=lambda road: road[2])
group = list(range(n + 1))
taken = [0]
for a, b, c in roads:
    if group[a] != group[b]:
        old, new = group[a], group[b]
        group = [new if g == old else g for g in group]
        taken.append(c)
print(sum(taken[:-1]))
""",
    ),
    (  # groups as long chains, and one call for each link
        "runtime_error",
        r"""
n, m = map(int, input().split())
roads = sorted((tuple(map(int, input().split())) for _ in range(m)), key=lambda road: road[2])
parent = list(range(n + 1))


def find(a):
    return a if parent[a] == a else find(parent[a])


taken = []
for a, b, c in roads:
    a, b = find(a), find(b)
    if a != b:
        parent[a] = b
        taken.append(c)
print(sum(taken[:-1]) if len(taken) == n - 1 else -1)
""",
    ),
    (  # tries all choices of n - 1 roads
        "time_limit",
        r"""
from itertools import combinations

n, m = map(int, input().split())
roads = [tuple(map(int, input().split())) for _ in range(m)]
best = -1
for chosen in combinations(roads, n - 1):
    group = list(range(n + 1))
    for a, b, c in chosen:
        old, new = group[a], group[b]
        group = [new if g == old else g for g in group]
    if len(set(group[1:])) == 1:
        times = sorted(c for _, _, c in chosen)
        if best < 0 or sum(times[:-1]) < best:
            best = sum(times[:-1])
print(best)
""",
    ),
)

PUBLIC = (
    lines((4, 5), (1, 2, 2), (2, 3, 3), (1, 3, 4), (3, 4, 8), (4, 1, 9)),
    lines((3, 2), (1, 2, 5), (2, 1, 1)),
)

PRIVATE = (
    lines((1, 0)),
    lines((2, 0)),
    lines((2, 1), (2, 1, 7)),
    lines((2, 2), (2, 1, 7), (1, 2, 3)),
    lines((4, 4), (1, 2, 1), (2, 3, 1), (3, 1, 1), (3, 4, 5)),
    lines((6, 5), (1, 2, 1), (3, 4, 1), (5, 6, 1), (2, 3, 9), (4, 5, 8)),
    lines((5, 4), (1, 2, 1), (2, 3, 1), (4, 5, 1), (5, 4, 2)),
    lines((6, 9), (1, 2, 6), (1, 3, 1), (2, 3, 5), (2, 5, 3), (3, 4, 5), (3, 5, 6), (3, 6, 4), (4, 6, 2), (5, 6, 6)),
    lines((14, 28), *((1 + i % 14, 1 + (i * 5 + 3) % 14, 1 + i * 11 % 28) for i in range(28))),
    lines((1500, 1500), *((i, i + 1, 1) for i in range(1, 1500)), (1, 1500, 2)),
    lines((150, 149), *((1, i, 10**6) for i in range(2, 151))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m, top in ((3, 3, 4), (4, 6, 9), (5, 8, 5), (8, 9, 20), (20, 60, 100), (100, 200, 10**6), (200, 500, 50)):
        roads = ((*rng.sample(range(1, n + 1), 2), rng.randint(1, top)) for _ in range(m))
        yield lines((n, m), *roads)
    name = rng.sample(range(1, 301), 300)
    tree = [(name[i], name[rng.randrange(i)], rng.randint(1, 10**6)) for i in range(1, 300)]
    more = [(*rng.sample(name, 2), rng.randint(1, 10**6)) for _ in range(151)]
    yield lines((300, 450), *rng.sample(tree + more, 450))


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 1500), (0, 2000))
    for _ in range(m):
        a, b, _ = reader.numbers((1, n), (1, n), (1, 10**6))
        if a == b:
            raise ValueError(f"expected two different villages, got {a} twice")
    reader.end()
