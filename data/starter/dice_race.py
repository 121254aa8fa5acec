"""The chance that one sum of dice beats another. The traps: draws, sums that are not equally likely."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("probability", "dp", "floating point")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000
CHECKER = {"name": "kattis", "flags": ["float_tolerance", "1e-6"]}

STATEMENT = """
Ann throws p dice with s sides each, and Bob throws q dice with t sides each. The sides of a die are
numbered from 1 on, and all of them are equally likely. Ann wins if the sum of her dice is greater than the
sum of his. How likely is that?

Input

One line with four integers p, s, q and t (1 <= p, s, q, t <= 20).

Output

Print the probability that Ann wins, a number from 0 to 1. An answer is right if its absolute or its
relative error is at most 10^-6.

{examples}

Note

In the first example each throws one die with 2 sides; Ann wins only with a 2 against a 1. In the second
example Ann has one die with 6 sides, and Bob two with 2 sides.
"""

SOLUTIONS = (
    r"""
# how likely is each sum?
def sums(dice, sides):
    chances = [1.0]
    for _ in range(dice):
        more = [0.0] * (len(chances) + sides)
        for total, chance in enumerate(chances):
            for side in range(1, sides + 1):
                more[total + side] += chance / sides
        chances = more
    return chances


a, s, b, t = map(int, input().split())
ann, bob = sums(a, s), sums(b, t)
print(sum(chance * sum(bob[:total]) for total, chance in enumerate(ann)))
""",
    r"""
# in whole numbers: Bob's dice count as t + 1 minus their number, so that only one sum has to be large enough
a, s, b, t = map(int, input().split())
ways = {0: 1}
for sides in [s] * a + [t] * b:
    more = {}
    for total, count in ways.items():
        for side in range(1, sides + 1):
            more[total + side] = more.get(total + side, 0) + count
    ways = more
good = sum(count for total, count in ways.items() if total > b * (t + 1))
print(good / (s**a * t**b))
""",
)

INCORRECT = (
    (  # Ann wins a draw, too
        "wrong_answer",
        r"""
a, s, b, t = map(int, input().split())
ways = {0: 1}
for sign, sides in [(1, s)] * a + [(-1, t)] * b:
    more = {}
    for total, count in ways.items():
        for side in range(1, sides + 1):
            more[total + sign * side] = more.get(total + sign * side, 0) + count
    ways = more
print(sum(count for total, count in ways.items() if total >= 0) / (s**a * t**b))
""",
    ),
    (  # all sums are equally likely
        "wrong_answer",
        r"""
a, s, b, t = map(int, input().split())
good = every = 0
for mine in range(a, a * s + 1):
    for his in range(b, b * t + 1):
        every += 1
        good += mine > his
print(good / every)
""",
    ),
    (  # who has the greater mean wins
        "wrong_answer",
        r"""
a, s, b, t = map(int, input().split())
ann, bob = a * (s + 1), b * (t + 1)
print(1.0 if ann > bob else 0.5 if ann == bob else 0.0)
""",
    ),
    (  # a draw is half a win
        "wrong_answer",
        r"""
a, s, b, t = map(int, input().split())
ways = {0: 1}
for sign, sides in [(1, s)] * a + [(-1, t)] * b:
    more = {}
    for total, count in ways.items():
        for side in range(1, sides + 1):
            more[total + sign * side] = more.get(total + sign * side, 0) + count
    ways = more
print((1 + sum(count * ((total > 0) - (total < 0)) for total, count in ways.items()) / (s**a * t**b)) / 2)
""",
    ),
    (  # three digits
        "wrong_answer",
        r"""
a, s, b, t = map(int, input().split())
ways = {0: 1}
for sign, sides in [(1, s)] * a + [(-1, t)] * b:
    more = {}
    for total, count in ways.items():
        for side in range(1, sides + 1):
            more[total + sign * side] = more.get(total + sign * side, 0) + count
    ways = more
print(f"{sum(count for total, count in ways.items() if total > 0) / (s**a * t**b):.3f}")
""",
    ),
    (  # tries all throws
        "time_limit",
        r"""
from itertools import product

a, s, b, t = map(int, input().split())
good = every = 0
for throw in product(*[range(1, s + 1)] * a, *[range(1, t + 1)] * b):
    every += 1
    good += sum(throw[:a]) > sum(throw[a:])
print(good / every)
""",
    ),
    (  # a list that is too short for the largest sum
        "runtime_error",
        r"""
def sums(dice, sides):
    chances = [1.0]
    for _ in range(dice):
        more = [0.0] * (len(chances) + sides - 1)
        for total, chance in enumerate(chances):
            for side in range(1, sides + 1):
                more[total + side] += chance / sides
        chances = more
    return chances


a, s, b, t = map(int, input().split())
ann, bob = sums(a, s), sums(b, t)
print(sum(chance * sum(bob[:total]) for total, chance in enumerate(ann)))
""",
    ),
)

PUBLIC = ("1 2 1 2\n", "1 6 2 2\n")

PRIVATE = (
    "1 1 1 1\n",
    "2 1 1 1\n",
    "1 4 1 6\n",
    "2 6 2 6\n",
    "3 6 2 6\n",
    "2 3 3 2\n",
    "10 10 11 9\n",
    "20 20 20 20\n",
    "20 1 1 20\n",
    "1 20 20 1\n",
    "20 20 19 20\n",
    "1 1 20 20\n",
)


def generated(rng: Random) -> Iterator[str]:
    for most in (3, 4, 4, 6, 10, 15, 20, 20):
        yield lines([rng.randint(2, most) for _ in range(4)])


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers(*[(1, 20)] * 4)
    reader.end()
