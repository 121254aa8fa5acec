"""A largest matching. The traps: first come, first served; fewest wishes first; and all ways are too many."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("graphs", "matchings", "flows")
DIFFICULTY = "hard"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A museum looks for guards for the nights 1 to m. Each of n people has named the nights on which he or she
could keep guard. Everybody guards at most one night, and every night needs one guard. The museum wants a
guard for as many nights as possible.

Input

The first line holds two integers n and m (1 <= n, m <= 100). Each of the next n lines describes a person:
first the number k of nights that the person named (0 <= k <= m), then k different integers from 1 to m in
increasing order, the nights.

Output

Print n integers on one line, one for each person in the order of the input: the night that the person
guards, or 0 for none. No night may have two guards, everybody guards only nights that he or she has named,
and as many nights as possible must have a guard. If there are several right answers, print any of them.

{examples}

Note

In the first example the second person can guard only night 1, so that the first one has to guard night 2.
"""

SOLUTIONS = (
    r"""
# Kuhn's algorithm: whoever finds all wishes taken asks the guards to move on
import sys

n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]
guard = [-1] * (m + 1)


def place(person, asked):
    for night in wishes[person]:
        if night not in asked:
            asked.add(night)
            if guard[night] < 0 or place(guard[night], asked):
                guard[night] = person
                return True
    return False


for person in range(n):
    place(person, set())
answer = [0] * n
for night, person in enumerate(guard):
    if person >= 0:
        answer[person] = night
print(*answer)
""",
    r"""
# search in breadth for a way from a person without a night to a night without a guard
from collections import deque

n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]
night_of, guard = [0] * n, [-1] * (m + 1)
for start in range(n):
    came_from = {}
    queue = deque([start])
    end = 0
    while queue and not end:
        person = queue.popleft()
        for night in wishes[person]:
            if night not in came_from:
                came_from[night] = person
                if guard[night] < 0:
                    end = night
                    break
                queue.append(guard[night])
    while end:
        person = came_from[end]
        guard[end] = person
        night_of[person], end = end, night_of[person]
print(*night_of)
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
    rows = [list(map(int, row.split())) for row in input.splitlines()]
    n, m = rows[0]
    if len(output) > 10000 or not output.isascii():
        return False
    nights = [number(word, 0, m) for word in output.split()]
    if len(nights) != n or None in nights:
        return False
    guarded = [night for night in nights if night]
    if len(set(guarded)) != len(guarded):
        return False
    if any(night and night not in row[1:] for night, row in zip(nights, rows[1:])):
        return False
    return len(guarded) == sum(word != "0" for word in expected.split())
"""

INCORRECT = (
    (  # the first night that is still free
        "wrong_answer",
        r"""
n, m = map(int, input().split())
taken, answer = set(), []
for _ in range(n):
    k, *nights = map(int, input().split())
    night = next((night for night in nights if night not in taken), 0)
    taken.add(night)
    answer.append(night)
print(*answer)
""",
    ),
    (  # who has named the fewest nights comes first
        "wrong_answer",
        r"""
n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]
taken, answer = set(), [0] * n
for person in sorted(range(n), key=lambda person: len(wishes[person])):
    for night in wishes[person]:
        if night not in taken:
            taken.add(night)
            answer[person] = night
            break
print(*answer)
""",
    ),
    (  # the night with the fewest wishes comes first, and takes its first guard
        "wrong_answer",
        r"""
n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]
answer = [0] * n
for night in sorted(range(1, m + 1), key=lambda night: sum(night in nights for nights in wishes)):
    for person in range(n):
        if answer[person] == 0 and night in wishes[person]:
            answer[person] = night
            break
print(*answer)
""",
    ),
    (  # prints how many instead of who
        "wrong_answer",
        r"""
n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]
guard = {}


def place(person, asked):
    for night in wishes[person]:
        if night not in asked:
            asked.add(night)
            if night not in guard or place(guard[night], asked):
                guard[night] = person
                return True
    return False


print(sum(place(person, set()) for person in range(n)))
""",
    ),
    (  # tries every night for everybody
        "time_limit",
        r"""
n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]


def best(person, taken):
    if person == n:
        return 0, []
    guarded, nights = best(person + 1, taken)
    result = guarded, [0] + nights
    for night in wishes[person]:
        if night not in taken:
            guarded, nights = best(person + 1, taken | {night})
            if guarded + 1 > result[0]:
                result = guarded + 1, [night] + nights
    return result


print(*best(0, frozenset())[1])
""",
    ),
    (  # who asks whom goes round in circles
        "runtime_error",
        r"""
n, m = map(int, input().split())
wishes = [list(map(int, input().split()))[1:] for _ in range(n)]
guard = {}


def place(person):
    for night in wishes[person]:
        if night not in guard or place(guard[night]):
            guard[night] = person
            return True
    return False


answer = [0] * n
for person in range(n):
    place(person)
for night, person in guard.items():
    answer[person] = night
print(*answer)
""",
    ),
)

PUBLIC = (
    lines((2, 2), (2, 1, 2), (1, 1)),
    lines((3, 3), (1, 2), (2, 2, 3), (1, 3)),
)

# Rows of two wishes each: who takes the first free night, or goes by the number of wishes, ends in a dead end.
PRIVATE = (
    lines((1, 1), (0,)),
    lines((1, 3), (1, 2)),
    lines((3, 1), (1, 1), (1, 1), (0,)),
    lines((2, 2), (2, 1, 2), (2, 1, 2)),
    lines((4, 4), (2, 1, 2), (2, 2, 3), (2, 3, 4), (2, 1, 2)),
    lines((4, 4), (2, 2, 3), (2, 1, 2), (2, 1, 4), (2, 1, 3)),
    lines((5, 5), (2, 1, 3), (2, 1, 2), (3, 1, 2, 3), (2, 3, 5), (2, 4, 5)),
    lines((6, 6), (3, 1, 2, 3), (2, 1, 2), (2, 2, 3), (2, 1, 3), (3, 3, 4, 5), (2, 4, 5)),
    lines((30, 30), *((2, i, i + 1) for i in range(1, 30)), (1, 1)),
    lines((60, 50), *((10, *range(1, 11)) for _ in range(30)), *((10, *range(6, 16)) for _ in range(30))),
    lines((100, 100), *((2, i, i + 1) for i in range(1, 100)), (1, 1)),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m, most in ((2, 3, 2), (3, 3, 2), (4, 4, 3), (5, 5, 2), (6, 5, 3), (15, 15, 3), (40, 50, 2), (100, 100, 3)):
        people = (sorted(rng.sample(range(1, m + 1), rng.randint(1, most))) for _ in range(n))
        yield lines((n, m), *((len(nights), *nights) for nights in people))


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 100), (1, 100))
    for _ in range(n):
        row = reader.line(r"\d+( \d+)*")
        nights = row.split(" ")[1:]
        require(row == " ".join(map(str, [len(nights), *sorted({int(night) for night in nights})])), "sorted nights")
        require(all(1 <= int(night) <= m for night in nights), f"nights from 1 to {m}")
    reader.end()
