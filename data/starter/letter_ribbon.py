"""Look up places in a run-length code. The traps: numbers of several digits, counting from 1, writing it all out."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("strings", "parsing", "prefix sums", "binary search")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 128_000_000

STATEMENT = """
A ribbon is printed with a long row of letters. Its pattern is given by a code: each letter is followed
by the number of times that it is printed in a row. The code a2b10a1 stands for aabbbbbbbbbba.

Which letters stand at some given places of the ribbon?

Input

The first line holds the code: between 1 and 200 lower-case letters from a to z, each of them directly
followed by an integer from 1 to 10^9 without leading zeros. The second line holds an integer q, the
number of questions (1 <= q <= 200). The third line holds q integers, the places, in any order. Places
are counted from 1; every place is on the ribbon.

Output

Print one line with q letters, one for each question in the order of the input, without spaces.

{examples}

Note

In the first example places 1, 3, 12 and 13 of aabbbbbbbbbba hold the letters a, b, b and a.
"""

SOLUTIONS = (
    r"""
import re
from bisect import bisect_left
from itertools import accumulate

runs = re.findall(r"([a-z])(\d+)", input())
ends = list(accumulate(int(count) for _, count in runs))
input()
print("".join(runs[bisect_left(ends, int(place))][0] for place in input().split()))
""",
    r"""
# read the code sign by sign; for every question walk along the runs
code = input() + "!"
runs, letter, count = [], "", 0
for sign in code:
    if sign.isdigit():
        count = 10 * count + int(sign)
    else:
        if letter:
            runs.append((letter, count))
        letter, count = sign, 0
input()
answer = ""
for place in map(int, input().split()):
    for letter, count in runs:
        if place <= count:
            answer += letter
            break
        place -= count
print(answer)
""",
)

INCORRECT = (
    (  # numbers of one digit
        "runtime_error",
        r"""
code = input()
ribbon = ""
for i in range(0, len(code), 2):
    ribbon += code[i] * int(code[i + 1])
input()
print("".join(ribbon[int(place) - 1] for place in input().split()))
""",
    ),
    (  # counts places from 0
        "wrong_answer",
        r"""
import re
from bisect import bisect_right
from itertools import accumulate

runs = re.findall(r"([a-z])(\d+)", input())
ends = list(accumulate(int(count) for _, count in runs))
input()
letters = [letter for letter, _ in runs] + ["?"]
print("".join(letters[bisect_right(ends, int(place))] for place in input().split()))
""",
    ),
    (  # one number for each letter of the alphabet: the last one counts
        "wrong_answer",
        r"""
import re

runs = dict(re.findall(r"([a-z])(\d+)", input()))
input()
answer = ""
for place in map(int, input().split()):
    for letter, count in runs.items():
        if place <= int(count):
            answer += letter
            break
        place -= int(count)
    else:
        answer += "?"
print(answer)
""",
    ),
    (  # answers in the order of the places
        "wrong_answer",
        r"""
import re

runs = re.findall(r"([a-z])(\d+)", input())
input()
answer, end, at = "", 0, -1
for place in sorted(map(int, input().split())):
    while end < place:
        at += 1
        end += int(runs[at][1])
    answer += runs[at][0]
print(answer)
""",
    ),
    (  # writes out the ribbon
        "memory_limit",
        r"""
import re

ribbon = "".join(letter * int(count) for letter, count in re.findall(r"([a-z])(\d+)", input()))
input()
print("".join(ribbon[int(place) - 1] for place in input().split()))
""",
    ),
    (  # walks from place to place
        "time_limit",
        r"""
import re

runs = [(letter, int(count)) for letter, count in re.findall(r"([a-z])(\d+)", input())]
input()
answer = ""
for place in map(int, input().split()):
    at, letter = 0, ""
    for letter, count in runs:
        while count and at < place:
            count -= 1
            at += 1
        if at == place:
            break
    answer += letter
print(answer)
""",
    ),
)

PUBLIC = (
    "a2b10a1\n4\n1 3 12 13\n",
    "x1y1z1\n5\n3 3 1 2 1\n",
)

# The ribbons of the first tests are short; the first long one is still too short to fill the memory.
PRIVATE = (
    "q1\n1\n1\n",
    "a1a1a1b1\n4\n4 3 2 1\n",
    "a9b9c9\n6\n9 10 18 19 27 1\n",
    "z100\n3\n1 100 50\n",
    "a99b100c101\n6\n99 100 199 200 300 1\n",
    "a1b1a1b1a1\n5\n1 2 3 4 5\n",
    "m500000000n500000000\n200\n" + " ".join(["1000000000"] * 200) + "\n",
    lines("k1000000000" * 200, 2, (1, 200_000_000_000)),
    lines("".join(f"{chr(97 + i % 26)}{10**9 - i}" for i in range(200)), 3, (10**9, 10**9 + 1, 10**11)),
)


def generated(rng: Random) -> Iterator[str]:
    for n, most, q in ((2, 3, 3), (4, 12, 8), (10, 11, 20), (26, 100, 50), (100, 9, 100), (200, 1000, 200)):
        yield _input(rng, n, most, q)
    for n, most, q in ((50, 10**9, 50), (200, 10**9, 200), (200, 10**8, 100)):
        yield _input(rng, n, most, q)


def _input(rng: Random, n: int, most: int, q: int) -> str:
    counts = [rng.randint(1, most) for _ in range(n)]
    code = "".join(rng.choice("abcdefgh") + str(count) for count in counts)
    ends = [sum(counts[: i + 1]) for i in range(n)]
    places = [min(ends[-1], rng.choice(ends) + rng.randint(0, 1)) for _ in range(q)]
    return lines(code, q, places)


def validate(text: str) -> None:
    reader = Reader(text)
    code = reader.line("([a-z][1-9][0-9]{0,9}){1,200}")
    letters = "".join(sign if sign.isdigit() else " " for sign in code)
    counts = list(map(int, letters.split()))
    require(max(counts) <= 10**9, "numbers up to 10^9")
    q = reader.number(1, 200)
    reader.numbers(*[(1, sum(counts))] * q)
    reader.end()
