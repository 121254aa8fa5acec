"""Rotate a grid. The traps: the direction, pictures that are not square, and turns by the billion, or backwards."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("matrices", "implementation", "simulation")
DIFFICULTY = "easy"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A picture is a grid of letters with r rows and c columns. Turn it clockwise by k quarter turns of 90
degrees; where k is negative, turn it by -k quarter turns anticlockwise. The letters themselves stay
upright.

Input

The first line holds three integers r, c and k (1 <= r, c <= 60, -10^9 <= k <= 10^9). Each of the next r
lines holds c lower-case letters from a to z, a row of the picture from top to bottom.

Output

Print the rows of the turned picture from top to bottom, one a line.

{examples}

Note

In the first example the left column abx, read from bottom to top, becomes the top row. In the second
example two quarter turns put the picture upside down.
"""

SOLUTIONS = (
    r"""
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
for _ in range(k % 4):
    rows = ["".join(column) for column in zip(*rows[::-1])]
print(*rows, sep="\n")
""",
    r"""
# where does the letter at (i, j) of the turned picture come from?
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
k %= 4
height, width = (c, r) if k % 2 else (r, c)
for i in range(height):
    turned = ""
    for j in range(width):
        if k == 0:
            turned += rows[i][j]
        elif k == 1:
            turned += rows[r - 1 - j][i]
        elif k == 2:
            turned += rows[r - 1 - i][c - 1 - j]
        else:
            turned += rows[j][c - 1 - i]
    print(turned)
""",
)

INCORRECT = (
    (  # turns the other way
        "wrong_answer",
        r"""
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
for _ in range(k % 4):
    rows = ["".join(column) for column in zip(*rows)][::-1]
print(*rows, sep="\n")
""",
    ),
    (  # mirrors at the diagonal
        "wrong_answer",
        r"""
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
for _ in range(k % 4):
    rows = ["".join(column) for column in zip(*rows)]
print(*rows, sep="\n")
""",
    ),
    (  # a negative number of turns is none at all
        "wrong_answer",
        r"""
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
if k > 0:
    for _ in range(k % 4):
        rows = ["".join(column) for column in zip(*rows[::-1])]
print(*rows, sep="\n")
""",
    ),
    (  # loses the sign: 2 quarter turns are as good as -2, but 3 are not -3
        "wrong_answer",
        r"""
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
for _ in range(abs(k) % 4):
    rows = ["".join(column) for column in zip(*rows[::-1])]
print(*rows, sep="\n")
""",
    ),
    (  # turn after turn
        "time_limit",
        r"""
r, c, k = map(int, input().split())
rows = [input() for _ in range(r)]
while k > 0:
    rows = ["".join(column) for column in zip(*rows[::-1])]
    k -= 1
while k < 0:
    rows = ["".join(column) for column in zip(*rows)][::-1]
    k += 1
print(*rows, sep="\n")
""",
    ),
    (  # right for squares
        "runtime_error",
        r"""
r, c, k = map(int, input().split())
rows = [list(input()) for _ in range(r)]
for _ in range(k % 4):
    turned = [[""] * c for _ in range(r)]
    for i in range(r):
        for j in range(c):
            turned[j][r - 1 - i] = rows[i][j]
    rows = turned
for row in rows:
    print("".join(row))
""",
    ),
)

PUBLIC = (
    "3 2 1\nab\nbc\nxy\n",
    "2 3 -2\nabc\ndef\n",
)

PRIVATE = (
    "1 1 0\nq\n",
    "2 2 4\nab\ncd\n",
    "2 2 2\nab\ncd\n",
    "1 4 3\nabcd\n",
    "4 1 5\na\nb\nc\nd\n",
    "2 3 -1\nabc\ndef\n",
    "2 3 -3\nabc\ndef\n",
    "3 3 -7\nabc\ndef\nghi\n",
    "2 2 1000000000\nab\ncd\n",
    "2 3 -999999999\nabc\ndef\n",
    lines((60, 60, 0), *["abcdefghij" * 6] * 60),
    lines((1, 60, -1_000_000_000), "abcdefghij" * 6),
)


def generated(rng: Random) -> Iterator[str]:
    for most, turns in ((2, 3), (3, 5), (4, 9), (5, 20), (8, 100), (12, 10**6), (30, 10**9), (40, 10**9)):
        r, c = (rng.randint(1, most) for _ in range(2))
        rows = ("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=c)) for _ in range(r))
        yield lines((r, c, rng.randint(-turns, turns)), *rows)


def validate(text: str) -> None:
    reader = Reader(text)
    r, c, _ = reader.numbers((1, 60), (1, 60), (-(10**9), 10**9))
    for _ in range(r):
        reader.line(f"[a-z]{{{c}}}")
    reader.end()
