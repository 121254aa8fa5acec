"""The shortest round trip, by subsets. The traps: the way back, one-way differences, a single stop, 11! orders."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("dp", "bitmasks", "graphs")
DIFFICULTY = "hard"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A van starts at the depot, brings a parcel to each of the other addresses and comes back to the depot. It
visits every address exactly once. Uphill it needs longer than downhill, so the way from i to j may take
another time than the way from j to i, and a detour may even be faster than the direct way; but the van
does not make detours over places that it has visited or has yet to visit. How long does the fastest round
trip take?

Input

The first line holds an integer n, the number of addresses including the depot (1 <= n <= 12). Each of the
next n lines holds n integers; the j-th number of the i-th line is the time from address i to address j in
seconds, from 0 to 10^6. The depot is address 1. The time from an address to itself is 0.

Output

Print the time of the fastest round trip. If the depot is the only address, it is 0.

{examples}

Note

In the first example the trip 1-3-2-1 takes 2 + 3 + 1 = 6 seconds; the other way round it takes 20.
"""

SOLUTIONS = (
    r"""
# best[s][j]: the fastest way over the addresses in s, at j in the end
import sys

n, *numbers = map(int, sys.stdin.read().split())
time = [numbers[i * n : i * n + n] for i in range(n)]
FAR = 10**9
best = [[FAR] * n for _ in range(1 << n)]
best[1][0] = 0
for s in range(1, 1 << n, 2):
    for i in range(n):
        t = best[s][i]
        if t < FAR:
            row = time[i]
            for j in range(1, n):
                if not s >> j & 1 and t + row[j] < best[s | 1 << j][j]:
                    best[s | 1 << j][j] = t + row[j]
print(min(best[-1][j] + time[j][0] for j in range(n)))
""",
    r"""
# backwards from the end: what is the fastest way home if these addresses are left?
from functools import lru_cache

n = int(input())
time = [list(map(int, input().split())) for _ in range(n)]


@lru_cache(maxsize=None)
def home(at, left):
    if not left:
        return time[at][0]
    return min(time[at][j] + home(j, left - {j}) for j in left)


print(home(0, frozenset(range(1, n))))
""",
)

INCORRECT = (
    (  # always to the nearest address that is left
        "wrong_answer",
        r"""
n = int(input())
time = [list(map(int, input().split())) for _ in range(n)]
at, total, left = 0, 0, set(range(1, n))
while left:
    j = min(left, key=lambda j: (time[at][j], j))
    total += time[at][j]
    left.remove(j)
    at = j
print(total + time[at][0])
""",
    ),
    (  # does not come back
        "wrong_answer",
        r"""
n = int(input())
time = [list(map(int, input().split())) for _ in range(n)]
best = {(1, 0): 0}
for s in range(1, 1 << n):
    for i in range(n):
        if (s, i) in best:
            for j in range(n):
                if not s >> j & 1:
                    key = (s | 1 << j, j)
                    best[key] = min(best.get(key, 10**9), best[s, i] + time[i][j])
print(min(best.get(((1 << n) - 1, j), 10**9) for j in range(n)))
""",
    ),
    (  # makes detours over other addresses: shortest paths first
        "wrong_answer",
        r"""
n = int(input())
time = [list(map(int, input().split())) for _ in range(n)]
for k in range(n):
    for i in range(n):
        for j in range(n):
            time[i][j] = min(time[i][j], time[i][k] + time[k][j])
best = {(1, 0): 0}
for s in range(1, 1 << n):
    for i in range(n):
        if (s, i) in best:
            for j in range(n):
                if not s >> j & 1:
                    key = (s | 1 << j, j)
                    best[key] = min(best.get(key, 10**9), best[s, i] + time[i][j])
print(min(best.get(((1 << n) - 1, j), 10**9) + time[j][0] for j in range(n)))
""",
    ),
    (  # all orders
        "time_limit",
        r"""
from itertools import permutations

n = int(input())
time = [list(map(int, input().split())) for _ in range(n)]
best = 10**9
for order in permutations(range(1, n)):
    at, total = 0, 0
    for j in order:
        total += time[at][j]
        at = j
    best = min(best, total + time[at][0])
print(best)
""",
    ),
    (  # there is no first stop if there is only the depot
        "runtime_error",
        r"""
n = int(input())
time = [list(map(int, input().split())) for _ in range(n)]
best = {(1 << j, j): time[0][j] for j in range(1, n)}
for s in range(2, 1 << n, 2):
    for i in range(1, n):
        if (s, i) in best:
            for j in range(1, n):
                if not s >> j & 1:
                    key = (s | 1 << j, j)
                    best[key] = min(best.get(key, 10**9), best[s, i] + time[i][j])
print(min(best[(1 << n) - 2, j] + time[j][0] for j in range(1, n)))
""",
    ),
)


def _table(n: int, rule: list[int]) -> str:
    """An input from n * n numbers, zero on the diagonal."""
    return lines(n, *([0 if i == j else rule[i * n + j] for j in range(n)] for i in range(n)))


PUBLIC = (
    lines(3, (0, 9, 2), (1, 0, 5), (6, 3, 0)),
    lines(4, (0, 5, 5, 5), (5, 0, 5, 5), (5, 5, 0, 5), (5, 5, 5, 0)),
)

PRIVATE = (
    lines(2, (0, 3), (4, 0)),
    lines(1, 0),
    lines(3, (0, 0, 0), (0, 0, 0), (0, 0, 0)),
    lines(4, (0, 1, 2, 9), (9, 0, 1, 1), (1, 9, 0, 9), (50, 9, 9, 0)),
    lines(4, (0, 1, 100, 100), (1, 0, 1, 1), (100, 1, 0, 100), (100, 1, 100, 0)),
    _table(8, [(i * 37) % 101 for i in range(64)]),
    _table(12, [10**6] * 144),
    _table(12, [(i * i * 7) % 997 for i in range(144)]),
    _table(11, [(i * 53) % 211 for i in range(121)]),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 9), (4, 9), (5, 20), (6, 5), (7, 100), (9, 10**6), (11, 1000), (12, 10**6)):
        yield _table(n, [rng.randint(0, top) for _ in range(n * n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 12)
    for i in range(n):
        reader.numbers(*((0, 0 if i == j else 10**6) for j in range(n)))
    reader.end()
