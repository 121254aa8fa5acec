"""A permutation without consecutive neighbours. The traps: 2 and 3 are impossible, 4 is special, n! is large."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("constructive", "greedy")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 64_000_000

STATEMENT = """
In a street of n houses live n shy people with the numbers 1 to n, one in each house. Nobody wants a
neighbour whose number is one smaller or one larger than his own. In which order can they live?

Input

One integer n (1 <= n <= 5000).

Output

Print the numbers of the inhabitants from one end of the street to the other. If there are several
right orders, print any of them; if there is none, print -1.

{examples}

Note

In the first example 1 must not live beside 2, 2 must not live beside 1 or 3, and so on. With two
houses, 1 and 2 are always neighbours.
"""

SOLUTIONS = (
    r"""
n = int(input())
if n in (2, 3):
    print(-1)
elif n == 1:
    print(1)
else:
    print(*range(2, n + 1, 2), *range(1, n + 1, 2))
""",
    r"""
# one by one: the newcomer k moves to the end where k - 1 does not live
from collections import deque

n = int(input())
if n == 1:
    print(1)
elif n < 4:
    print(-1)
else:
    street = deque([2, 4, 1, 3])
    for k in range(5, n + 1):
        if street[-1] == k - 1:
            street.appendleft(k)
        else:
            street.append(k)
    print(*street)
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
    n = int(input)
    if len(output) > 100000 or not output.isascii():
        return False
    words = output.split()
    if expected.split() == ["-1"]:
        return words == ["-1"]
    street = [number(word, 1, n) for word in words]
    if len(street) != n or None in street or len(set(street)) != n:
        return False
    return all(abs(a - b) != 1 for a, b in zip(street, street[1:]))
"""

INCORRECT = (
    (  # odd numbers first: at 4 the last odd number meets the first even one
        "wrong_answer",
        r"""
n = int(input())
if n in (2, 3):
    print(-1)
else:
    print(*range(1, n + 1, 2), *range(2, n + 1, 2))
""",
    ),
    (  # believes that 4 is impossible
        "wrong_answer",
        r"""
n = int(input())
if 1 < n < 5:
    print(-1)
else:
    print(*range(2, n + 1, 2), *range(1, n + 1, 2))
""",
    ),
    (  # never says that there is no order
        "wrong_answer",
        r"""
n = int(input())
print(*range(2, n + 1, 2), *range(1, n + 1, 2))
""",
    ),
    (  # a table of who gets along with whom
        "memory_limit",
        r"""
n = int(input())
friends = [[True] * (n + 1) for _ in range(n + 1)]
for i in range(1, n):
    friends[i][i + 1] = friends[i + 1][i] = False
street = list(range(2, n + 1, 2)) + list(range(1, n + 1, 2))
if all(friends[a][b] for a, b in zip(street, street[1:])):
    print(*street)
else:
    print(-1)
""",
    ),
    (  # tries the orders one after the other: too many begin with 1 2
        "time_limit",
        r"""
from itertools import permutations

n = int(input())
for street in permutations(range(1, n + 1)):
    if all(abs(a - b) != 1 for a, b in zip(street, street[1:])):
        print(*street)
        break
else:
    print(-1)
""",
    ),
    (  # backtracking, one call a house
        "runtime_error",
        r"""
n = int(input())
street, free = [], set(range(1, n + 1))


def settle():
    if not free:
        return True
    for k in sorted(free):
        if not street or abs(street[-1] - k) != 1:
            street.append(k)
            free.remove(k)
            if settle():
                return True
            free.add(street.pop())
    return False


print(*street) if settle() else print(-1)
""",
    ),
)

PUBLIC = ("5\n", "2\n")

PRIVATE = ("1\n", "3\n", "4\n", "6\n", "7\n", "8\n", "1000\n", "1999\n", "5000\n")


def generated(rng: Random) -> Iterator[str]:
    for least, most in ((9, 20), (21, 30), (31, 60), (61, 100), (101, 300), (301, 999), (1001, 1100), (1101, 1500)):
        yield lines(rng.randint(least, most))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.number(1, 5000)
    reader.end()
