"""Segmented sieve. The traps: 1 is no prime, small primes strike out themselves, division one by one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("number theory", "math")
DIFFICULTY = "hard"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The pages of an endless book are numbered 1, 2, 3 and so on, and every page with a prime number shows a
picture. Somebody holds the book open so that exactly the pages a to b can be seen. How many pictures can
be seen, and on which page is the last of them?

Input

One line with two integers a and b (1 <= a <= b <= 10^12, b - a <= 50000).

Output

Print the number of pictures, and the number of the last page with a picture. If there is no picture,
print "0 -1".

{examples}

Note

In the first example the pictures are on the pages 11, 13, 17 and 19.
"""

SOLUTIONS = (
    r"""
from math import isqrt

a, b = map(int, input().split())
root = isqrt(b)
small = bytearray([1]) * (root + 1)
window = bytearray([1]) * (b - a + 1)
for p in range(2, root + 1):
    if small[p]:
        if p * p <= root:
            small[p * p :: p] = bytes(len(range(p * p, root + 1, p)))
        first = max(p * p, (a + p - 1) // p * p) - a
        if first < len(window):
            window[first::p] = bytes(len(range(first, len(window), p)))
if a == 1:
    window[0] = 0
last = window.rfind(1)
print(window.count(1), a + last if last >= 0 else -1)
""",
    r"""
# strike out the multiples of small primes, ask Miller and Rabin about the rest
a, b = map(int, input().split())
SMALL = [p for p in range(2, 1000) if all(p % q for q in range(2, p))]


def is_prime(n):
    if n < 2:
        return False
    if n < 1000000:
        return all(n % p for p in SMALL if p * p <= n)
    d, s = n - 1, 0
    while d % 2 == 0:
        d, s = d // 2, s + 1
    for base in (2, 13, 23, 1662803):  # enough below 1.1 * 10^12
        x = pow(base, d, n)
        if x in (0, 1, n - 1):
            continue
        for _ in range(s - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


left = bytearray([1]) * (b - a + 1)
for p in SMALL:
    for multiple in range(max(2 * p, (a + p - 1) // p * p), b + 1, p):
        left[multiple - a] = 0
primes = [a + i for i in range(b - a + 1) if left[i] and is_prime(a + i)]
print(len(primes), primes[-1] if primes else -1)
""",
)

INCORRECT = (
    (  # page 1 has a picture
        "wrong_answer",
        r"""
a, b = map(int, input().split())
window = [True] * (b - a + 1)
root = int(b**0.5) + 1
small = bytearray([1]) * (root + 1)
for p in range(2, root + 1):
    if small[p]:
        small[p * p :: p] = bytes(len(range(p * p, root + 1, p)))
        for multiple in range(max(p * p, (a + p - 1) // p * p), b + 1, p):
            window[multiple - a] = False
primes = [a + i for i in range(b - a + 1) if window[i]]
print(len(primes), primes[-1] if primes else -1)
""",
    ),
    (  # small primes strike out themselves
        "wrong_answer",
        r"""
a, b = map(int, input().split())
window = [True] * (b - a + 1)
root = int(b**0.5) + 1
small = bytearray([1]) * (root + 1)
for p in range(2, root + 1):
    if small[p]:
        small[p * p :: p] = bytes(len(range(p * p, root + 1, p)))
        for multiple in range((a + p - 1) // p * p, b + 1, p):
            window[multiple - a] = False
primes = [a + i for i in range(b - a + 1) if window[i] and a + i > 1]
print(len(primes), primes[-1] if primes else -1)
""",
    ),
    (  # Fermat's test alone: 341 = 11 * 31 passes it
        "wrong_answer",
        r"""
a, b = map(int, input().split())
count, last = 0, -1
for n in range(a, b + 1):
    if n == 2 or n > 2 and n % 2 and pow(2, n - 1, n) == 1:
        count, last = count + 1, n
print(count, last)
""",
    ),
    (  # divides every number by all that is smaller than its root
        "time_limit",
        r"""
a, b = map(int, input().split())
count, last = 0, -1
for n in range(max(a, 2), b + 1):
    d = 2
    while d * d <= n and n % d:
        d += 1
    if d * d > n:
        count, last = count + 1, n
print(count, last)
""",
    ),
    (  # no picture, no last one
        "runtime_error",
        r"""
a, b = map(int, input().split())
window = [a + i > 1 for i in range(b - a + 1)]
root = int(b**0.5) + 1
small = bytearray([1]) * (root + 1)
for p in range(2, root + 1):
    if small[p]:
        small[p * p :: p] = bytes(len(range(p * p, root + 1, p)))
        for multiple in range(max(p * p, (a + p - 1) // p * p), b + 1, p):
            window[multiple - a] = False
primes = [a + i for i in range(b - a + 1) if window[i]]
print(len(primes), primes[-1])
""",
    ),
    (  # a keyword as a name
        "compile_error",
        r"""
a, b = map(int, input().split())
count, last = 0, -1
for page in range(a, b + 1):
    is = page > 1 and all(page % d for d in range(2, int(page**0.5) + 1))
    if is:
        count, last = count + 1, page
print(count, last)
""",
    ),
)

PUBLIC = ("10 20\n", "90 110\n")

PRIVATE = (
    "2 2\n",
    "1 10\n",
    "1 1\n",
    "24 28\n",
    "2 3\n",
    "340 342\n",
    "121 169\n",
    "1 50001\n",
    "999999950000 1000000000000\n",
    "999966000200 999966000400\n",
    "999999999959 999999999990\n",
)


def generated(rng: Random) -> Iterator[str]:
    for top, width in ((10, 20), (100, 50), (1000, 30), (10**4, 3000), (10**6, 50000), (10**9, 50000), (10**11, 300),
                       (10**12 - 10**6, 50000)):  # fmt: skip
        a = rng.randint(max(1, top // 2), top)
        yield lines((a, a + rng.randint(width // 2, width)))


def validate(text: str) -> None:
    reader = Reader(text)
    a, b = reader.numbers((1, 10**12), (1, 10**12))
    require(0 <= b - a <= 50000, "a <= b <= a + 50000")
    reader.end()
