"""Bridges of a graph. The traps: double cables, nets in several parts, one search for every cable, recursion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("graphs", "dfs and similar", "bridges", "dsu")
DIFFICULTY = "hard"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
In a computer centre m cables connect n computers. Messages can be passed on from computer to computer. A
cable is weak if there are two computers that can send messages to each other now, but no longer could if
just this cable was cut. Which cables are weak?

Input

The first line holds two integers n and m (1 <= n <= 2000, 0 <= m <= 2500). Each of the next m lines holds
two different integers a and b, the computers at the ends of a cable (1 <= a, b <= n). Several cables may
connect the same two computers. The net need not hang together.

Output

Print the number of weak cables, then their numbers in increasing order. The cables are numbered 1 to m in
the order of the input.

{examples}

Note

In the first example cables 1, 2 and 3 form a ring. In the second example computers 1 and 2 have two cables.
"""

SOLUTIONS = (
    r"""
# depth-first search without recursion; low: the earliest computer reached from below by a cable that is no step down
n, m = map(int, input().split())
cables = [[] for _ in range(n + 1)]
for i in range(1, m + 1):
    a, b = map(int, input().split())
    cables[a].append((b, i))
    cables[b].append((a, i))
time = [0] * (n + 1)
low = [0] * (n + 1)
clock, weak = 0, []
for start in range(1, n + 1):
    if time[start]:
        continue
    clock += 1
    time[start] = low[start] = clock
    way = [(start, 0, iter(cables[start]))]
    while way:
        a, came, rest = way[-1]
        for b, i in rest:
            if i == came:
                continue
            if time[b]:
                low[a] = min(low[a], time[b])
            else:
                clock += 1
                time[b] = low[b] = clock
                way.append((b, i, iter(cables[b])))
                break
        else:
            way.pop()
            if way:
                above = way[-1][0]
                low[above] = min(low[above], low[a])
                if low[a] > time[above]:
                    weak.append(came)
print(len(weak), *sorted(weak))
""",
    r"""
# a forest of cables; every other cable closes a ring, and what is on a ring becomes one group
n, m = map(int, input().split())
near = [[] for _ in range(n + 1)]
ends = []
for i in range(m):
    a, b = map(int, input().split())
    ends.append((a, b))
    near[a].append((b, i))
    near[b].append((a, i))
above, cable, depth = [0] * (n + 1), [-1] * (n + 1), [-1] * (n + 1)
for start in range(1, n + 1):
    if depth[start] < 0:
        depth[start] = 0
        queue = [start]
        for a in queue:
            for b, i in near[a]:
                if depth[b] < 0:
                    depth[b], above[b], cable[b] = depth[a] + 1, a, i
                    queue.append(b)
top = list(range(n + 1))  # towards the highest computer of the group


def find(a):
    while top[a] != a:
        top[a] = top[top[a]]
        a = top[a]
    return a


weak = set(cable) - {-1}
for i, (a, b) in enumerate(ends):
    if cable[a] == i or cable[b] == i:
        continue
    a, b = find(a), find(b)
    while a != b:
        if depth[a] < depth[b]:
            a, b = b, a
        weak.discard(cable[a])
        top[a] = above[a]
        a = find(a)
print(len(weak))
print(*sorted(i + 1 for i in weak))
""",
)

INCORRECT = (
    (  # only cables to a computer that has no other one
        "wrong_answer",
        r"""
n, m = map(int, input().split())
cables = [tuple(map(int, input().split())) for _ in range(m)]
count = [0] * (n + 1)
for a, b in cables:
    count[a] += 1
    count[b] += 1
weak = [i for i, (a, b) in enumerate(cables, 1) if count[a] == 1 or count[b] == 1]
print(len(weak), *weak)
""",
    ),
    (  # numbers the cables from 0
        "wrong_answer",
        r"""
n, m = map(int, input().split())
cables = [tuple(map(int, input().split())) for _ in range(m)]


def groups(left_out):
    group = list(range(n + 1))
    count = n
    for i, (a, b) in enumerate(cables):
        if i != left_out and group[a] != group[b]:
            count -= 1
            old, new = group[a], group[b]
            group = [new if g == old else g for g in group]
    return count


weak = [i for i in range(m) if groups(i) > groups(-1)]
print(len(weak), *weak)
""",
    ),
    (  # never looks back at the computer it came from, even by another cable
        "wrong_answer",
        r"""
import sys

sys.setrecursionlimit(10000)
n, m = map(int, input().split())
near = [[] for _ in range(n + 1)]
for i in range(1, m + 1):
    a, b = map(int, input().split())
    near[a].append((b, i))
    near[b].append((a, i))
time, low, weak = {}, {}, []


def search(a, above):
    time[a] = low[a] = len(time)
    for b, i in near[a]:
        if b == above:
            continue
        if b not in time:
            search(b, a)
            if low[b] > time[a]:
                weak.append(i)
        low[a] = min(low[a], low[b])


for start in range(1, n + 1):
    if start not in time:
        search(start, 0)
print(len(weak), *sorted(weak))
""",
    ),
    (  # only looks at the part of the net with computer 1
        "wrong_answer",
        r"""
import sys

sys.setrecursionlimit(10000)
n, m = map(int, input().split())
near = [[] for _ in range(n + 1)]
for i in range(1, m + 1):
    a, b = map(int, input().split())
    near[a].append((b, i))
    near[b].append((a, i))
time, low, weak = {}, {}, []


def search(a, came):
    time[a] = low[a] = len(time)
    for b, i in near[a]:
        if i == came:
            continue
        if b not in time:
            search(b, i)
            if low[b] > time[a]:
                weak.append(i)
        low[a] = min(low[a], low[b])


search(1, 0)
print(len(weak), *sorted(weak))
""",
    ),
    (  # cuts one cable after the other and searches the whole net
        "time_limit",
        r"""
n, m = map(int, input().split())
near = [[] for _ in range(n + 1)]
ends = []
for i in range(m):
    a, b = map(int, input().split())
    ends.append((a, b))
    near[a].append((b, i))
    near[b].append((a, i))
weak = []
for cut in range(m):
    a, b = ends[cut]
    reached = {a}
    queue = [a]
    for x in queue:
        for y, i in near[x]:
            if i != cut and y not in reached:
                reached.add(y)
                queue.append(y)
    if b not in reached:
        weak.append(cut + 1)
print(len(weak), *weak)
""",
    ),
    (  # a call for every computer
        "runtime_error",
        r"""
n, m = map(int, input().split())
near = [[] for _ in range(n + 1)]
for i in range(1, m + 1):
    a, b = map(int, input().split())
    near[a].append((b, i))
    near[b].append((a, i))
time, low, weak = {}, {}, []


def search(a, came):
    time[a] = low[a] = len(time)
    for b, i in near[a]:
        if i == came:
            continue
        if b not in time:
            search(b, i)
            if low[b] > time[a]:
                weak.append(i)
        low[a] = min(low[a], low[b])


for start in range(1, n + 1):
    if start not in time:
        search(start, 0)
print(len(weak), *sorted(weak))
""",
    ),
    (  # looks into a list that is one too short
        "runtime_error",
        r"""
n, m = map(int, input().split())
near = [[] for _ in range(n)]
for i in range(1, m + 1):
    a, b = map(int, input().split())
    near[a].append((b, i))
    near[b].append((a, i))
weak = []
for a in range(1, n + 1):
    for b, i in near[a]:
        reached, queue = {a}, [a]
        for x in queue:
            for y, j in near[x]:
                if j != i and y not in reached:
                    reached.add(y)
                    queue.append(y)
        if a < b and b not in reached:
            weak.append(i)
print(len(weak), *sorted(weak))
""",
    ),
)

PUBLIC = (
    lines((5, 5), (1, 2), (2, 3), (3, 1), (3, 4), (4, 5)),
    lines((4, 3), (1, 2), (3, 2), (2, 1)),
)

# The ring of 2000 is the first large one: it is too deep for recursion, and too long to be searched for every cable.
PRIVATE = (
    lines((1, 0)),
    lines((2, 1), (2, 1)),
    lines((3, 2), (2, 3), (3, 2)),
    lines((5, 3), (4, 5), (2, 3), (3, 5)),
    lines((6, 7), (1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)),
    lines((6, 6), (1, 2), (2, 1), (2, 3), (3, 4), (4, 3), (5, 6)),
    lines((4, 6), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)),
    lines((300, 299), *((i, i + 1) for i in range(1, 300))),
    lines((2000, 2500), *((i, i % 2000 + 1) for i in range(1, 2001)), *((4 * i, 4 * i - 2) for i in range(1, 501))),
    lines((800, 799), *((1, i) for i in range(2, 801))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m in ((3, 3), (5, 5), (7, 7), (10, 12), (30, 33), (100, 120), (300, 300), (700, 900)):
        yield lines((n, m), *(rng.sample(range(1, n + 1), 2) for _ in range(m)))


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 2000), (0, 2500))
    for _ in range(m):
        a, b = reader.numbers((1, n), (1, n))
        require(a != b, "two different computers")
    reader.end()
