"""Balanced ternary. The traps: weights beside the goods, digits that carry, powers in floating point."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("number theory", "number systems", "greedy")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A market woman has a balance with two pans, and one weight each of 1, 3, 9, 27, 81 grams and so on: one
for every power of 3. She puts goods of w grams on the left pan. Then she puts weights on both pans so
that they balance. There is exactly one way to do it. Which weights are on which pan?

Input

One integer w (1 <= w <= 10^18).

Output

Print two lines. The first holds the weights on the left pan, beside the goods, the second the weights on
the right pan; both in increasing order. Print 0 in place of an empty line.

{examples}

Note

In the first example the goods and 1 + 3 grams on the left balance 9 grams on the right. In the second
example no weight lies on the left: 4 = 1 + 3.
"""

SOLUTIONS = (
    r"""
w = int(input())
left, right = [], []
power = 1
while w:
    w, digit = divmod(w, 3)
    if digit == 1:
        right.append(power)
    elif digit == 2:
        left.append(power)
        w += 1
    power *= 3
print(*left or [0])
print(*right or [0])
""",
    r"""
# from above: the weight nearest to what is missing; the smaller ones together weigh less than half of it
missing = int(input())
power = 3**40
pans = {-1: [0], 1: [0]}
while power:
    side = 1 if missing > 0 else -1
    if 2 * abs(missing) > power:
        if pans[side] == [0]:
            pans[side] = []
        pans[side].insert(0, power)
        missing -= side * power
    power //= 3
print(*pans[-1])
print(*pans[1])
""",
)

INCORRECT = (
    (  # puts a weight on the right twice
        "wrong_answer",
        r"""
w = int(input())
right = []
power = 1
while w:
    w, digit = divmod(w, 3)
    right += [power] * digit
    power *= 3
print(0)
print(*right)
""",
    ),
    (  # the pans exchanged
        "wrong_answer",
        r"""
w = int(input())
left, right = [], []
power = 1
while w:
    w, digit = divmod(w, 3)
    if digit == 1:
        right.append(power)
    elif digit == 2:
        left.append(power)
        w += 1
    power *= 3
print(*right or [0])
print(*left or [0])
""",
    ),
    (  # forgets the carry where a 2 meets another one
        "wrong_answer",
        r"""
w = int(input())
digits = []
while w:
    digits.append(w % 3)
    w //= 3
digits.append(0)
left, right = [], []
for i in range(len(digits)):
    if digits[i] == 2:
        left.append(3**i)
        digits[i + 1] += 1
    elif digits[i] == 1:
        right.append(3**i)
print(*left or [0])
print(*right or [0])
""",
    ),
    (  # nothing stands for an empty pan
        "wrong_answer",
        r"""
w = int(input())
left, right = [], []
power = 1
while w:
    w, digit = divmod(w, 3)
    if digit == 1:
        right.append(power)
    elif digit == 2:
        left.append(power)
        w += 1
    power *= 3
print(*left)
print(*right)
""",
    ),
    (  # powers in floating point
        "wrong_answer",
        r"""
w = int(input())
left, right = [], []
i = 0
while w:
    digit = w % 3
    w = (w + 1) // 3
    if digit:
        (right if digit == 1 else left).append(int(float(3**i)))
    i += 1
print(*left or [0])
print(*right or [0])
""",
    ),
    (  # tries all ways to spread the weights
        "time_limit",
        r"""
from itertools import product

w = int(input())
count = 1
while 3**count < 2 * w:
    count += 1
for pans in product((0, 1, -1), repeat=count):
    if sum(pan * 3**i for i, pan in enumerate(pans)) == w:
        for side in (-1, 1):
            print(*[3**i for i, pan in enumerate(pans) if pan == side] or [0])
""",
    ),
    (  # a name that does not exist where a pan stays empty
        "runtime_error",
        r"""
w = int(input())
power = 1
while w:
    w, digit = divmod(w, 3)
    if digit == 1:
        right = right + [power] if power > 1 else [power]
    elif digit == 2:
        left = left + [power] if power > 1 else [power]
        w += 1
    power *= 3
print(*left)
print(*right)
""",
    ),
)

PUBLIC = ("5\n", "4\n", "25\n")

PRIVATE = (
    "1\n",
    "2\n",
    "3\n",
    "8\n",
    "13\n",
    "14\n",
    "41\n",
    "1000000\n",
    "3486784400\n",
    "450283905890997363\n",
    "450283905890997364\n",
    "1000000000000000000\n",
    "999999999999999999\n",
)


def generated(rng: Random) -> Iterator[str]:
    for low, high in ((6, 12), (15, 40), (42, 100), (101, 999), (10**4, 10**5), (10**8, 10**9), (10**12, 10**13)):
        yield lines(rng.randint(low, high))
    yield lines(rng.randint(10**17, 10**18))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.number(1, 10**18)
    reader.end()
