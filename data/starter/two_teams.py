"""Two-colour a graph. The traps: several parts, odd circles far from the first player, 2^n splits."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("graphs", "dfs and similar", "constructive")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A class of n pupils shall be split into the teams A and B. There are m quarrels; a quarrel is between two
pupils, and they must not be in the same team. A team may have any number of members, even none.

Input

The first line holds two integers n and m (1 <= n <= 3000, 0 <= m <= 4000). Each of the next m lines holds
two different integers from 1 to n, the two pupils of a quarrel. A pair may quarrel more than once.

Output

Print a string of n characters, "A" or "B": the teams of pupils 1 to n. If there are several right
answers, print any of them. If there is none, print "-".

{examples}

Note

In the first example pupils 1 and 3 are in one team, 2 in the other, and 4 may be in either. Three pupils
who all quarrel with each other do not fit into two teams.
"""

SOLUTIONS = (
    r"""
n, m = map(int, input().split())
enemies = [[] for _ in range(n)]
for _ in range(m):
    a, b = map(int, input().split())
    enemies[a - 1].append(b - 1)
    enemies[b - 1].append(a - 1)
team = [""] * n
possible = True
for pupil in range(n):
    if team[pupil]:
        continue
    team[pupil] = "A"
    queue = [pupil]
    for a in queue:
        for b in enemies[a]:
            if not team[b]:
                team[b] = "B" if team[a] == "A" else "A"
                queue.append(b)
            elif team[b] == team[a]:
                possible = False
print("".join(team) if possible else "-")
""",
    r"""
# union of "is in A" and "is in B" facts: a in A goes with b in B, and the other way round
import sys

n, m, *pairs = map(int, sys.stdin.read().split())
root = list(range(2 * n))


def find(i):
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


for a, b in zip(pairs[::2], pairs[1::2]):
    root[find(a - 1)] = find(b - 1 + n)
    root[find(b - 1)] = find(a - 1 + n)
if any(find(i) == find(i + n) for i in range(n)):
    print("-")
else:
    # the two halves of a part are mirror images: the one whose root is smaller shall hold
    print("".join("A" if find(i) < find(i + n) else "B" for i in range(n)))
""",
)

CHECKER = r"""
def check(input, output, expected):
    n, m, *pairs = map(int, input.split())
    if len(output) > 100000 or not output.isascii():
        return False
    words = output.split()
    if len(words) != 1:
        return False
    if expected.split() == ["-"]:
        return words == ["-"]
    team = words[0]
    if len(team) != n or set(team) - {"A", "B"}:
        return False
    return all(team[a - 1] != team[b - 1] for a, b in zip(pairs[::2], pairs[1::2]))
"""

INCORRECT = (
    (  # only goes through the quarrels once, in the order of the input
        "wrong_answer",
        r"""
n, m = map(int, input().split())
team = [""] * n
possible = True
for _ in range(m):
    a, b = map(int, input().split())
    a, b = a - 1, b - 1
    if not team[a] and not team[b]:
        team[a] = "A"
    if team[a] and not team[b]:
        team[b] = "B" if team[a] == "A" else "A"
    elif team[b] and not team[a]:
        team[a] = "B" if team[b] == "A" else "A"
    elif team[a] == team[b]:
        possible = False
print("".join(t or "A" for t in team) if possible else "-")
""",
    ),
    (  # only looks at those who are connected with pupil 1
        "wrong_answer",
        r"""
n, m = map(int, input().split())
enemies = [[] for _ in range(n)]
for _ in range(m):
    a, b = map(int, input().split())
    enemies[a - 1].append(b - 1)
    enemies[b - 1].append(a - 1)
team = ["A"] + [""] * (n - 1)
possible = True
queue = [0]
for a in queue:
    for b in enemies[a]:
        if not team[b]:
            team[b] = "B" if team[a] == "A" else "A"
            queue.append(b)
        elif team[b] == team[a]:
            possible = False
print("".join(t or "A" for t in team) if possible else "-")
""",
    ),
    (  # more quarrels than pupils are too many
        "wrong_answer",
        r"""
n, m = map(int, input().split())
enemies = [[] for _ in range(n)]
for _ in range(m):
    a, b = map(int, input().split())
    enemies[a - 1].append(b - 1)
    enemies[b - 1].append(a - 1)
team = [""] * n
for pupil in range(n):
    if not team[pupil]:
        team[pupil] = "A"
        queue = [pupil]
        for a in queue:
            for b in enemies[a]:
                if not team[b]:
                    team[b] = "B" if team[a] == "A" else "A"
                    queue.append(b)
print("".join(team) if m < n else "-")
""",
    ),
    (  # tries all 2^n splits
        "time_limit",
        r"""
n, m = map(int, input().split())
pairs = [tuple(map(int, input().split())) for _ in range(m)]
for split in range(2**n):
    if all((split >> a - 1 ^ split >> b - 1) & 1 for a, b in pairs):
        print("".join("AB"[split >> i & 1] for i in range(n)))
        break
else:
    print("-")
""",
    ),
    (  # pupil n has no row in the table
        "runtime_error",
        r"""
n, m = map(int, input().split())
enemies = [[] for _ in range(n)]
for _ in range(m):
    a, b = map(int, input().split())
    enemies[a].append(b)
    enemies[b].append(a)
team = [""] * (n + 1)
possible = True
for pupil in range(1, n):
    if not team[pupil]:
        team[pupil] = "A"
        queue = [pupil]
        for a in queue:
            for b in enemies[a]:
                if not team[b]:
                    team[b] = "B" if team[a] == "A" else "A"
                    queue.append(b)
                elif team[a] == team[b]:
                    possible = False
print("".join(t or "A" for t in team[1:]) if possible else "-")
""",
    ),
    (  # a comparison is no name to assign to
        "compile_error",
        r"""
n, m = map(int, input().split())
team = ["A"] * n
for _ in range(m):
    a, b = map(int, input().split())
    if team[a - 1] == team[b - 1]:
        team[b - 1] == "B" = team[a - 1]
print("".join(team))
""",
    ),
)

PUBLIC = (
    lines((4, 2), (1, 2), (2, 3)),
    lines((3, 3), (1, 2), (2, 3), (3, 1)),
)

PRIVATE = (
    lines((1, 0)),
    lines((2, 1), (2, 1)),
    lines((2, 2), (1, 2), (2, 1)),
    lines((4, 3), (1, 2), (3, 4), (2, 3)),
    lines((4, 4), (1, 2), (3, 4), (1, 3), (2, 4)),
    lines((6, 5), (1, 2), (2, 3), (4, 5), (5, 6), (6, 4)),
    lines((7, 5), (7, 6), (6, 5), (5, 4), (4, 7), (2, 3)),
    lines((61, 60), *((i, i + 1) for i in range(1, 61))),
    lines((2000, 1999), *((i + 1, i) for i in range(1, 2000))),
    lines((799, 799), *((i, i % 799 + 1) for i in range(1, 800))),
    lines((80, 1600), *((i, 40 + j) for i in range(1, 41) for j in range(1, 41))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m, odd in ((3, 2, False), (6, 6, False), (9, 8, True), (30, 40, False), (100, 150, False),
                      (400, 500, True), (1000, 1000, False), (600, 600, False)):  # fmt: skip
        team = [rng.random() < 0.5 for _ in range(n)]
        team[0], team[1] = True, False
        ours = [i + 1 for i in range(n) if team[i]]
        theirs = [i + 1 for i in range(n) if not team[i]]
        pairs = [[rng.choice(ours), rng.choice(theirs)] for _ in range(m)]
        if odd:
            pairs[-3:] = [[ours[0], theirs[0]], [theirs[0], ours[-1]], [ours[-1], ours[0]]]
        for pair in pairs:
            rng.shuffle(pair)
        yield lines((n, m), *pairs)


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 3000), (0, 4000))
    for _ in range(m):
        a, b = reader.numbers((1, n), (1, n))
        if a == b:
            raise ValueError(f"expected two different pupils, got {a} twice")
    reader.end()
