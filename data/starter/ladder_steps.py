"""Count the ways up a ladder with broken rungs. The traps: the modulus, 0 ways, recursion depth, no memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("dp", "combinatorics")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A window cleaner climbs a ladder with n rungs, numbered 1 to n from the bottom. She starts on the
ground, just below rung 1, and every step takes her one or two rungs up. Some rungs are broken, and
she never puts a foot on those. In how many different ways can she reach rung n?

Two ways differ if some rung is used in one of them and not in the other.

Input

The first line holds two integers n and b: the number of rungs (1 <= n <= 5000) and the number of
broken ones (0 <= b <= n). The second line holds b different integers from 1 to n, in increasing
order: the broken rungs. If b = 0, the second line is empty.

Output

Print the number of ways modulo 1 000 000 007. It is 0 if rung n cannot be reached.

{examples}

Note

In the first example the ways are 1-2-4 and 2-4. In the second they are 1-2-3, 1-3 and 2-3.
"""

SOLUTIONS = (
    r"""
n, b = map(int, input().split())
broken = set(map(int, input().split()))
below, here = 0, 1
for rung in range(1, n + 1):
    below, here = here, 0 if rung in broken else (below + here) % 1000000007
print(here)
""",
    r"""
# A stretch of whole rungs is walked by a power of the Fibonacci matrix.
M = 10**9 + 7


def times(a, b):
    return [
        [sum(a[i][k] * b[k][j] for k in range(2)) % M for j in range(2)]
        for i in range(2)
    ]


def power(matrix, exponent):
    result = [[1, 0], [0, 1]]
    while exponent:
        if exponent % 2:
            result = times(result, matrix)
        matrix = times(matrix, matrix)
        exponent //= 2
    return result


n, b = map(int, input().split())
here, below, at = 1, 0, 0
for rung in list(map(int, input().split())) + [n + 1]:
    p = power([[1, 1], [1, 0]], rung - 1 - at)
    here, below = (p[0][0] * here + p[0][1] * below) % M, (p[1][0] * here + p[1][1] * below) % M
    if rung <= n:
        here, below = 0, here
    at = rung
print(here)
""",
)

INCORRECT = (
    (  # forgets the modulus
        "wrong_answer",
        r"""
n, b = map(int, input().split())
broken = set(map(int, input().split()))
ways = [1] + [0] * n
for rung in range(1, n + 1):
    if rung not in broken:
        ways[rung] = ways[rung - 1] + (ways[rung - 2] if rung > 1 else 0)
print(ways[n])
""",
    ),
    (  # rung 1 is taken for whole
        "wrong_answer",
        r"""
n, b = map(int, input().split())
broken = set(map(int, input().split()))
ways = [1, 1] + [0] * n
for rung in range(2, n + 1):
    if rung not in broken:
        ways[rung] = (ways[rung - 1] + ways[rung - 2]) % (10**9 + 7)
print(ways[n])
""",
    ),
    (  # remembers, but recurses n deep
        "runtime_error",
        r"""
from functools import lru_cache

n, b = map(int, input().split())
broken = set(map(int, input().split()))


@lru_cache(maxsize=None)
def ways(rung):
    if rung < 0 or rung in broken:
        return 0
    if rung == 0:
        return 1
    return (ways(rung - 1) + ways(rung - 2)) % (10**9 + 7)


print(ways(n))
""",
    ),
    (  # does not remember
        "time_limit",
        r"""
n, b = map(int, input().split())
broken = set(map(int, input().split()))


def ways(rung):
    if rung < 0 or rung in broken:
        return 0
    if rung == 0:
        return 1
    return ways(rung - 1) + ways(rung - 2)


print(ways(n) % (10**9 + 7))
""",
    ),
    (  # the last bracket is missing
        "compile_error",
        r"""
n, b = map(int, input().split())
broken = set(map(int, input().split()))
ways = [1] + [0] * n
for rung in range(1, n + 1):
    if rung not in broken:
        ways[rung] = (ways[rung - 1] + (ways[rung - 2] if rung > 1 else 0)) % (10**9 + 7)
print(ways[n]
""",
    ),
)

PUBLIC = ("4 1\n3\n", "3 0\n\n")

PRIVATE = (
    "1 0\n\n",
    "1 1\n1\n",
    "2 1\n1\n",
    "5 2\n2 3\n",
    "6 1\n6\n",
    "60 0\n\n",
    "90 1\n45\n",
    "5000 0\n\n",
    "4999 2\n1 4998\n",
    lines((5000, 2500), list(range(1, 5000, 2))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, share in ((4, 0.2), (9, 0.2), (25, 0.1), (70, 0.05), (300, 0.1), (1000, 0.02), (3000, 0.01), (5000, 0.001)):
        broken: list[int] = []
        for rung in range(1, n):
            if rng.random() < share and (not broken or broken[-1] + 1 < rung):
                broken.append(rung)
        yield lines((n, len(broken)), broken)


def validate(text: str) -> None:
    reader = Reader(text)
    n, b = reader.numbers((1, 5000), (0, 5000))
    require(b <= n, "b <= n")
    broken = reader.numbers(*[(1, n)] * b) if b else ()
    if not b:
        reader.line("")
    require(all(x < y for x, y in pairwise(broken)), "broken rungs in increasing order")
    reader.end()
