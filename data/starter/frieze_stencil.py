"""The shortest period of a word. The traps: the last copy may be cut off; a first letter that returns is not enough."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("strings", "string matching")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A painter makes friezes with a stencil. She paints the letters of the stencil at the left end of a wall,
then once more directly to the right of that, and so on until the wall is full. The wall may end in the
midst of a copy: then only the first letters of the last copy are painted.

Given the letters on a wall, how many letters does the shortest stencil have with which they can have
been painted?

Input

One line with the letters on the wall from left to right: 1 to 2000 lower-case letters from a to z.

Output

Print the number of letters of the shortest stencil.

{examples}

Note

In the first example the stencil is abc, and the last copy is cut off after ab. In the second example
the stencil is aab.
"""

SOLUTIONS = (
    r"""
wall = input()
n = len(wall)
for length in range(1, n + 1):
    if wall[length:] == wall[: n - length]:
        print(length)
        break
""",
    r"""
# the longest border: a beginning that is an end, too
wall = input()
border = [0] * len(wall)
for i in range(1, len(wall)):
    length = border[i - 1]
    while length and wall[i] != wall[length]:
        length = border[length - 1]
    border[i] = length + (wall[i] == wall[length])
print(len(wall) - border[-1])
""",
)

INCORRECT = (
    (  # whole copies only
        "wrong_answer",
        r"""
wall = input()
n = len(wall)
for length in range(1, n + 1):
    if n % length == 0 and wall == wall[:length] * (n // length):
        print(length)
        break
""",
    ),
    (  # counts different letters
        "wrong_answer",
        r"""
print(len(set(input())))
""",
    ),
    (  # up to where the first letter returns
        "wrong_answer",
        r"""
wall = input()
print(max(1, wall.find(wall[0], 1)) if wall[0] in wall[1:] else len(wall))
""",
    ),
    (  # compares only with the copy next to the first
        "wrong_answer",
        r"""
wall = input()
for length in range(1, len(wall) + 1):
    if wall[length : 2 * length] == wall[:length][: len(wall) - length]:
        print(length)
        break
""",
    ),
    (  # believes that the first letter always returns
        "runtime_error",
        r"""
wall = input()
length = wall.index(wall[0], 1)
while wall[length:] != wall[:-length]:
    length = wall.index(wall[0], length + 1)
print(length)
""",
    ),
    (  # the statement print of Python 2
        "compile_error",
        r"""
wall = raw_input()
n = len(wall)
for length in range(1, n + 1):
    if wall[length:] == wall[:n - length]:
        print length
        break
""",
    ),
)

PUBLIC = ("abcabcab\n", "aabaab\n", "frieze\n")

PRIVATE = (
    "z\n",
    "aa\n",
    "ab\n",
    "aba\n",
    "ababb\n",
    "abaababaab\n",
    "abababc\n",
    "aabaaabaaaab\n",
    lines("a" * 2000),
    lines("a" * 1999 + "b"),
    lines("a" * 1000 + "b" + "a" * 999),
    lines(("abcdefghijklm" * 200)[:2000]),
)


def generated(rng: Random) -> Iterator[str]:
    for stencil, wall, letters in (
        (2, 7, "ab"),
        (3, 8, "ab"),
        (4, 10, "ab"),
        (6, 40, "ab"),
        (15, 40, "ab"),
        (30, 100, "abc"),
        (200, 999, "ab"),
        (900, 2000, "abcdefgh"),
        (20, 20, "ab"),
    ):
        piece = "".join(rng.choices(letters, k=rng.randint(1, stencil)))
        yield lines((piece * wall)[:wall])


def validate(text: str) -> None:
    reader = Reader(text)
    reader.line("[a-z]{1,2000}")
    reader.end()
