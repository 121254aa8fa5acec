"""Kayles: nimbers of rows. The traps: nim on the lengths, a period with exceptions, recursion depth."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("games", "dp", "bit manipulation")
DIFFICULTY = "hard"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Two bowlers stand before some rows of pins. They bowl in turn, and both are so good that every ball does
exactly what they want: it knocks down either one pin or two pins that stand directly beside each other in
the same row. Pins that fell leave a gap, and pins on the two sides of a gap are not beside each other.
Who knocks down the last pin wins. Who wins if both choose as well as possible: the bowler who begins or
the other one?

Input

The first line holds an integer t, the number of games (1 <= t <= 50). Each of the next t lines describes a
game: an integer r, the number of rows (1 <= r <= 20), then r integers, the numbers of pins in the rows,
each from 1 to 1500.

Output

For every game print one line: "first" or "second".

{examples}

Note

With one row the first bowler wins: she takes the middle and then copies every ball on the other side. With
two rows of the same length the second bowler can copy.
"""

SOLUTIONS = (
    r"""
# the nimber of a row is the smallest number that no ball leads to
import sys

games = [list(map(int, row.split()))[1:] for row in sys.stdin.read().splitlines()[1:]]
nimber = [0, 1]
for n in range(2, max(map(max, games)) + 1):
    reached = set()
    for i in range((n + 1) // 2):
        reached.add(nimber[i] ^ nimber[n - 1 - i])
        reached.add(nimber[i] ^ nimber[n - 2 - i])
    k = 0
    while k in reached:
        k += 1
    nimber.append(k)
for rows in games:
    total = 0
    for row in rows:
        total ^= nimber[row]
    print("first" if total else "second")
""",
    r"""
# the nimbers of this game repeat after 12 from row 71 on; compute the first ones only
from functools import reduce
from operator import xor

nimber = [0]
for n in range(1, 96):
    reached = {nimber[i] ^ nimber[n - k - i] for k in (1, 2) for i in range(n - k + 1)}
    nimber.append(min(set(range(len(reached) + 1)) - reached))
for _ in range(int(input())):
    rows = list(map(int, input().split()))[1:]
    rows = [row if row < 84 else 84 + row % 12 for row in rows]
    print("first" if reduce(xor, (nimber[row] for row in rows)) else "second")
""",
)

INCORRECT = (
    (  # as if any number of pins could be taken from a row: nim
        "wrong_answer",
        r"""
from functools import reduce
from operator import xor

for _ in range(int(input())):
    rows = list(map(int, input().split()))[1:]
    print("first" if reduce(xor, rows) else "second")
""",
    ),
    (  # equal rows cancel, and what is left wins
        "wrong_answer",
        r"""
from collections import Counter

for _ in range(int(input())):
    rows = list(map(int, input().split()))[1:]
    odd = [row for row, count in Counter(rows).items() if count % 2]
    print("first" if odd else "second")
""",
    ),
    (  # takes the period of 12 for granted from row 12 on
        "wrong_answer",
        r"""
nimber = [4, 1, 2, 8, 1, 4, 7, 2, 1, 8, 2, 7]
for _ in range(int(input())):
    total = 0
    for row in list(map(int, input().split()))[1:]:
        total ^= nimber[row % 12] if row > 11 else [0, 1, 2, 3, 1, 4, 3, 2, 1, 4, 2, 6][row]
    print("first" if total else "second")
""",
    ),
    (  # plays every game to its end
        "time_limit",
        r"""
def wins(rows):
    for i, n in enumerate(rows):
        rest = rows[:i] + rows[i + 1 :]
        for k in (1, 2):
            for left in range(n - k + 1):
                if not wins(rest + [m for m in (left, n - k - left) if m]):
                    return True
    return False


for _ in range(int(input())):
    print("first" if wins(list(map(int, input().split()))[1:]) else "second")
""",
    ),
    (  # recursion as deep as the row is long
        "runtime_error",
        r"""
known = {0: 0}


def nimber(n):
    if n not in known:
        reached = {nimber(n - 1)}
        for k in (1, 2):
            for left in range(n - k + 1):
                reached.add(nimber(left) ^ nimber(n - k - left))
        known[n] = min(set(range(len(reached) + 1)) - reached)
    return known[n]


for _ in range(int(input())):
    total = 0
    for row in list(map(int, input().split()))[1:]:
        total ^= nimber(row)
    print("first" if total else "second")
""",
    ),
)

PUBLIC = (lines(3, (1, 4), (2, 3, 3), (3, 1, 2, 3)), lines(2, (2, 1, 4), (2, 2, 3)))

# Games that a program can play to the end come first; (7, 7, 7 ...) has too many.
PRIVATE = (
    lines(1, (1, 1)),
    lines(2, (2, 1, 2), (2, 2, 2)),
    lines(4, (2, 1, 8), (2, 2, 7), (2, 6, 3), (2, 5, 9)),
    lines(1, (9, 9, 9, 9, 9, 9, 9, 9, 9, 9)),
    lines(6, (2, 12, 5), (2, 15, 3), (2, 27, 15), (2, 70, 10), (2, 69, 9), (2, 57, 9)),
    lines(50, *((2, i, i % 12 + 72) for i in range(1, 51))),
    lines(3, (1, 1500), (2, 1500, 1500), (2, 1500, 1488)),
    lines(50, *((2, i, 1501 - i) for i in range(1, 51))),
    lines(1, [20] + [1481 + i for i in range(20)]),
)


def generated(rng: Random) -> Iterator[str]:
    for t, r, top in ((3, 2, 5), (10, 2, 20), (50, 2, 80), (20, 3, 80), (50, 5, 30), (50, 20, 100), (50, 8, 1500),
                      (50, 20, 1500)):  # fmt: skip
        games = []
        for _ in range(t):
            count = rng.randint(1, r)
            games.append([count] + [rng.randint(1, top) for _ in range(count)])
        yield lines(t, *games)


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 50)):
        row = reader.line(r"[1-9]\d*( [1-9]\d*)*").split(" ")
        count = int(row[0])
        if not (1 <= count <= 20 and len(row) == count + 1 and all(1 <= int(pins) <= 1500 for pins in row[1:])):
            raise ValueError(f"expected 1 to 20 rows of 1 to 1500 pins, got {' '.join(row)}")
    reader.end()
