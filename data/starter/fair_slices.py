"""A non-empty subset with a sum divisible by n always exists. The traps: searching subsets; the empty set."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("constructive", "number theory", "hashing")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
At a party of n people, n cakes stand on the table. Each of them is cut into slices already; cake i has
a_i slices. The host wants to serve some of the cakes, at least one, so that every one of the n people
gets the same whole number of slices and nothing of the served cakes is left over. Which cakes should
he serve?

Input

The first line holds an integer n (1 <= n <= 3000). The second line holds n integers, the numbers of
slices a_1 to a_n, each from 1 to 10^9.

Output

Print the number of cakes to serve, then their numbers in any order. Cakes are numbered 1 to n, and no
cake may be served twice. If there are several right answers, print any of them. There always is one.

{examples}

Note

In the first example cakes 1 and 2 have 6 slices together, 2 for each of the 3 people. Cakes 1 and 3
would be right as well: they have 9 slices.
"""

SOLUTIONS = (
    r"""
# two of the n + 1 sums of the first cakes have the same remainder: serve what lies between
n = int(input())
slices = list(map(int, input().split()))
first = {0: 0}
total = 0
for i, a in enumerate(slices, 1):
    total = (total + a) % n
    if total in first:
        print(i - first[total])
        print(*range(first[total] + 1, i + 1))
        break
    first[total] = i
""",
    r"""
# walk backwards from the end: sort the places by the remainder of what comes after them
n = int(input())
slices = list(map(int, input().split()))
after = [0] * (n + 1)
for i in reversed(range(n)):
    after[i] = (after[i + 1] + slices[i]) % n
places = sorted(range(n + 1), key=lambda i: (after[i], i))
for i, j in zip(places, places[1:]):
    if after[i] == after[j]:
        print(j - i, *(k + 1 for k in range(i, j)))
        break
""",
)

CHECKER = r"""
def number(word, least, greatest):
    # at most ten ASCII digits, so that int() is cheap and never fails
    if not (len(word) <= 10 and word.isascii() and word.isdigit()):
        return None
    value = int(word)
    return value if least <= value <= greatest else None


def check(input, output, expected):
    n, *slices = map(int, input.split())
    if len(output) > 100000 or not output.isascii():
        return False
    words = output.split()
    if not words or len(words) > n + 1:
        return False
    served = [number(word, 1, n) for word in words]
    if None in served or served[0] != len(served) - 1:
        return False
    cakes = served[1:]
    return len(set(cakes)) == len(cakes) and sum(slices[i - 1] for i in cakes) % n == 0
"""

INCORRECT = (
    (  # only looks at single cakes and at pairs
        "wrong_answer",
        r"""
n = int(input())
slices = [int(a) % n for a in input().split()]
where = {}
answer = [1]
for i, a in enumerate(slices, 1):
    if a == 0:
        answer = [i]
        break
    if n - a in where:
        answer = [where[n - a], i]
        break
    where[a] = i
print(len(answer))
print(*answer)
""",
    ),
    (  # serves from the first cake on, until it fits; it may never fit
        "wrong_answer",
        r"""
n = int(input())
total, answer = 0, []
for i, a in enumerate(map(int, input().split()), 1):
    total += a
    answer.append(i)
    if total % n == 0:
        break
print(len(answer), *answer)
""",
    ),
    (  # serves nothing, which is fair but not asked for
        "wrong_answer",
        r"""
print(0)
""",
    ),
    (  # tries all subsets, small ones first
        "time_limit",
        r"""
from itertools import combinations

n = int(input())
slices = list(map(int, input().split()))


def search():
    for count in range(1, n + 1):
        for cakes in combinations(range(n), count):
            if sum(slices[i] for i in cakes) % n == 0:
                return cakes


answer = search()
print(len(answer))
print(*(i + 1 for i in answer))
""",
    ),
    (  # remembers remainders but not the empty beginning
        "runtime_error",
        r"""
n = int(input())
first = {}
total = 0
answer = None
for i, a in enumerate(map(int, input().split()), 1):
    total = (total + a) % n
    if total in first:
        answer = range(first[total] + 1, i + 1)
        break
    first[total] = i
print(len(answer))
print(*answer)
""",
    ),
)

PUBLIC = ("3\n2 4 7\n", "2\n3 5\n")

PRIVATE = (
    "1\n9\n",
    "2\n1 2\n",
    "3\n4 4 4\n",
    "4\n2 1 1 1\n",
    "5\n6 6 6 6 6\n",
    "6\n1 4 4 4 4 4\n",
    lines(31, [1] * 31),
    lines(1200, [1] * 1200),
    lines(499, [10**9 - i for i in range(499)]),
    lines(600, [601] * 300 + [599] * 300),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((2, 9), (4, 9), (7, 20), (12, 100), (50, 10**9), (200, 10**9), (1000, 10**6), (400, 10**9)):
        yield lines(n, [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 3000)
    reader.numbers(*[(1, 10**9)] * n)
    reader.end()
