"""The most intervals that hold at once. The traps: one ends when the next begins, and the day is long."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("sorting", "greedy", "data structures")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 64_000_000

STATEMENT = """
A conference has n talks. Talk i begins s_i seconds after the opening and ends e_i seconds after it. Two
talks cannot share a room if there is a moment at which both are under way; but a talk may begin in a
room at the very second in which another one ends there. How many rooms are needed?

Input

The first line holds an integer n (1 <= n <= 3000). Each of the next n lines holds two integers s_i and
e_i (0 <= s_i < e_i <= 20 000 000).

Output

Print the smallest number of rooms.

{examples}

Note

In the first example the second talk can have the room of the first, and the third one needs its own.
"""

SOLUTIONS = (
    r"""
changes = []
for _ in range(int(input())):
    s, e = map(int, input().split())
    changes += [(s, 1), (e, -1)]
rooms = most = 0
for time, change in sorted(changes):  # at equal times the ends come first
    rooms += change
    most = max(most, rooms)
print(most)
""",
    r"""
# a heap of the ends of the talks that hold a room
import sys
from heapq import heappush, heapreplace

talks = sorted(tuple(map(int, row.split())) for row in sys.stdin.read().splitlines()[1:])
rooms = []
for s, e in talks:
    if rooms and rooms[0] <= s:
        heapreplace(rooms, e)
    else:
        heappush(rooms, e)
print(len(rooms))
""",
)

INCORRECT = (
    (  # at equal times the beginnings come first
        "wrong_answer",
        r"""
changes = []
for _ in range(int(input())):
    s, e = map(int, input().split())
    changes += [(s, 0), (e, 1)]
rooms = most = 0
for time, end in sorted(changes):
    rooms += -1 if end else 1
    most = max(most, rooms)
print(most)
""",
    ),
    (  # the talks that overlap with one talk need not overlap with each other
        "wrong_answer",
        r"""
talks = [tuple(map(int, input().split())) for _ in range(int(input()))]
print(max(sum(a < e and s < b for a, b in talks) for s, e in talks))
""",
    ),
    (  # gives a talk to the first room in the order in which the talks are listed
        "wrong_answer",
        r"""
rooms = []
for _ in range(int(input())):
    s, e = map(int, input().split())
    for i in range(len(rooms)):
        if rooms[i] <= s:
            rooms[i] = e
            break
    else:
        rooms.append(e)
print(len(rooms))
""",
    ),
    (  # one counter for every second
        "memory_limit",
        r"""
from itertools import accumulate

talks = [tuple(map(int, input().split())) for _ in range(int(input()))]
change = [0] * (max(e for s, e in talks) + 1)
for s, e in talks:
    change[s] += 1
    change[e] -= 1
points = sorted({s for s, e in talks} | {e for s, e in talks})
print(max(accumulate(change[point] for point in points)))
""",
    ),
    (  # goes through all seconds of every talk
        "time_limit",
        r"""
talks = [tuple(map(int, input().split())) for _ in range(int(input()))]
most = 0
for second in range(max(e for s, e in talks)):
    most = max(most, sum(s <= second < e for s, e in talks))
print(most)
""",
    ),
    (  # asks for the first room when all of them became free
        "runtime_error",
        r"""
from heapq import heappop, heappush

rooms, most = [], 0
for s, e in sorted(tuple(map(int, input().split())) for _ in range(int(input()))):
    if rooms:
        while rooms[0] <= s:
            heappop(rooms)
    heappush(rooms, e)
    most = max(most, len(rooms))
print(most)
""",
    ),
)

PUBLIC = (
    lines(3, (0, 30), (30, 50), (40, 90)),
    lines(4, (5, 9), (1, 10), (4, 6), (2, 3)),
)

# A counter for every second has room until the day of 20 000 000.
PRIVATE = (
    lines(1, (0, 1)),
    lines(3, (0, 10), (0, 4), (6, 10)),
    lines(3, (10, 20), (0, 10), (5, 15)),
    lines(4, (0, 5), (5, 6), (5, 7), (0, 5)),
    lines(5, (0, 9), (1, 2), (3, 4), (5, 6), (7, 8)),
    lines(5, (7, 9), (7, 9), (7, 9), (7, 9), (7, 9)),
    lines(2, (0, 20_000_000), (19_999_999, 20_000_000)),
    lines(700, *((i, 20_000_000 - i) for i in range(700))),
    lines(500, *((5000 * i, 5000 * i + 5000) for i in range(500))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, day in ((3, 8), (6, 12), (15, 30), (40, 100), (150, 10**4), (600, 10**5), (500, 5000), (300, 20_000_000)):
        talks = (sorted(rng.sample(range(day + 1), 2)) for _ in range(n))
        yield lines(n, *talks)


def validate(text: str) -> None:
    reader = Reader(text)
    for _ in range(reader.number(1, 3000)):
        s, e = reader.numbers((0, 20_000_000), (0, 20_000_000))
        require(s < e, "s < e")
    reader.end()
