"""Gray code. The traps: counting order changes many bits at once, and recursion that carries whole lists."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("constructive", "bit manipulation", "recursion")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The lights of a theatre are n lamps in a row. The technician wants to see every one of the 2^n patterns
of lamps once, and between two patterns he wants to switch exactly one lamp on or off. At the beginning
a given pattern is lit, and it is the first one he sees.

Input

One line with the first pattern: n characters, "1" for a lamp that is on and "0" for one that is off
(1 <= n <= 9).

Output

Print 2^n lines with the patterns in the order in which he sees them, beginning with the given one. If
there are several right orders, print any of them.

{examples}

Note

In the first example the technician could also switch the first lamp before the second one: 00, 10, 11, 01.
"""

SOLUTIONS = (
    r"""
# the k-th number of Gray's code is k ^ (k >> 1); start it anywhere by xor
text = input()
n, start = len(text), int(text, 2)
for k in range(2**n):
    print(format(k ^ k >> 1 ^ start, f"0{n}b"))
""",
    r"""
# all patterns of the first lamps, then the next lamp changes, then the same again backwards
def walk(lamps):
    if not lamps:
        return [""]
    rest = walk(lamps[1:])
    other = "1" if lamps[0] == "0" else "0"
    return [lamps[0] + pattern for pattern in rest] + [other + pattern for pattern in reversed(rest)]


print("\n".join(walk(input())))
""",
)

CHECKER = r"""
def check(input, output, expected):
    start = input.strip()
    n = len(start)
    if len(output) > 20000 or not output.isascii():
        return False
    words = output.split()
    if len(words) != 2**n or len(set(words)) != 2**n or words[0] != start:
        return False
    if any(len(word) != n or set(word) - {"0", "1"} for word in words):
        return False
    return all(sum(x != y for x, y in zip(a, b)) == 1 for a, b in zip(words, words[1:]))
"""

INCORRECT = (
    (  # counts in binary: several lamps change at once
        "wrong_answer",
        r"""
text = input()
n, start = len(text), int(text, 2)
for k in range(2**n):
    print(format(k ^ start, f"0{n}b"))
""",
    ),
    (  # always starts in the dark
        "wrong_answer",
        r"""
n = len(input())
for k in range(2**n):
    print(format(k ^ k >> 1, f"0{n}b"))
""",
    ),
    (  # adds the start instead of mixing it in
        "wrong_answer",
        r"""
text = input()
n, start = len(text), int(text, 2)
for k in range(2**n):
    k = (k + start) % 2**n
    print(format(k ^ k >> 1, f"0{n}b"))
""",
    ),
    (  # tries all orders of the patterns
        "time_limit",
        r"""
from itertools import permutations

text = input()
n = len(text)
others = [format(k, f"0{n}b") for k in range(2**n) if k != int(text, 2)]
for order in permutations(others):
    patterns = (text,) + order
    if all(sum(x != y for x, y in zip(a, b)) == 1 for a, b in zip(patterns, order)):
        print("\n".join(patterns))
        break
""",
    ),
    (  # int() without the base: "1001" is a thousand and one, which is not a pattern
        "runtime_error",
        r"""
text = input()
n, start = len(text), int(text)
order = [k ^ k >> 1 for k in range(2**n)]
at = order.index(start)
for k in order[at:] + order[:at]:
    print(format(k, f"0{n}b"))
""",
    ),
)

PUBLIC = ("00\n", "1\n")

PRIVATE = (
    *("0\n", "01\n", "10\n", "11\n", "101\n", "1001\n"),
    *("00000\n", "111111\n", "0101010\n", "000000000\n", "111111111\n"),
)


def generated(rng: Random) -> Iterator[str]:
    for n in (5, 5, 6, 7, 7, 8, 8, 9):
        yield lines("".join(rng.choices("01", k=n)))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.line("[01]{1,9}")
    reader.end()
