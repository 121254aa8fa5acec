"""Count everybody below each boss. The traps: bosses with larger numbers, chains too long for recursion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("trees", "dfs and similar", "recursion")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A company has n employees, numbered 1 to n. One of them is the head; everybody else has exactly one boss.
An employee works under each of the persons that one meets on the way up to the head: the boss, the boss
of the boss, and so on. For every employee, how many others work under that person?

Input

The first line holds an integer n (1 <= n <= 1500). The second line holds n integers p_1 to p_n: p_i is
the number of the boss of employee i, or 0 if i is the head. Going from boss to boss, everybody reaches
the head.

Output

Print n integers on one line: how many employees work under employee 1, under employee 2 and so on.

{examples}

Note

In the first example 2 is the head, and all four others work under 2. Employees 1 and 4 have the boss 3.
"""

SOLUTIONS = (
    r"""
# from the leaves upwards: who has nobody left to wait for hands on a number to the boss
n = int(input())
boss = [0] + list(map(int, input().split()))
waiting = [0] * (n + 1)
for b in boss[1:]:
    waiting[b] += 1
under = [0] * (n + 1)
ready = [i for i in range(1, n + 1) if waiting[i] == 0]
while ready:
    i = ready.pop()
    if i == 0:
        break
    b = boss[i]
    under[b] += under[i] + 1
    waiting[b] -= 1
    if waiting[b] == 0:
        ready.append(b)
print(*under[1:])
""",
    r"""
# everybody walks up to the head
n = int(input())
boss = [0] + list(map(int, input().split()))
under = [0] * (n + 1)
for i in range(1, n + 1):
    b = boss[i]
    while b:
        under[b] += 1
        b = boss[b]
print(*under[1:])
""",
)

INCORRECT = (
    (  # only those who have this boss themselves
        "wrong_answer",
        r"""
n = int(input())
boss = list(map(int, input().split()))
print(*(boss.count(i) for i in range(1, n + 1)))
""",
    ),
    (  # everybody works under himself, too
        "wrong_answer",
        r"""
n = int(input())
boss = [0] + list(map(int, input().split()))
under = [0] * (n + 1)
for i in range(1, n + 1):
    b = i
    while b:
        under[b] += 1
        b = boss[b]
print(*under[1:])
""",
    ),
    (  # believes that a boss has a smaller number
        "wrong_answer",
        r"""
n = int(input())
boss = [0] + list(map(int, input().split()))
under = [0] * (n + 1)
for i in range(n, 0, -1):
    under[boss[i]] += under[i] + 1
print(*under[1:])
""",
    ),
    (  # believes that employee 1 is the head
        "wrong_answer",
        r"""
n = int(input())
boss = [0] + list(map(int, input().split()))
below = [[] for _ in range(n + 1)]
for i in range(2, n + 1):
    below[boss[i]].append(i)
order = [1]
for i in order:
    order += below[i]
under = [0] * (n + 1)
for i in reversed(order):
    under[i] = sum(under[j] + 1 for j in below[i])
print(*under[1:])
""",
    ),
    (  # one call for every rank
        "runtime_error",
        r"""
n = int(input())
boss = list(map(int, input().split()))
below = [[] for _ in range(n + 1)]
for i in range(n):
    below[boss[i]].append(i + 1)
under = [0] * (n + 1)


def count(i):
    under[i] = sum(count(j) + 1 for j in below[i])
    return under[i]


count(0)
print(*under[1:])
""",
    ),
    (  # looks one place too far to the right, and walks in a circle
        "time_limit",
        r"""
n = int(input())
boss = list(map(int, input().split()))
under = [0] * n
for i in range(n):
    b = boss[i]
    while b:
        under[b] += 1
        b = boss[b]
print(*under)
""",
    ),
)

PUBLIC = (
    "5\n3 0 2 3 2\n",
    "4\n0 1 4 1\n",
)

PRIVATE = (
    "1\n0\n",
    "2\n0 1\n",
    "2\n2 0\n",
    "4\n0 1 2 3\n",
    "4\n2 3 4 0\n",
    "6\n6 6 6 6 6 0\n",
    "7\n0 1 1 2 2 3 3\n",
    lines(1500, list(range(1500))),
    lines(1500, [*range(2, 1501), 0]),
    lines(1000, [0] + [1] * 999),
)


def generated(rng: Random) -> Iterator[str]:
    for n, reach in ((3, 3), (5, 5), (8, 2), (12, 12), (30, 3), (100, 100), (400, 5), (1000, 1000)):
        name = rng.sample(range(1, n + 1), n)
        boss = [0] * (n + 1)
        for i in range(1, n):
            boss[name[i]] = name[rng.randint(max(0, i - reach), i - 1)]
        yield lines(n, boss[1:])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 1500)
    boss = reader.numbers(*[(0, n)] * n)
    reader.end()
    require(boss.count(0) == 1, "one head")
    below: list[list[int]] = [[] for _ in range(n + 1)]
    for i, b in enumerate(boss, 1):
        below[b].append(i)
    reached = [0]
    for i in reached:
        reached += below[i]
    require(len(reached) == n + 1, "everybody below the head")
