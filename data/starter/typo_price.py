"""Edit distance with prices. The traps: which price is whose, dear replacements, recursion of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("dp", "strings")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A stonemason has carved the text s, but the customer ordered the text t. The mason can change the carving
letter by letter: to insert a letter anywhere costs a, to remove a letter costs b, and to replace a letter
by another one costs c. What is the lowest price for changing s into t?

Input

The first line holds three integers a, b and c (1 <= a, b, c <= 10^6). The second line holds the text s, the
third line the text t: each has 1 to 600 lower-case letters from a to z.

Output

Print the lowest price.

{examples}

Note

In the first example the n is replaced for 4, and e is inserted for 3. In the second example it is cheaper
to remove x for 2 and to insert y for 1 than to replace x by y for 5.
"""

SOLUTIONS = (
    r"""
# row[j]: the price of changing the letters of s so far into the first j letters of t
a, b, c = map(int, input().split())
s, t = input(), input()
row = [a * j for j in range(len(t) + 1)]
for x in s:
    diagonal, row[0] = row[0], row[0] + b
    for j, y in enumerate(t, 1):
        diagonal, row[j] = row[j], min(row[j] + b, row[j - 1] + a, diagonal + (c if x != y else 0))
print(row[-1])
""",
    r"""
# backwards, with a whole table
a, b, c = map(int, input().split())
s, t = input(), input()
n, m = len(s), len(t)
price = [[0] * (m + 1) for _ in range(n + 1)]
for i in range(n, -1, -1):
    for j in range(m, -1, -1):
        if i == n:
            price[i][j] = (m - j) * a
        elif j == m:
            price[i][j] = (n - i) * b
        elif s[i] == t[j]:
            price[i][j] = price[i + 1][j + 1]
        else:
            price[i][j] = min(price[i][j + 1] + a, price[i + 1][j] + b, price[i + 1][j + 1] + c)
print(price[0][0])
""",
)

INCORRECT = (
    (  # every change costs 1
        "wrong_answer",
        r"""
input()
s, t = input(), input()
row = list(range(len(t) + 1))
for x in s:
    diagonal, row[0] = row[0], row[0] + 1
    for j, y in enumerate(t, 1):
        diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
print(row[-1])
""",
    ),
    (  # the prices of inserting and removing exchanged
        "wrong_answer",
        r"""
b, a, c = map(int, input().split())
s, t = input(), input()
row = [a * j for j in range(len(t) + 1)]
for x in s:
    diagonal, row[0] = row[0], row[0] + b
    for j, y in enumerate(t, 1):
        diagonal, row[j] = row[j], min(row[j] + b, row[j - 1] + a, diagonal + (c if x != y else 0))
print(row[-1])
""",
    ),
    (  # replaces wherever two letters differ, and inserts or removes at the end
        "wrong_answer",
        r"""
a, b, c = map(int, input().split())
s, t = input(), input()
price = sum(c for x, y in zip(s, t) if x != y)
price += max(0, len(t) - len(s)) * a + max(0, len(s) - len(t)) * b
print(price)
""",
    ),
    (  # pays for replacing a letter by itself
        "wrong_answer",
        r"""
a, b, c = map(int, input().split())
s, t = input(), input()
row = [a * j for j in range(len(t) + 1)]
for x in s:
    diagonal, row[0] = row[0], row[0] + b
    for j, y in enumerate(t, 1):
        diagonal, row[j] = row[j], min(row[j] + b, row[j - 1] + a, diagonal + c)
print(row[-1])
""",
    ),
    (  # a single wrong letter is always replaced
        "wrong_answer",
        r"""
a, b, c = map(int, input().split())
s, t = input(), input()
if len(s) == len(t) and sum(x != y for x, y in zip(s, t)) == 1:
    print(c)
else:
    row = [a * j for j in range(len(t) + 1)]
    for x in s:
        diagonal, row[0] = row[0], row[0] + b
        for j, y in enumerate(t, 1):
            diagonal, row[j] = row[j], min(row[j] + b, row[j - 1] + a, diagonal + (c if x != y else 0))
    print(row[-1])
""",
    ),
    (  # tries everything, and remembers nothing
        "time_limit",
        r"""
a, b, c = map(int, input().split())
s, t = input(), input()


def price(i, j):
    if i == len(s) or j == len(t):
        return (len(t) - j) * a + (len(s) - i) * b
    return min(price(i, j + 1) + a, price(i + 1, j) + b, price(i + 1, j + 1) + (c if s[i] != t[j] else 0))


print(price(0, 0))
""",
    ),
    (  # remembers, but calls too deep
        "runtime_error",
        r"""
from functools import lru_cache

a, b, c = map(int, input().split())
s, t = input(), input()


@lru_cache(None)
def price(i, j):
    if i == len(s) or j == len(t):
        return (len(t) - j) * a + (len(s) - i) * b
    if s[i] == t[j]:
        return price(i + 1, j + 1)
    return min(price(i, j + 1) + a, price(i + 1, j) + b, price(i + 1, j + 1) + c)


print(price(0, 0))
""",
    ),
)

PUBLIC = (
    "3 2 4\nstony\nstogey\n",
    "1 2 5\nbox\nboy\n",
)

PRIVATE = (
    "1 1 1\na\na\n",
    "5 3 9\na\nb\n",
    "5 3 7\na\nb\n",
    "7 1 1\nabc\nc\n",
    "1 7 1\nc\nabc\n",
    "2 3 4\nabcdef\nbcdefa\n",
    "10 1 100\nkitchen\nchicken\n",
    "1000000 1000000 1000000\nabcabcabcabcabc\nxyzxyzxyzxyzxyz\n",
    lines((3, 4, 6), "ab" * 300, "ba" * 300),
    lines((10**6, 10**6, 10**6), "a" * 600, "b" * 600),
    lines((1, 10**6, 1), "a", "ab" * 300),
)


def generated(rng: Random) -> Iterator[str]:
    for n, letters in (
        (3, "ab"),
        (4, "abc"),
        (6, "ab"),
        (12, "abc"),
        (30, "abcd"),
        (80, "ab"),
        (200, "abc"),
        (400, "xyz"),
    ):
        prices = [rng.randint(1, rng.choice((3, 10, 100))) for _ in range(3)]
        s, t = ("".join(rng.choices(letters, k=rng.randint(max(1, n // 2), n))) for _ in range(2))
        yield lines(prices, s, t)


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers(*[(1, 10**6)] * 3)
    for _ in range(2):
        reader.line("[a-z]{1,600}")
    reader.end()
