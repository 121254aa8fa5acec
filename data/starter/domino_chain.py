"""Lay all dominoes in one row: a walk along every edge. The traps: dead ends, open chains, groups without a link."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("graphs", "eulerian paths", "constructive")
DIFFICULTY = "hard"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Each of n dominoes has two halves, with a number on each. Lay all of them in one row, end to end, so that
the two halves that touch always have the same number. A domino may be turned around. The two ends of the
row need not fit together.

Input

The first line holds an integer n (1 <= n <= 1200). Each of the next n lines holds two integers, the numbers
on the halves of a domino, from 1 to 1000; they may be equal. There may be equal dominoes.

Output

Print n + 1 integers: the number at the left end of the row, then the number that each two neighbouring
dominoes share, from left to right, and at last the number at the right end. If there are several right
answers, print any of them. If there is none, print only -1.

{examples}

Note

In the first example the row is 1-2, 2-3, 3-1, 1-4. In the second example the third domino fits to none of
the two others.
"""

SOLUTIONS = (
    r"""
# Hierholzer's algorithm: walk until stuck, and write down numbers on the way back
n = int(input())
at = {}
for i in range(n):
    x, y = map(int, input().split())
    at.setdefault(x, []).append((y, i))
    at.setdefault(y, []).append((x, i))
odd = [x for x in at if len(at[x]) % 2]
used = [False] * n
way, row = [odd[0] if odd else x], []
while way:
    here = at[way[-1]]
    while here and used[here[-1][1]]:
        here.pop()
    if here:
        x, i = here.pop()
        used[i] = True
        way.append(x)
    else:
        row.append(way.pop())
print(*row if len(odd) <= 2 and len(row) == n + 1 else [-1])
""",
    r"""
# one walk between the ends, then detours are inserted wherever dominoes are left
import sys
from collections import defaultdict

n, *halves = map(int, sys.stdin.read().split())
left = defaultdict(lambda: defaultdict(int))
count = defaultdict(int)
for x, y in zip(halves[::2], halves[1::2]):
    left[x][y] += 1
    if x != y:
        left[y][x] += 1
    count[x] += 1
    count[y] += 1


def walk(x):
    way = [x]
    while left[x]:
        y = next(iter(left[x]))
        for a, b in {(x, y), (y, x)}:
            left[a][b] -= 1
            if not left[a][b]:
                del left[a][b]
        x = y
        way.append(x)
    return way


odd = sorted(x for x in count if count[x] % 2)
if len(odd) > 2:
    print(-1)
else:
    row = walk(odd[0] if odd else halves[0])
    place = 0
    while place < len(row):
        if left[row[place]]:
            row[place : place + 1] = walk(row[place])
        else:
            place += 1
    print(*row if len(row) == n + 1 else [-1])
""",
)

CHECKER = r"""
def number(word, least, greatest):
    # at most ten ASCII digits, so that int() is cheap and never fails
    if not (len(word) <= 10 and word.isascii() and word.isdigit()):
        return None
    value = int(word)
    return value if least <= value <= greatest else None


def check(input, output, expected):
    n, *halves = map(int, input.split())
    if len(output) > 100000 or not output.isascii():
        return False
    words = output.split()
    if expected.split() == ["-1"]:
        return words == ["-1"]
    row = [number(word, 1, 1000) for word in words]
    if len(row) != n + 1 or None in row:
        return False
    laid = sorted((min(pair), max(pair)) for pair in zip(row, row[1:]))
    return laid == sorted((min(pair), max(pair)) for pair in zip(halves[::2], halves[1::2]))
"""

INCORRECT = (
    (  # takes the first domino that fits, until none does
        "wrong_answer",
        r"""
n = int(input())
dominoes = [tuple(map(int, input().split())) for _ in range(n)]
row = list(dominoes.pop(0))
while dominoes:
    for i, (x, y) in enumerate(dominoes):
        if row[-1] in (x, y):
            row.append(y if row[-1] == x else x)
            dominoes.pop(i)
            break
    else:
        break
print(*row if not dominoes else [-1])
""",
    ),
    (  # wants the ends of the row to fit together, too
        "wrong_answer",
        r"""
n = int(input())
at = {}
for i in range(n):
    x, y = map(int, input().split())
    at.setdefault(x, []).append((y, i))
    at.setdefault(y, []).append((x, i))
used = [False] * n
way, row = [x], []
while way:
    here = at[way[-1]]
    while here and used[here[-1][1]]:
        here.pop()
    if here:
        x, i = here.pop()
        used[i] = True
        way.append(x)
    else:
        row.append(way.pop())
print(*row if row[0] == row[-1] and len(row) == n + 1 else [-1])
""",
    ),
    (  # only counts how often each number occurs
        "wrong_answer",
        r"""
n = int(input())
at = {}
for i in range(n):
    x, y = map(int, input().split())
    at.setdefault(x, []).append((y, i))
    at.setdefault(y, []).append((x, i))
odd = [x for x in at if len(at[x]) % 2]
used = [False] * n
way, row = [odd[0] if odd else x], []
while way:
    here = at[way[-1]]
    while here and used[here[-1][1]]:
        here.pop()
    if here:
        x, i = here.pop()
        used[i] = True
        way.append(x)
    else:
        row.append(way.pop())
print(*row if len(odd) <= 2 else [-1])
""",
    ),
    (  # never turns a domino around
        "wrong_answer",
        r"""
n = int(input())
at, balance = {}, {}
for i in range(n):
    x, y = map(int, input().split())
    at.setdefault(x, []).append(y)
    balance[x] = balance.get(x, 0) + 1
    balance[y] = balance.get(y, 0) - 1
way, row = [next((z for z in balance if balance[z] > 0), x)], []
while way:
    if at.get(way[-1]):
        way.append(at[way[-1]].pop())
    else:
        row.append(way.pop())
row.reverse()
print(*row if len(row) == n + 1 else [-1])
""",
    ),
    (  # tries all rows
        "time_limit",
        r"""
n = int(input())
dominoes = [tuple(map(int, input().split())) for _ in range(n)]


def extend(row, left):
    if not left:
        return row
    for i, domino in enumerate(left):
        for x, y in (domino, domino[::-1]):
            if x == row[-1]:
                found = extend(row + [y], left[:i] + left[i + 1 :])
                if found:
                    return found
    return None


for start in {x for domino in dominoes for x in domino}:
    row = extend([start], dominoes)
    if row:
        print(*row)
        break
else:
    print(-1)
""",
    ),
    (  # a call for every domino
        "runtime_error",
        r"""
n = int(input())
at = {}
for i in range(n):
    x, y = map(int, input().split())
    at.setdefault(x, []).append((y, i))
    at.setdefault(y, []).append((x, i))
odd = [x for x in at if len(at[x]) % 2]
used = [False] * n
row = []


def walk(x):
    while at[x]:
        y, i = at[x].pop()
        if not used[i]:
            used[i] = True
            walk(y)
    row.append(x)


walk(odd[0] if odd else x)
print(*row if len(odd) <= 2 and len(row) == n + 1 else [-1])
""",
    ),
)

PUBLIC = (
    lines(4, (2, 1), (1, 3), (4, 1), (2, 3)),
    lines(3, (1, 2), (2, 3), (4, 4)),
)

PRIVATE = (
    lines(1, (7, 7)),
    lines(1, (5, 9)),
    lines(2, (1, 2), (1, 2)),
    lines(3, (1, 2), (1, 3), (1, 4)),
    lines(6, (1, 2), (2, 3), (3, 1), (4, 5), (5, 6), (6, 4)),
    lines(5, (1, 1), (1, 1), (1, 2), (2, 2), (3, 2)),
    lines(6, (1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 3)),
    lines(7, (1, 2), (2, 1), (1, 2), (2, 3), (3, 2), (2, 3), (3, 1)),
    lines(21, *((i, j) for i in range(1, 7) for j in range(i, 7))),
    lines(1200, *((1 + i % 1000, 1 + (i + 1) % 1000) for i in range(1200))),
    lines(600, *((1, 1) if i % 2 else (1, 2) for i in range(600))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top, whole in (
        (3, 2, False),
        (4, 3, True),
        (6, 4, True),
        (8, 4, False),
        (9, 5, True),
        (60, 8, True),
        (300, 40, True),
        (400, 1000, True),
    ):
        row = rng.choices(range(1, top + 1), k=n + 1)
        dominoes = [list(pair) for pair in pairwise(row)]
        if not whole:
            dominoes[0][0] = rng.randint(1, top)
        for domino in dominoes:
            rng.shuffle(domino)
        rng.shuffle(dominoes)
        yield lines(n, *dominoes)


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 1200)):
        reader.numbers((1, 1000), (1, 1000))
    reader.end()
