"""Draw rows that grow by two. The traps: an even width, the dots on the right, and a loop that misses its end."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("implementation", "strings", "drawing")
DIFFICULTY = "easy"
TIME_LIMIT = 2.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Nora cuts fir trees out of paper that is w squares wide. The top row of a tree has one star, and each
further row has two stars more than the row above it, as long as a row has at most w stars. The lowest
row, the trunk, has one star again. All rows are centred: dots fill them up, as many on the left as on
the right, to the length of the row with the most stars.

Input

One integer w (1 <= w <= 100).

Output

Print the tree, one row a line, with * for a star and . for a dot, and without spaces.

{examples}

Note

In the second example a row of 7 stars would be too wide, so that the widest row has 5.
"""

SOLUTIONS = (
    r"""
w = int(input())
widest = w if w % 2 else w - 1
for stars in [*range(1, widest + 1, 2), 1]:
    print(("*" * stars).center(widest, "."))
""",
    r"""
w = int(input())
half = (w - 1) // 2
for row in list(range(half + 1)) + [0]:
    dots = "." * (half - row)
    print(dots + "*" * (2 * row + 1) + dots)
""",
)

INCORRECT = (
    (  # no dots on the right
        "wrong_answer",
        r"""
w = int(input())
half = (w - 1) // 2
for row in list(range(half + 1)) + [0]:
    print("." * (half - row) + "*" * (2 * row + 1))
""",
    ),
    (  # without a trunk
        "wrong_answer",
        r"""
w = int(input())
half = (w - 1) // 2
for row in range(half + 1):
    dots = "." * (half - row)
    print(dots + "*" * (2 * row + 1) + dots)
""",
    ),
    (  # as wide as the paper, even if no row is
        "wrong_answer",
        r"""
w = int(input())
for stars in [*range(1, w + 1, 2), 1]:
    print(("*" * stars).center(w, "."))
""",
    ),
    (  # a tree of one row needs no trunk
        "wrong_answer",
        r"""
w = int(input())
half = (w - 1) // 2
rows = [*range(half + 1), 0] if half else [0]
for row in rows:
    dots = "." * (half - row)
    print(dots + "*" * (2 * row + 1) + dots)
""",
    ),
    (  # never meets an even width, and draws on for ever
        "output_limit",
        r"""
w = int(input())
widest = (w + 1) // 2 * 2 - 1
stars = 1
while stars != w + 2:
    print(("*" * stars).center(widest, "."))
    stars += 2
print("*".center(widest, "."))
""",
    ),
    (  # text plus a number
        "runtime_error",
        r"""
w = int(input())
half = (w - 1) // 2
for row in list(range(half + 1)) + [0]:
    dots = "." * (half - row)
    print(dots + "*" * 2 * row + 1 + dots)
""",
    ),
    (  # the body of the loop is not indented
        "compile_error",
        r"""
w = int(input())
half = (w - 1) // 2
for row in list(range(half + 1)) + [0]:
dots = "." * (half - row)
print(dots + "*" * (2 * row + 1) + dots)
""",
    ),
)

PUBLIC = ("3\n", "6\n")

PRIVATE = tuple(f"{w}\n" for w in (1, 2, 4, 5, 7, 10, 64, 99, 100))


def generated(rng: Random) -> Iterator[str]:
    for low, high in ((8, 8), (9, 9), (11, 12), (13, 15), (16, 20), (21, 30), (31, 45), (46, 60)):
        yield lines(rng.randint(low, high))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.number(1, 100)
    reader.end()
