"""Split a set as evenly as possible: meet in the middle. The traps: greed, 2^n splits, tables as long as the sums."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("meet in the middle", "bitmasks", "binary search")
DIFFICULTY = "hard"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A removal firm distributes n crates over two trucks; a truck may stay empty. The firm wants the loads of
the two trucks to differ in weight as little as possible. What is the smallest possible difference?

Input

The first line holds an integer n (1 <= n <= 30). The second line holds n integers, the weights of the
crates, each from 1 to 10^15.

Output

Print the smallest possible difference of the two loads.

{examples}

Note

In the first example one truck carries 8 + 7 and the other one 6 + 5 + 4. In the second example nothing is
better than the crate of weight 9 alone in one truck.
"""

SOLUTIONS = (
    r"""
# the differences that each half of the crates can make, sorted: two of them that nearly cancel out
def differences(crates):
    made = [0]
    for crate in crates:
        made = [x + crate for x in made] + [x - crate for x in made]
    return sorted(made)


n = int(input())
crates = list(map(int, input().split()))
first, second = differences(crates[::2]), differences(crates[1::2])
best = sum(crates)
i, j = 0, len(second) - 1
while i < len(first) and j >= 0:
    total = first[i] + second[j]
    best = min(best, abs(total))
    if total > 0:
        j -= 1
    else:
        i += 1
print(best)
""",
    r"""
# the loads that each half can put on the first truck; a binary search for what brings it nearest to half of all
from bisect import bisect_right

n = int(input())
crates = list(map(int, input().split()))
loads = []
for half in (crates[: n // 2], crates[n // 2 :]):
    sums = [0]
    for crate in half:
        sums += [x + crate for x in sums]
    loads.append(sorted(set(sums)))
total = sum(crates)
best = total
for x in loads[1]:
    if 2 * x <= total:
        y = loads[0][bisect_right(loads[0], total // 2 - x) - 1]
        best = min(best, total - 2 * (x + y))
print(best)
""",
)

INCORRECT = (
    (  # the heaviest crate that is left always goes to the lighter truck
        "wrong_answer",
        r"""
n = int(input())
difference = 0
for crate in sorted(map(int, input().split()), reverse=True):
    difference = abs(difference - crate)
print(difference)
""",
    ),
    (  # crates to the lighter truck in the order of the input
        "wrong_answer",
        r"""
n = int(input())
left = right = 0
for crate in map(int, input().split()):
    if left <= right:
        left += crate
    else:
        right += crate
print(abs(left - right))
""",
    ),
    (  # sorted, and cut into two at one place
        "wrong_answer",
        r"""
n = int(input())
crates = sorted(map(int, input().split()))
print(min(abs(sum(crates[:i]) - sum(crates[i:])) for i in range(n + 1)))
""",
    ),
    (  # the same number of crates in both trucks
        "wrong_answer",
        r"""
from itertools import combinations

n = int(input())
crates = list(map(int, input().split()))
print(min(abs(sum(crates) - 2 * sum(some)) for some in combinations(crates, n // 2)))
""",
    ),
    (  # one entry for every possible load
        "memory_limit",
        r"""
n = int(input())
crates = list(map(int, input().split()))
total = sum(crates)
possible = bytearray(total + 1)
possible[0] = 1
for crate in crates:
    for load in range(total, crate - 1, -1):
        if possible[load - crate]:
            possible[load] = 1
print(min(abs(total - 2 * load) for load in range(total + 1) if possible[load]))
""",
    ),
    (  # every way to split
        "time_limit",
        r"""
n = int(input())
crates = list(map(int, input().split()))


def best(i, difference):
    if i == n:
        return abs(difference)
    return min(best(i + 1, difference + crates[i]), best(i + 1, difference - crates[i]))


print(best(0, 0))
""",
    ),
    (  # a list cannot be a key of what is remembered
        "runtime_error",
        r"""
from functools import lru_cache

n = int(input())


@lru_cache(None)
def best(crates, difference):
    if not crates:
        return abs(difference)
    rest = crates[1:]
    return min(best(rest, difference + crates[0]), best(rest, difference - crates[0]))


print(best(list(map(int, input().split())), 0))
""",
    ),
)

PUBLIC = (
    "5\n8 7 6 5 4\n",
    "3\n9 3 4\n",
)

PRIVATE = (
    "1\n5\n",
    "2\n7 7\n",
    "4\n1 1 1 9\n",
    "6\n3 1 1 2 2 1\n",
    "5\n3 3 2 2 2\n",
    "7\n10 10 10 1 1 1 1\n",
    "4\n999999999999999 1000000000000000 999999999999998 1000000000000000\n",
    lines(30, [2**i for i in range(30)]),
    lines(30, [10**15 - i * i for i in range(30)]),
    lines(29, [10**15] * 29),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 9), (5, 20), (7, 30), (9, 100), (12, 1000), (20, 10**6), (25, 10**12), (30, 10**15)):
        yield lines(n, [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers(*[(1, 10**15)] * reader.number(1, 30))
    reader.end()
