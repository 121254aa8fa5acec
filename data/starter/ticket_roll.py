"""Pay an amount with two prices. The traps: the greedy choice, none of one kind, amounts that cannot be paid."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("brute force", "number theory", "math")
DIFFICULTY = "easy"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Eva has a voucher of n crowns for the tram. A single ticket costs a crowns, a day ticket b crowns. The
tram gives no change, so Eva wants tickets that cost exactly n crowns together. How many tickets of
each kind can she take?

Input

One line with three integers n, a and b (1 <= n, a, b <= 10^6).

Output

Print two integers: the number of single tickets and the number of day tickets, each at least 0. If
there are several right answers, print any of them. If there is none, print only -1.

{examples}

Note

In the first example three single tickets of 4 crowns and one day ticket of 10 crowns cost 22 crowns.
In the second example every number of tickets costs an even number of crowns.
"""

SOLUTIONS = (
    r"""
n, a, b = map(int, input().split())
for singles in range(n // a + 1):
    if (n - singles * a) % b == 0:
        print(singles, (n - singles * a) // b)
        break
else:
    print(-1)
""",
    r"""
# the number of day tickets is known modulo a / gcd: the smallest one leaves most for single tickets
from math import gcd

n, a, b = map(int, input().split())
g = gcd(a, b)
if n % g:
    print(-1)
else:
    n, a, b = n // g, a // g, b // g
    days = n * pow(b, -1, a) % a if a > 1 else 0
    if days * b > n:
        print(-1)
    else:
        print((n - days * b) // a, days)
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
    n, a, b = map(int, input.split())
    if len(output) > 1000 or not output.isascii():
        return False
    words = output.split()
    if expected.split() == ["-1"]:
        return words == ["-1"]
    counts = [number(word, 0, n) for word in words]
    return len(counts) == 2 and None not in counts and counts[0] * a + counts[1] * b == n
"""

INCORRECT = (
    (  # as many day tickets as possible, and never fewer
        "wrong_answer",
        r"""
n, a, b = map(int, input().split())
days = n // b
rest = n - days * b
if rest % a == 0:
    print(rest // a, days)
else:
    print(-1)
""",
    ),
    (  # day tickets first
        "wrong_answer",
        r"""
n, a, b = map(int, input().split())
for singles in range(n // a + 1):
    if (n - singles * a) % b == 0:
        print((n - singles * a) // b, singles)
        break
else:
    print(-1)
""",
    ),
    (  # at least one of each kind
        "wrong_answer",
        r"""
n, a, b = map(int, input().split())
for singles in range(1, n // a + 1):
    rest = n - singles * a
    if rest > 0 and rest % b == 0:
        print(singles, rest // b)
        break
else:
    print(-1)
""",
    ),
    (  # takes single tickets until the rest fits, even when nothing is left
        "time_limit",
        r"""
n, a, b = map(int, input().split())
singles = 0
while n % b:
    n -= a
    singles += 1
print(singles, n // b)
""",
    ),
    (  # tries all pairs
        "time_limit",
        r"""
n, a, b = map(int, input().split())


def search():
    for singles in range(n // a + 1):
        for days in range(n // b + 1):
            if singles * a + days * b == n:
                return singles, days
    return (-1,)


print(*search())
""",
    ),
    (  # one call for every single ticket
        "runtime_error",
        r"""
n, a, b = map(int, input().split())


def pay(rest, singles):
    if rest < 0:
        return (-1,)
    if rest % b == 0:
        return singles, rest // b
    return pay(rest - a, singles + 1)


print(*pay(n, 0))
""",
    ),
)

PUBLIC = ("22 4 10\n", "15 4 6\n", "18 4 10\n")

PRIVATE = (
    "5 5 7\n",
    "7 5 7\n",
    "1 1 1\n",
    "1 2 3\n",
    "23 5 7\n",
    "24 5 7\n",
    "8 6 10\n",
    "1000000 1000000 999999\n",
    "999999 2 4\n",
    "1000000 1 1\n",
    "996004 997 999\n",
)


def generated(rng: Random) -> Iterator[str]:
    for most, price in ((20, 6), (30, 9), (60, 12), (200, 30), (10**4, 200), (10**5, 1000), (10**6, 3000), (10**6, 50)):
        a, b = (rng.randint(2, price) for _ in range(2))
        yield lines((rng.randint(most // 2, most), a, b))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers((1, 10**6), (1, 10**6), (1, 10**6))
    reader.end()
