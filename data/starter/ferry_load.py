"""Knapsack that must be filled exactly. The traps: "at most", the same crate twice, no solution, 2^n."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("dp", "knapsack")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A small ferry only crosses the strait with a load of exactly w kilograms: with less it drifts, with more
it sinks. On the quay stand n crates; the weight of each is known, and what the owner pays for its
crossing. Which load of exactly w kilograms pays best?

Input

The first line holds two integers n and w (1 <= n <= 80, 1 <= w <= 3000). Each of the next n lines holds
two integers: the weight of a crate in kilograms (1 to 3000) and its pay (0 to 10^9). Every crate exists
only once.

Output

Print the largest sum of pays of crates that together weigh exactly w kilograms, or -1 if no choice of
crates weighs that much.

{examples}

Note

In the first example the crates of 4 and 6 kilograms pay 9. The crates of 7 and 2 pay more but weigh too
little. In the second example 5 kilograms cannot be reached.
"""

SOLUTIONS = (
    r"""
n, w = map(int, input().split())
best = [0] + [-1] * w
for _ in range(n):
    weight, pay = map(int, input().split())
    for total in range(w, weight - 1, -1):
        if best[total - weight] >= 0:
            best[total] = max(best[total], best[total - weight] + pay)
print(best[w])
""",
    r"""
# forward over the weights that can be reached, crate by crate
import sys

n, w, *numbers = map(int, sys.stdin.read().split())
pays = {0: 0}
for weight, pay in zip(numbers[::2], numbers[1::2]):
    new = {total + weight: sum_ + pay for total, sum_ in pays.items() if total + weight <= w}
    for total, sum_ in new.items():
        if sum_ > pays.get(total, -1):
            pays[total] = sum_
print(pays.get(w, -1))
""",
)

INCORRECT = (
    (  # sees whether w can be reached, but then takes the best that weighs at most w
        "wrong_answer",
        r"""
n, w = map(int, input().split())
best = [0] * (w + 1)
reach = [True] + [False] * w
for _ in range(n):
    weight, pay = map(int, input().split())
    for total in range(w, weight - 1, -1):
        best[total] = max(best[total], best[total - weight] + pay)
        reach[total] = reach[total] or reach[total - weight]
print(best[w] if reach[w] else -1)
""",
    ),
    (  # upwards: a crate can be taken again
        "wrong_answer",
        r"""
n, w = map(int, input().split())
best = [0] + [-1] * w
for _ in range(n):
    weight, pay = map(int, input().split())
    for total in range(weight, w + 1):
        if best[total - weight] >= 0:
            best[total] = max(best[total], best[total - weight] + pay)
print(best[w])
""",
    ),
    (  # takes a load that pays nothing for none at all
        "wrong_answer",
        r"""
n, w = map(int, input().split())
best = [1] + [0] * w
for _ in range(n):
    weight, pay = map(int, input().split())
    for total in range(w, weight - 1, -1):
        if best[total - weight]:
            best[total] = max(best[total], best[total - weight] + pay)
print(best[w] - 1 if best[w] > 1 else -1)
""",
    ),
    (  # with or without each crate, all 2^n choices
        "time_limit",
        r"""
n, w = map(int, input().split())
crates = [tuple(map(int, input().split())) for _ in range(n)]


def load(i, left):
    if left == 0:
        return 0
    if i == n or left < 0:
        return float("-inf")
    weight, pay = crates[i]
    return max(load(i + 1, left), pay + load(i + 1, left - weight))


best = load(0, w)
print(best if best >= 0 else -1)
""",
    ),
    (  # loads beyond w have no place in the table
        "runtime_error",
        r"""
n, w = map(int, input().split())
best = [0] + [-1] * w
for _ in range(n):
    weight, pay = map(int, input().split())
    for total in range(w, -1, -1):
        if best[total] >= 0:
            best[total + weight] = max(best[total + weight], best[total] + pay)
print(best[w])
""",
    ),
)

PUBLIC = (
    lines((4, 10), (4, 5), (6, 4), (7, 9), (2, 3)),
    lines((3, 5), (2, 1), (2, 8), (6, 9)),
)

PRIVATE = (
    lines((1, 1), (1, 0)),
    lines((1, 3), (2, 5)),
    lines((2, 4), (2, 0), (2, 0)),
    lines((1, 6), (3, 7)),
    lines((3, 6), (6, 1), (5, 100), (2, 100)),
    lines((5, 8), (3, 10), (5, 10), (8, 19), (4, 12), (4, 9)),
    lines((60, 3000), *((50, i) for i in range(60))),
    lines((80, 2999), *((2 * i + 2, 10**9 - i) for i in range(80))),
    lines((80, 3000), *((30 + i % 17, 10**9 - i * i) for i in range(80))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, w, top in ((3, 9, 5), (5, 12, 8), (8, 30, 12), (12, 60, 20), (25, 100, 40), (40, 500, 100),
                      (60, 2000, 300), (80, 3000, 200)):  # fmt: skip
        yield lines((n, w), *((rng.randint(1, top), rng.randint(0, 10**9 if n > 10 else 9)) for _ in range(n)))


def validate(text: str) -> None:
    reader = Reader(text)
    n, _ = reader.numbers((1, 80), (1, 3000))
    for _ in range(n):
        reader.numbers((1, 3000), (0, 10**9))
    reader.end()
