"""Topological order. The traps: circles, recursion depth, exploring the same step again and again."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("graphs", "dfs and similar", "sorting")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A recipe has n steps, numbered 1 to n, and m notes. A note "a b" says that step a must be finished
before step b can begin. The cook does one step after the other. In which order?

Input

The first line holds two integers n and m (1 <= n <= 3000, 0 <= m <= 4000). Each of the next m lines holds
a note: two different integers a and b from 1 to n. The same note may stand there more than once.

Output

Print the n steps in an order that obeys all notes. If there are several such orders, print any of them.
If there is none, print IMPOSSIBLE.

{examples}

Note

In the first example 3 1 4 2 and 1 3 4 2 are right, among others; step 2 has to come after 1 and 4.
"""

SOLUTIONS = (
    r"""
# do what has nothing left to wait for
import sys

n, m, *notes = map(int, sys.stdin.buffer.read().split())
after = [[] for _ in range(n + 1)]
waits = [0] * (n + 1)
for a, b in zip(notes[::2], notes[1::2]):
    after[a].append(b)
    waits[b] += 1
order = [step for step in range(1, n + 1) if not waits[step]]
for step in order:
    for b in after[step]:
        waits[b] -= 1
        if not waits[b]:
            order.append(b)
print(*order if len(order) == n else ["IMPOSSIBLE"])
""",
    r"""
# depth first with a stack of its own: a step is finished when all that needs it is
NEW, OPEN, DONE = 0, 1, 2
n, m = map(int, input().split())
after = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b = map(int, input().split())
    after[a].append(b)
state = [NEW] * (n + 1)
backwards = []
circle = False
for root in range(1, n + 1):
    stack = [root]
    while stack:
        step = stack[-1]
        if state[step] == NEW:
            state[step] = OPEN
            for b in after[step]:
                if state[b] == NEW:
                    stack.append(b)
                elif state[b] == OPEN:
                    circle = True
        else:
            stack.pop()
            if state[step] == OPEN:
                state[step] = DONE
                backwards.append(step)
if circle:
    print("IMPOSSIBLE")
else:
    print(*reversed(backwards))
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
    n, m, *notes = map(int, input.split())
    if len(output) > 100000 or not output.isascii():
        return False
    words = output.split()
    if expected.split() == ["IMPOSSIBLE"]:
        return words == ["IMPOSSIBLE"]
    order = [number(word, 1, n) for word in words]
    if len(order) != n or None in order or len(set(order)) != n:
        return False
    place = {step: i for i, step in enumerate(order)}
    return all(place[a] < place[b] for a, b in zip(notes[::2], notes[1::2]))
"""

INCORRECT = (
    (  # never says IMPOSSIBLE: steps of a circle are left out
        "wrong_answer",
        r"""
n, m = map(int, input().split())
after = [[] for _ in range(n + 1)]
waits = [0] * (n + 1)
for _ in range(m):
    a, b = map(int, input().split())
    after[a].append(b)
    waits[b] += 1
order = [step for step in range(1, n + 1) if not waits[step]]
for step in order:
    for b in after[step]:
        waits[b] -= 1
        if not waits[b]:
            order.append(b)
print(*order)
""",
    ),
    (  # fewest notes first
        "wrong_answer",
        r"""
n, m = map(int, input().split())
waits = [0] * (n + 1)
for _ in range(m):
    a, b = map(int, input().split())
    waits[b] += 1
if min(waits[1:]) > 0:
    print("IMPOSSIBLE")
else:
    print(*sorted(range(1, n + 1), key=lambda step: waits[step]))
""",
    ),
    (  # any step that was seen before closes a circle
        "wrong_answer",
        r"""
n, m = map(int, input().split())
after = [[] for _ in range(n + 1)]
needs = [0] * (n + 1)
for _ in range(m):
    a, b = map(int, input().split())
    after[a].append(b)
    needs[b] += 1
order = []
stack = [step for step in range(1, n + 1) if not needs[step]]
seen = set(stack)
possible = bool(stack)
while stack:
    step = stack.pop()
    order.append(step)
    for b in after[step]:
        if b in seen:
            possible = False
        else:
            seen.add(b)
            stack.append(b)
print(*order if possible else ["IMPOSSIBLE"])
""",
    ),
    (  # recursion as deep as the recipe is long
        "runtime_error",
        r"""
n, m = map(int, input().split())
after = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b = map(int, input().split())
    after[a].append(b)
state = [0] * (n + 1)
backwards = []


def finish(step):
    state[step] = 1
    for b in after[step]:
        if state[b] == 1 or state[b] == 0 and not finish(b):
            return False
    state[step] = 2
    backwards.append(step)
    return True


if all(state[step] == 2 or finish(step) for step in range(1, n + 1)):
    print(*reversed(backwards))
else:
    print("IMPOSSIBLE")
""",
    ),
    (  # the place of a step is the longest chain before it, found anew every time
        "time_limit",
        r"""
n, m = map(int, input().split())
before = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b = map(int, input().split())
    before[b].append(a)
under_way = set()


def chain(step):
    if step in under_way:
        raise ValueError("circle")
    under_way.add(step)
    longest = max([chain(a) for a in before[step]], default=0) + 1
    under_way.remove(step)
    return longest


try:
    print(*sorted(range(1, n + 1), key=chain))
except ValueError:
    print("IMPOSSIBLE")
""",
    ),
)


def _diamonds(count: int) -> str:
    """Steps in pairs, each pair before the next: 2^count chains."""
    notes = []
    for i in range(count):
        a = 3 * i + 1
        notes += [(a, a + 1), (a, a + 2), (a + 1, a + 3), (a + 2, a + 3)]
    return lines((3 * count + 1, len(notes)), *notes)


PUBLIC = (
    lines((4, 3), (1, 2), (3, 4), (4, 2)),
    lines((3, 3), (1, 2), (2, 3), (3, 1)),
)

PRIVATE = (
    lines((1, 0)),
    lines((3, 0)),
    lines((2, 2), (2, 1), (2, 1)),
    lines((2, 2), (1, 2), (2, 1)),
    lines((5, 4), (1, 2), (3, 4), (4, 5), (5, 3)),
    lines((4, 4), (4, 1), (4, 2), (1, 3), (2, 3)),
    lines((5, 5), (5, 4), (4, 3), (3, 2), (2, 1), (5, 1)),
    _diamonds(60),
    lines((1000, 400), *((i + 1, i) for i in range(1, 401))),
    lines((3000, 3000), *((i, i % 3000 + 1) for i in range(1, 3001))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, m, circle in ((3, 2, False), (5, 6, False), (6, 8, True), (20, 40, False), (100, 300, False),
                         (200, 500, True), (500, 500, False)):  # fmt: skip
        steps = rng.sample(range(1, n + 1), n)
        notes = []
        for _ in range(m):
            i, j = sorted(rng.sample(range(n), 2))
            notes.append((steps[i], steps[j]))
        if circle:
            notes[-1] = (notes[0][1], notes[0][0])
        yield lines((n, m), *notes)
    yield _diamonds(rng.randint(100, 200))


def validate(text: str) -> None:
    reader = Reader(text)
    n, m = reader.numbers((1, 3000), (0, 4000))
    for _ in range(m):
        a, b = reader.numbers((1, n), (1, n))
        if a == b:
            raise ValueError(f"expected two different steps, got {a} twice")
    reader.end()
