"""The first program anybody writes. The trap: negative numbers, equal numbers, and how many numbers there are."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("math", "implementation")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Ada writes down every change of her savings: a positive number when she earns, a negative one
when she spends. She started with nothing. How much does she have now?

Input

One line with the changes, separated by single spaces: at least 1 and at most 1000 integers,
each from -10^9 to 10^9.

Output

Print one integer: the sum of all the changes.

{examples}

Note

In the second example Ada earned 5 twice and spent 3, so she has 5 + 5 - 3 = 7.
"""

SOLUTIONS = (
    r"""
print(sum(map(int, input().split())))
""",
    r"""
import sys

earned = spent = 0
for word in sys.stdin.buffer.read().split():
    change = int(word)
    if change > 0:
        earned += change
    else:
        spent -= change
print(earned - spent)
""",
)

INCORRECT = (
    (  # equal changes count once
        "wrong_answer",
        r"""
print(sum(set(map(int, input().split()))))
""",
    ),
    (  # "-3".isdigit() is False: negative changes are lost
        "wrong_answer",
        r"""
total = 0
for word in input().split():
    if word.isdigit():
        total += int(word)
print(total)
""",
    ),
    (  # expects exactly two changes
        "runtime_error",
        r"""
a, b = map(int, input().split())
print(a + b)
""",
    ),
    (  # Python 2
        "compile_error",
        r"""
print sum(map(int, input().split()))
""",
    ),
)

PUBLIC = ("1 2\n", "5 -3 5\n")

PRIVATE = (
    "0\n",
    "-7\n",
    "-1 -1 -1\n",
    "10 -10\n",
    "1000000000 1000000000 1000000000\n",
    "-1000000000 -1000000000 1\n",
    "3 3 3 3 -12\n",
    lines([10**9] * 1000),
    lines([-(10**9)] * 299 + [10**9]),
)


def generated(rng: Random) -> Iterator[str]:
    for count, bound in ((2, 9), (3, 9), (7, 50), (20, 10), (50, 10**4), (200, 10**9), (400, 5), (999, 1000)):
        yield lines([rng.randint(-bound, bound) for _ in range(count)])


def validate(text: str) -> None:
    reader = Reader(text)
    count = text.count(" ") + 1
    if count > 1000:
        raise ValueError(f"expected at most 1000 changes, got {count}")
    reader.numbers(*[(-(10**9), 10**9)] * count)
    reader.end()
