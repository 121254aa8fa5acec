"""A linear recurrence for very many steps. The traps: the order of events, the remainder, the number of steps."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("matrices", "math", "divide and conquer")
DIFFICULTY = "hard"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A colony consists of young, grown and old cells. In every hour the following happens to all cells at the
same time: a young cell becomes a grown one; a grown cell becomes an old one and in addition brings forth
a new young cells; an old cell dies, and in dying brings forth b new young cells. New cells do nothing
further in the hour in which they come into being.

In the beginning there is one young cell and nothing else. How many cells are there after n hours?

Input

One line with three integers n, a and b (0 <= n <= 10^18, 0 <= a, b <= 10^9).

Output

Print the number of cells after n hours, modulo 998 244 353.

{examples}

Note

In the first example there is, hour by hour: 1 young cell; 1 grown cell; 2 young cells and 1 old one; 3
young and 2 grown cells; 4 young, 3 grown and 2 old ones. Those are 9 cells.
"""

SOLUTIONS = (
    r"""
# powers of the matrix that leads from one hour to the next
MOD = 998244353


def times(p, q):
    return [[sum(x * y for x, y in zip(row, column)) % MOD for column in zip(*q)] for row in p]


n, a, b = map(int, input().split())
step = [[0, a, b], [1, 0, 0], [0, 1, 0]]
state = [[1], [0], [0]]
while n:
    if n & 1:
        state = times(step, state)
    step = times(step, step)
    n >>= 1
print(sum(row[0] for row in state) % MOD)
""",
    r"""
# young(t) = a young(t - 2) + b young(t - 3): the remainder of x^n modulo x^3 - a x - b
MOD = 998244353


def times(p, q):
    c = [0] * 5
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            c[i + j] += x * y
    for i in (4, 3):
        c[i - 2] += a * c[i]
        c[i - 3] += b * c[i]
    return [value % MOD for value in c[:3]]


n, a, b = map(int, input().split())
result, power = [1, 0, 0], [0, 1, 0]
m = n
while m:
    if m & 1:
        result = times(result, power)
    power = times(power, power)
    m >>= 1
# young cells after 0, 1, 2, ... hours: 1, 0, a, b, a^2, ...; all cells are those of three hours
young = [1, 0, a]
for _ in range(4):
    young.append(a * young[-2] + b * young[-3])
total = [1, 1, 1 + a]
print(sum(x * y for x, y in zip(result, total)) % MOD)
""",
)

INCORRECT = (
    (  # grown cells stay grown
        "wrong_answer",
        r"""
MOD = 998244353


def times(p, q):
    return [[sum(x * y for x, y in zip(row, column)) % MOD for column in zip(*q)] for row in p]


n, a, b = map(int, input().split())
step = [[0, a, b], [1, 1, 0], [0, 1, 0]]
state = [[1], [0], [0]]
while n:
    if n & 1:
        state = times(step, state)
    step = times(step, step)
    n >>= 1
print(sum(row[0] for row in state) % MOD)
""",
    ),
    (  # one hour too many
        "wrong_answer",
        r"""
MOD = 998244353


def times(p, q):
    return [[sum(x * y for x, y in zip(row, column)) % MOD for column in zip(*q)] for row in p]


n, a, b = map(int, input().split())
step = [[0, a, b], [1, 0, 0], [0, 1, 0]]
state = times(step, [[1], [0], [0]])
while n:
    if n & 1:
        state = times(step, state)
    step = times(step, step)
    n >>= 1
print(sum(row[0] for row in state) % MOD)
""",
    ),
    (  # counts only the young cells
        "wrong_answer",
        r"""
MOD = 998244353


def times(p, q):
    return [[sum(x * y for x, y in zip(row, column)) % MOD for column in zip(*q)] for row in p]


n, a, b = map(int, input().split())
step = [[0, a, b], [1, 0, 0], [0, 1, 0]]
state = [[1], [0], [0]]
while n:
    if n & 1:
        state = times(step, state)
    step = times(step, step)
    n >>= 1
print(state[0][0])
""",
    ),
    (  # takes the remainder of each kind, but not of the sum
        "wrong_answer",
        r"""
MOD = 998244353


def times(p, q):
    return [[sum(x * y for x, y in zip(row, column)) % MOD for column in zip(*q)] for row in p]


n, a, b = map(int, input().split())
step = [[0, a, b], [1, 0, 0], [0, 1, 0]]
state = [[1], [0], [0]]
while n:
    if n & 1:
        state = times(step, state)
    step = times(step, step)
    n >>= 1
print(sum(row[0] for row in state))
""",
    ),
    (  # hour by hour
        "time_limit",
        r"""
n, a, b = map(int, input().split())
young, grown, old = 1, 0, 0
for _ in range(n):
    young, grown, old = (a * grown + b * old) % 998244353, young, grown
print((young + grown + old) % 998244353)
""",
    ),
    (  # one call an hour
        "runtime_error",
        r"""
from functools import lru_cache

n, a, b = map(int, input().split())


@lru_cache(None)
def young(t):
    if t <= 0:
        return int(t == 0)
    return (a * young(t - 2) + b * young(t - 3)) % 998244353


print((young(n) + young(n - 1) + young(n - 2)) % 998244353)
""",
    ),
    (  # a wrong name in the loop
        "runtime_error",
        r"""
n, a, b = map(int, input().split())
young, grown, old = 1, 0, 0
for hour in range(n):
    new = a * grown + b * aged
    young, grown, old = new % 998244353, young, grown
print((young + grown + old) % 998244353)
""",
    ),
)

PUBLIC = ("4 2 3\n", "3 0 5\n")

PRIVATE = (
    "0 7 7\n",
    "1 7 7\n",
    "2 7 7\n",
    "3 7 7\n",
    "10 1 1\n",
    "9 0 0\n",
    "12 1000000000 1000000000\n",
    "40 3 2\n",
    "4000 5 6\n",
    "1000000000000000000 1 1\n",
    "1000000000000000000 1000000000 999999999\n",
    "999999999999999999 0 1\n",
    "999999999999999999 1 0\n",
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((5, 3), (9, 9), (20, 5), (60, 10**9), (500, 10**9), (10**9, 10), (10**13, 10**9), (10**18, 10**9)):
        yield lines((rng.randint(n // 2, n), rng.randint(0, top), rng.randint(0, top)))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers((0, 10**18), (0, 10**9), (0, 10**9))
    reader.end()
