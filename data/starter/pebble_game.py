"""A subtraction game with a short period. The traps: tables as long as the pile, and guessing the rule."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("games", "math", "dp")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 64_000_000

STATEMENT = """
Two children share a pile of n pebbles. In turn, each takes 1, 3 or 4 pebbles from it (never more than
there are). Who takes the last pebble wins. Both play as well as possible. Who wins: the child who
moves first or the one who moves second?

Input

The first line holds an integer t, the number of piles (1 <= t <= 500). Each of the next t lines holds
an integer n (1 <= n <= 20 000 000). Every pile is a game of its own.

Output

For every pile print one line: "first" or "second".

{examples}

Note

With 2 pebbles the first child can only take 1 and must leave the last one. With 5 pebbles the first
child takes 3 and leaves those 2.
"""

SOLUTIONS = (
    r"""
# The losing piles are those with n % 7 in (0, 2).
for _ in range(int(input())):
    print("second" if int(input()) % 7 in (0, 2) else "first")
""",
    r"""
# Whether a pile wins depends on the four piles before it, so the sequence repeats once four results do.
wins = [False, True, False, True]
seen = {}
while tuple(wins[-4:]) not in seen:
    seen[tuple(wins[-4:])] = len(wins)
    wins.append(not (wins[-1] and wins[-3] and wins[-4]))
start = seen[tuple(wins[-4:])]
period = len(wins) - start
for _ in range(int(input())):
    n = int(input())
    if n >= len(wins):
        n = start + (n - start) % period
    print("first" if wins[n] else "second")
""",
)

INCORRECT = (
    (  # guesses that the odd piles win
        "wrong_answer",
        r"""
for _ in range(int(input())):
    n = int(input())
    print("first" if n % 2 or n in (4, 6) else "second")
""",
    ),
    (  # takes as much as it can instead of trying all
        "wrong_answer",
        r"""
for _ in range(int(input())):
    n = int(input())
    turns = n // 4 + (0, 1, 2, 1)[n % 4]
    print("first" if turns % 2 else "second")
""",
    ),
    (  # knows the period, and still writes down all piles
        "memory_limit",
        r"""
piles = [int(input()) for _ in range(int(input()))]
wins = [False, True, False, True, True, True, True] * (max(piles) // 7 + 1)
for n in piles:
    print("first" if wins[n] else "second")
""",
    ),
    (  # plays every game to its end, again and again
        "time_limit",
        r"""
def result(n):
    moves = [result(n - k) for k in (1, 3, 4) if k <= n]
    return False in moves


for _ in range(int(input())):
    print("first" if result(int(input())) else "second")
""",
    ),
    (  # the table ends at 1000
        "runtime_error",
        r"""
wins = [False] * 1001
for n in range(1, 1001):
    wins[n] = any(k <= n and not wins[n - k] for k in (1, 3, 4))
for _ in range(int(input())):
    print("first" if wins[int(input())] else "second")
""",
    ),
)

PUBLIC = (lines(4, 1, 2, 3, 4), lines(3, 5, 6, 7))

# 90 is enough for a program that plays all games to run for years, and too little for its stack to overflow.
PRIVATE = (
    lines(1, 9),
    lines(7, 8, 9, 10, 11, 12, 13, 14),
    lines(2, 20, 21),
    lines(1, 90),
    lines(1, 20_000_000),
    lines(5, 19_999_999, 19_999_998, 19_999_997, 19_999_996, 19_999_995),
    lines(2, 1, 19_999_993),
    lines(500, *range(1, 501)),
    lines(500, *range(19_999_501, 20_000_001)),
)


def generated(rng: Random) -> Iterator[str]:
    for t, top in ((2, 12), (5, 20), (10, 20), (20, 20_000_000), (50, 10**6), (100, 10**7), (300, 10**6),
                   (500, 20_000_000)):  # fmt: skip
        yield lines(t, *(rng.randint(1, top) for _ in range(t)))


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 500)):
        reader.number(1, 20_000_000)
    reader.end()
