"""Greatest common divisor of huge numbers. The traps: floating point, and loops over the numbers themselves."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("number theory", "math", "geometry")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The floor of a hall is a rectangle of a by b millimetres. It shall be covered completely with equal
square tiles whose side is a whole number of millimetres. Tiles must not be cut and must not overlap.
What is the smallest number of tiles that can do it?

Input

One line with two integers a and b (1 <= a, b <= 10^18).

Output

Print the smallest number of tiles.

{examples}

Note

In the first example the tiles have a side of 2 millimetres, in 2 rows of 3. In the second example
only tiles of 1 millimetre fit.
"""

SOLUTIONS = (
    r"""
from math import gcd

a, b = map(int, input().split())
side = gcd(a, b)
print((a // side) * (b // side))
""",
    r"""
# the binary method: halve, or subtract the smaller from the larger
a, b = map(int, input().split())
x, y, twos = a, b, 0
while x != y:
    if x % 2 == 0 and y % 2 == 0:
        x, y, twos = x // 2, y // 2, twos + 1
    elif x % 2 == 0:
        x //= 2
    elif y % 2 == 0:
        y //= 2
    elif x > y:
        x -= y
    else:
        y -= x
side = x << twos
print(a * b // side**2)
""",
)

INCORRECT = (
    (  # division in floating point
        "wrong_answer",
        r"""
from math import gcd

a, b = map(int, input().split())
side = gcd(a, b)
print(int(a / side) * int(b / side))
""",
    ),
    (  # the area over one side instead of its square
        "wrong_answer",
        r"""
from math import gcd

a, b = map(int, input().split())
print(a * b // gcd(a, b))
""",
    ),
    (  # tries every side, from the largest
        "time_limit",
        r"""
a, b = map(int, input().split())
side = min(a, b)
while a % side or b % side:
    side -= 1
print((a // side) * (b // side))
""",
    ),
    (  # Euclid by subtraction, one call for each
        "runtime_error",
        r"""
def gcd(x, y):
    if x == y:
        return x
    if x > y:
        return gcd(x - y, y)
    return gcd(x, y - x)


a, b = map(int, input().split())
side = gcd(a, b)
print((a // side) * (b // side))
""",
    ),
)

PUBLIC = ("4 6\n", "5 7\n")

PRIVATE = (
    "1 1\n",
    "12 12\n",
    "1 9\n",
    "1000000000000000000 1000000000000000000\n",
    "1 1000000000000000000\n",
    "999999999999999999 1000000000000000000\n",
    "999999999999999989 999999999999999967\n",
    "679891637638612258 420196140727489673\n",
    "864691128455135232 972777519512027136\n",
)


def generated(rng: Random) -> Iterator[str]:
    for top in (10, 30, 200, 10**5, 10**9, 10**12, 10**15, 10**18):
        side = rng.randint(1, int(top**0.5))
        a, b = (rng.randint(1, top // side) * side for _ in range(2))
        assert gcd(a, b) >= side
        yield lines((a, b))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.numbers((1, 10**18), (1, 10**18))
    reader.end()
