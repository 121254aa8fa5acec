"""Burnside's lemma with a modulus. The traps: dividing after taking remainders, and going round once per seat."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("combinatorics", "number theory", "math")
DIFFICULTY = "hard"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A carousel has n seats in a circle, and each of them shall be painted in one of k colours. The carousel
turns, so two paintings count as the same if one becomes the other by turning. (They are not the same if
one is only a mirror image of the other.) How many different paintings are there?

Input

The first line holds an integer t, the number of carousels (1 <= t <= 20). Each of the next t lines
holds two integers n and k (1 <= n, k <= 10^9).

Output

For every carousel print one line: the number of paintings modulo the prime 1 000 000 007.

{examples}

Note

With 3 seats and 2 colours there are 4 paintings: both colours alone, and one or two seats of the first
colour in a row.
"""

SOLUTIONS = (
    r"""
# Burnside: turning by i seats leaves k^gcd(i, n) paintings as they are; phi(n / d) turns have the gcd d
M = 10**9 + 7


def primes_of(n):
    found, p = {}, 2
    while p * p <= n:
        while n % p == 0:
            found[p] = found.get(p, 0) + 1
            n //= p
        p += 1
    if n > 1:
        found[n] = 1
    return found


for _ in range(int(input())):
    n, k = map(int, input().split())
    divisors = [(1, 1)]  # with phi of each
    for p, e in primes_of(n).items():
        powers = [(1, 1)] + [(p**i, p**i - p ** (i - 1)) for i in range(1, e + 1)]
        divisors = [(d * q, phi * psi) for d, phi in divisors for q, psi in powers]
    fixed = sum(phi * pow(k, n // d, M) for d, phi in divisors)
    print(fixed * pow(n, M - 2, M) % M)
""",
    r"""
# a painting repeats after d seats for exactly one smallest divisor d of n, and has d different turns;
# those that repeat after d but not earlier: k^d less those of the divisors of d
M = 10**9 + 7
small = [p for p in range(2, 31700) if all(p % q for q in range(2, int(p**0.5) + 1))]


def divisors_of(n):
    found = [1]
    for p in small:
        if p * p > n:
            break
        powers = [1]
        while n % p == 0:
            n //= p
            powers.append(powers[-1] * p)
        found = [d * q for d in found for q in powers]
    if n > 1:
        found += [d * n for d in found]
    return sorted(found)


for _ in range(int(input())):
    n, k = map(int, input().split())
    divisors = divisors_of(n)
    exact = {}
    paintings = 0
    for d in divisors:
        exact[d] = pow(k, d, M)
    for i, d in enumerate(divisors):
        for e in divisors[i + 1 :]:
            if e % d == 0:
                exact[e] -= exact[d]
        paintings += exact[d] * pow(d, M - 2, M)
    print(paintings % M)
""",
)

INCORRECT = (
    (  # takes the remainder first and then divides
        "wrong_answer",
        r"""
M = 10**9 + 7


def phi(n):
    result, p = n, 2
    while p * p <= n:
        if n % p == 0:
            result -= result // p
            while n % p == 0:
                n //= p
        p += 1
    return result - result // n if n > 1 else result


for _ in range(int(input())):
    n, k = map(int, input().split())
    fixed, d = 0, 1
    while d * d <= n:
        if n % d == 0:
            for e in {d, n // d}:
                fixed += phi(n // e) * pow(k, e, M)
        d += 1
    print(fixed % M // n)
""",
    ),
    (  # every painting counted n times, also the regular ones
        "wrong_answer",
        r"""
M = 10**9 + 7
for _ in range(int(input())):
    n, k = map(int, input().split())
    print((pow(k, n, M) - k) * pow(n, M - 2, M) % M + k)
""",
    ),
    (  # counts a square root as two divisors
        "wrong_answer",
        r"""
M = 10**9 + 7


def phi(n):
    result, p = n, 2
    while p * p <= n:
        if n % p == 0:
            result -= result // p
            while n % p == 0:
                n //= p
        p += 1
    return result - result // n if n > 1 else result


for _ in range(int(input())):
    n, k = map(int, input().split())
    fixed, d = 0, 1
    while d * d <= n:
        if n % d == 0:
            fixed += phi(n // d) * pow(k, d, M) + phi(d) * pow(k, n // d, M)
        d += 1
    print(fixed * pow(n, M - 2, M) % M)
""",
    ),
    (  # one gcd for every seat
        "time_limit",
        r"""
from math import gcd

M = 10**9 + 7
for _ in range(int(input())):
    n, k = map(int, input().split())
    fixed = sum(pow(k, gcd(i, n), M) for i in range(n))
    print(fixed * pow(n, M - 2, M) % M)
""",
    ),
    (  # n / d is no whole number to pow()
        "runtime_error",
        r"""
from math import gcd

M = 10**9 + 7
for _ in range(int(input())):
    n, k = map(int, input().split())
    fixed = 0
    for d in range(1, n + 1):
        if n % d == 0:
            turns = sum(gcd(i, d) == 1 for i in range(d))
            fixed += turns * pow(k, n / d, M)
    print(fixed * pow(n, M - 2, M) % M)
""",
    ),
)

PUBLIC = (lines(2, (3, 2), (5, 3)), lines(1, (6, 2)))

PRIVATE = (
    lines(2, (1, 1), (1, 1000000000)),
    lines(3, (2, 1), (2, 2), (2, 3)),
    lines(4, (4, 2), (9, 2), (25, 3), (36, 4)),
    lines(2, (12, 10), (30, 7)),
    lines(1, (999999937, 2)),
    lines(1, (735134400, 999999999)),
    lines(2, (1000000000, 1), (1000000000, 1000000000)),
    lines(2, (536870912, 3), (387420489, 2)),
    lines(1, (999950884, 5)),
    lines(20, *((i, 2) for i in range(1, 21))),
)


def generated(rng: Random) -> Iterator[str]:
    for t, top in ((1, 10), (5, 20), (10, 100), (20, 1000), (20, 10**5)):
        yield lines(t, *((rng.randint(1, top), rng.randint(1, 10**9)) for _ in range(t)))
    for t in (1, 2, 4):
        yield lines(t, *((rng.randint(10**8, 10**9), rng.randint(1, 10**9)) for _ in range(t)))


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 20)):
        reader.numbers((1, 10**9), (1, 10**9))
    reader.end()
