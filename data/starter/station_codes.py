"""The shortest beginning that is unique. The traps: names within names, neighbours on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, distinct, lines, require

TAGS = ("strings", "tries", "sorting")
DIFFICULTY = "easy"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The stations of a railway get short codes. The code of a station is the shortest beginning of its name
with which no other name begins. If there is none, because another name begins with the whole name, the
code is the whole name. A code has at least one letter.

Input

The first line holds an integer n, the number of stations (1 <= n <= 300). Each of the next n lines holds
the name of a station: 1 to 20 lower-case letters from a to z. All names are different.

Output

Print the codes of the stations, one a line, in the order of the input.

{examples}

Note

In the first example hill is the beginning of hillside, so that its code is the whole name. Another name
begins with ha, but none but harbour with har.
"""

SOLUTIONS = (
    r"""
# how many names begin with it?
from collections import Counter

names = [input() for _ in range(int(input()))]
count = Counter(name[:k] for name in names for k in range(1, len(name) + 1))
for name in names:
    print(next((name[:k] for k in range(1, len(name)) if count[name[:k]] == 1), name))
""",
    r"""
# among sorted names, those with the longest common beginning are neighbours
def common(a, b):
    k = 0
    while k < min(len(a), len(b)) and a[k] == b[k]:
        k += 1
    return k


names = [input() for _ in range(int(input()))]
row = [""] + sorted(names) + [""]
code = {}
for before, name, after in zip(row, row[1:], row[2:]):
    code[name] = name[: max(common(before, name), common(name, after)) + 1]
print(*(code[name] for name in names), sep="\n")
""",
)

INCORRECT = (
    (  # compares only with the neighbour before it
        "wrong_answer",
        r"""
def common(a, b):
    k = 0
    while k < min(len(a), len(b)) and a[k] == b[k]:
        k += 1
    return k


names = [input() for _ in range(int(input()))]
row = [""] + sorted(names)
code = {}
for before, name in zip(row, row[1:]):
    code[name] = name[: common(before, name) + 1]
print(*(code[name] for name in names), sep="\n")
""",
    ),
    (  # only the names above it count
        "wrong_answer",
        r"""
taken = set()
for _ in range(int(input())):
    name = input()
    print(next((name[:k] for k in range(1, len(name)) if name[:k] not in taken), name))
    taken |= {name[:k] for k in range(1, len(name) + 1)}
""",
    ),
    (  # one letter too many
        "wrong_answer",
        r"""
names = [input() for _ in range(int(input()))]
for name in names:
    k = 1
    while k < len(name) and any(other.startswith(name[:k]) for other in names if other != name):
        k += 1
    print(name[: k + 1])
""",
    ),
    (  # looks for the beginning anywhere in the other names
        "wrong_answer",
        r"""
names = [input() for _ in range(int(input()))]
for name in names:
    k = 1
    while k < len(name) and any(name[:k] in other for other in names if other != name):
        k += 1
    print(name[:k])
""",
    ),
    (  # counts up until a beginning is unique, even if none is
        "time_limit",
        r"""
names = [input() for _ in range(int(input()))]
for name in names:
    k = 1
    while sum(other.startswith(name[:k]) for other in names) > 1:
        k += 1
    print(name[:k])
""",
    ),
    (  # compares letters beyond the end of a name
        "runtime_error",
        r"""
names = [input() for _ in range(int(input()))]
for name in names:
    longest = 0
    for other in names:
        if other != name:
            k = 0
            while name[k] == other[k]:
                k += 1
            longest = max(longest, k)
    print(name[: longest + 1])
""",
    ),
)

PUBLIC = (
    lines(4, "hill", "harbour", "hillside", "hamlet"),
    lines(3, "park", "market", "mill"),
)

PRIVATE = (
    lines(1, "a"),
    lines(1, "terminal"),
    lines(2, "b", "a"),
    lines(3, "a", "aa", "aaa"),
    lines(3, "aaa", "aa", "a"),
    lines(4, "abc", "abd", "ab", "b"),
    lines(3, "north", "south", "northsouth"),
    lines(4, "east", "eastend", "easter", "westeast"),
    lines(300, *("b" * (i % 15) + "a" * (1 + i // 15 % 3) + chr(97 + i // 45) + "z" for i in range(300))),
    lines(20, *("a" * i for i in range(20, 0, -1))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, letters, longest in (
        (3, "ab", 3),
        (5, "ab", 4),
        (8, "abc", 4),
        (12, "abcdefgh", 6),
        (30, "ab", 7),
        (60, "xyz", 12),
        (150, "abcdefghijklmnopqrstuvwxyz", 20),
        (300, "ab", 14),
    ):
        names: dict[str, None] = {}
        while len(names) < n:
            names["".join(rng.choices(letters, k=rng.randint(1, longest)))] = None
        yield lines(n, *names)


def validate(text: str) -> None:
    reader = Reader(text)
    names = [reader.line("[a-z]{1,20}") for _ in range(reader.number(1, 300))]
    reader.end()
    require(distinct(names), "different names")
