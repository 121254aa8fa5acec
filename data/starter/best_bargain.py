"""Compare fractions exactly. The traps: division in floating point, the first among equals, which way round."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("math", "fractions", "sorting")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A wholesaler has n offers of rice: offer i is a sack of g_i grams for p_i cents. Which offer is the best
bargain, that is, has the lowest price for each gram?

Input

The first line holds an integer n (1 <= n <= 1000). Each of the next n lines holds two integers g_i and
p_i (1 <= g_i, p_i <= 10^18).

Output

Print the number of the offer with the lowest price for each gram. Offers are numbered 1 to n in the
order of the input. If several offers have the same lowest price, print the smallest of their numbers.

{examples}

Note

In the first example a gram costs 3, 2.5 and 4 cents. In the second example offers 2 and 3 cost half a
cent a gram, and offer 2 comes first.
"""

SOLUTIONS = (
    r"""
n = int(input())
best, best_g, best_p = 0, 1, 0
for i in range(1, n + 1):
    g, p = map(int, input().split())
    if i == 1 or p * best_g < best_p * g:
        best, best_g, best_p = i, g, p
print(best)
""",
    r"""
from fractions import Fraction

n = int(input())
prices = []
for _ in range(n):
    g, p = map(int, input().split())
    prices.append(Fraction(p, g))
print(prices.index(min(prices)) + 1)
""",
)

INCORRECT = (
    (  # whole cents
        "wrong_answer",
        r"""
n = int(input())
prices = []
for _ in range(n):
    g, p = map(int, input().split())
    prices.append(p // g)
print(prices.index(min(prices)) + 1)
""",
    ),
    (  # most grams a cent, with the sign the wrong way round
        "wrong_answer",
        r"""
n = int(input())
grams = []
for _ in range(n):
    g, p = map(int, input().split())
    grams.append(g * 10**20 // p)
print(grams.index(min(grams)) + 1)
""",
    ),
    (  # the last among equals
        "wrong_answer",
        r"""
n = int(input())
best, best_g, best_p = 0, 1, 10**40
for i in range(1, n + 1):
    g, p = map(int, input().split())
    if p * best_g <= best_p * g:
        best, best_g, best_p = i, g, p
print(best)
""",
    ),
    (  # floating point
        "wrong_answer",
        r"""
n = int(input())
prices = []
for i in range(n):
    g, p = map(int, input().split())
    prices.append((p / g, i + 1))
print(min(prices)[1])
""",
    ),
    (  # the cheapest sack
        "wrong_answer",
        r"""
n = int(input())
offers = [tuple(map(int, input().split())) for _ in range(n)]
print(min(range(n), key=lambda i: offers[i][1]) + 1)
""",
    ),
    (  # whole grams a cent: none of them when a gram costs more
        "runtime_error",
        r"""
n = int(input())
prices = []
for _ in range(n):
    g, p = map(int, input().split())
    prices.append(1 / (g // p))
print(prices.index(min(prices)) + 1)
""",
    ),
)

PUBLIC = (
    lines(3, (10, 30), (4, 10), (1, 4)),
    lines(3, (1, 2), (6, 3), (2, 1)),
)

PRIVATE = (
    lines(1, (1, 1)),
    lines(2, (3, 1), (3, 1)),
    lines(3, (2, 3), (4, 5), (4, 6)),
    lines(4, (7, 8), (8, 9), (6, 7), (9, 10)),
    lines(2, (10**18, 10**18 - 1), (10**18 - 1, 10**18 - 2)),
    lines(2, (10**18 - 1, 10**18 - 2), (10**18 - 2, 10**18 - 3)),
    lines(3, (3 * 10**17, 10**17), (3, 1), (10**18 - 1, 333_333_333_333_333_333)),
    lines(2, (1, 10**18), (1, 10**18 - 1)),
    lines(1000, *((i, i) for i in range(1, 1001))),
    lines(60, *((10**18 - i, 10**18 - i - 1) for i in range(60))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((2, 4), (4, 5), (8, 9), (20, 12), (60, 100), (200, 10**6), (100, 10**12)):
        yield lines(n, *((rng.randint(1, top), rng.randint(1, top)) for _ in range(n)))
    for n in (3, 10, 50):
        g = 10**18 - rng.randint(10**6, 10**9)
        yield lines(n, *((g + rng.randint(0, 1000), g - 10**4) for _ in range(n)))


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 1000)):
        reader.numbers((1, 10**18), (1, 10**18))
    reader.end()
