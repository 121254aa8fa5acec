"""Range add, range maximum. The traps: maxima below zero, single places, and n steps for every command."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("data structures", "segment tree", "coordinate compression")
DIFFICULTY = "hard"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Along a quay are n places, numbered 1 to n, and the harbour master keeps the height of the water at each
of them, in millimetres above normal. In the beginning all heights are 0. Then q messages come in:

* "+ l r x": the height at each of the places l to r changes by x (it rises if x > 0 and falls if x < 0);
* "? l r": a captain asks for the greatest height among the places l to r.

Answer the captains.

Input

The first line holds two integers n and q (1 <= n <= 100000, 1 <= q <= 2000). Each of the next q lines
holds a message, with 1 <= l <= r <= n and -10^9 <= x <= 10^9. At least one message is a question.

Output

For every question print one line: the greatest height at that moment.

{examples}

Note

In the first example the heights are 0, 5, 2, -3, 0 when the first captain asks.
"""

SOLUTIONS = (
    r"""
# segment tree; most[v] holds for the places below v, without what was added further up
import sys

n, q = map(int, sys.stdin.readline().split())
size = 1
while size < n:
    size *= 2
most = [0] * (2 * size)
added = [0] * (2 * size)


def add(v, low, high, l, r, x):
    if l <= low and high <= r:
        most[v] += x
        added[v] += x
        return
    middle = (low + high) // 2
    if l <= middle:
        add(2 * v, low, middle, l, r, x)
    if r > middle:
        add(2 * v + 1, middle + 1, high, l, r, x)
    most[v] = max(most[2 * v], most[2 * v + 1]) + added[v]


def greatest(v, low, high, l, r):
    if l <= low and high <= r:
        return most[v]
    middle = (low + high) // 2
    if r <= middle:
        return greatest(2 * v, low, middle, l, r) + added[v]
    if l > middle:
        return greatest(2 * v + 1, middle + 1, high, l, r) + added[v]
    return max(greatest(2 * v, low, middle, l, r), greatest(2 * v + 1, middle + 1, high, l, r)) + added[v]


for line in sys.stdin:
    kind, *numbers = line.split()
    if kind == "+":
        l, r, x = map(int, numbers)
        add(1, 1, size, l, r, x)
    else:
        l, r = map(int, numbers)
        print(greatest(1, 1, size, l, r))
""",
    r"""
# only the borders that occur matter; the stretches between them are kept in blocks
import sys
from bisect import bisect_left

n, q = map(int, sys.stdin.readline().split())
messages = [line.split() for line in sys.stdin]
borders = sorted({int(m[1]) for m in messages} | {int(m[2]) + 1 for m in messages})
B = 60
count = len(borders) // B + 1
height = [0] * (count * B)
extra = [0] * count
most = [0] * count
for kind, l, r, *x in messages:
    i, j = bisect_left(borders, int(l)), bisect_left(borders, int(r) + 1)
    answer = None
    while i < j:
        b = i // B
        end = min(j, b * B + B)
        if kind == "+":
            change = int(x[0])
            if end - i == B:
                extra[b] += change
            else:
                for k in range(i, end):
                    height[k] += change
                most[b] = max(height[b * B : b * B + B])
        else:
            here = extra[b] + (most[b] if end - i == B else max(height[i:end]))
            answer = here if answer is None else max(answer, here)
        i = end
    if kind == "?":
        print(answer)
""",
)

INCORRECT = (
    (  # 0 for a part outside of the range: wrong where all heights are below
        "wrong_answer",
        r"""
import sys

n, q = map(int, sys.stdin.readline().split())
most = [0] * (4 * n)
added = [0] * (4 * n)


def add(v, low, high, l, r, x):
    if r < low or high < l:
        return
    if l <= low and high <= r:
        most[v] += x
        added[v] += x
        return
    middle = (low + high) // 2
    add(2 * v, low, middle, l, r, x)
    add(2 * v + 1, middle + 1, high, l, r, x)
    most[v] = max(most[2 * v], most[2 * v + 1]) + added[v]


def greatest(v, low, high, l, r):
    if r < low or high < l:
        return 0
    if l <= low and high <= r:
        return most[v]
    middle = (low + high) // 2
    return added[v] + max(greatest(2 * v, low, middle, l, r), greatest(2 * v + 1, middle + 1, high, l, r))


for line in sys.stdin:
    kind, *numbers = line.split()
    if kind == "+":
        l, r, x = map(int, numbers)
        add(1, 1, n, l, r, x)
    else:
        l, r = map(int, numbers)
        print(greatest(1, 1, n, l, r))
""",
    ),
    (  # adds to the maximum of every block that is touched, as if its highest place were in the range
        "wrong_answer",
        r"""
n, q = map(int, input().split())
B = 300
most = [0] * (n // B + 1)
for _ in range(q):
    kind, *numbers = input().split()
    l, r = int(numbers[0]) - 1, int(numbers[1]) - 1
    if kind == "+":
        for b in range(l // B, r // B + 1):
            most[b] += int(numbers[2])
    else:
        print(max(most[l // B : r // B + 1]))
""",
    ),
    (  # the places l to r - 1
        "wrong_answer",
        r"""
n, q = map(int, input().split())
borders, messages = {1, n + 1}, []
for _ in range(q):
    message = input().split()
    messages.append(message)
    borders |= {int(message[1]), int(message[2])}
index = {place: i for i, place in enumerate(sorted(borders))}
height = [0] * len(index)
for kind, l, r, *x in messages:
    i, j = index[int(l)], max(index[int(r)], index[int(l)] + 1)
    if kind == "+":
        for k in range(i, j):
            height[k] += int(x[0])
    else:
        print(max(height[i:j]))
""",
    ),
    (  # place by place
        "time_limit",
        r"""
n, q = map(int, input().split())
height = [0] * (n + 1)
for _ in range(q):
    kind, *numbers = input().split()
    if kind == "+":
        l, r, x = map(int, numbers)
        for i in range(l, r + 1):
            height[i] += x
    else:
        l, r = map(int, numbers)
        print(max(height[l : r + 1]))
""",
    ),
    (  # expects a fourth word in every message
        "runtime_error",
        r"""
n, q = map(int, input().split())
height = [0] * (n + 1)
for _ in range(q):
    kind, l, r, x = input().split()
    l, r = int(l), int(r)
    if kind == "+":
        height[l : r + 1] = [h + int(x) for h in height[l : r + 1]]
    else:
        print(max(height[l : r + 1]))
""",
    ),
)

PUBLIC = (
    lines((5, 5), "+ 2 3 2", "+ 2 2 3", "+ 4 4 -3", "? 1 5", "? 3 4"),
    lines((3, 4), "? 2 2", "+ 1 3 -1", "+ 2 2 4", "? 1 3"),
)

PRIVATE = (
    lines((1, 1), "? 1 1"),
    lines((1, 2), "+ 1 1 -7", "? 1 1"),
    lines((2, 3), "+ 1 2 -5", "+ 1 1 2", "? 1 2"),
    lines((7, 4), "+ 1 7 -1000000000", "+ 1 7 -1000000000", "+ 7 7 1", "? 1 7"),
    lines((9, 5), "+ 9 9 4", "? 1 8", "? 9 9", "+ 5 9 -9", "? 5 9"),
    lines((1000, 4), "+ 1 500 3", "+ 501 1000 4", "? 1 500", "? 500 501"),
    lines(
        (10**5, 1500), *("? 1 100000" if i % 50 == 49 else f"+ {1 + i} {10**5 - i} {i % 7 - 2}" for i in range(1500))
    ),
    lines((10**5, 300), *(f"+ {i * 40 + 1} {i * 40 + 100} -3" if i % 2 else f"? 1 {50 * i + 1}" for i in range(300))),
    lines((99999, 300), *("? 50000 50001" if i % 2 else f"+ {50000 - i} {50000 + i} 10" for i in range(300))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, q, top in ((3, 6, 5), (6, 10, 9), (10, 30, 3), (60, 80, 100), (1000, 200, 10**9), (100000, 250, 10**9),
                      (65536, 300, 5), (65537, 350, 10**6)):  # fmt: skip
        messages = []
        for _ in range(q - 1):
            l, r = sorted(rng.choices(range(1, n + 1), k=2))
            messages.append(f"+ {l} {r} {rng.randint(-top, top)}" if rng.random() < 0.6 else f"? {l} {r}")
        yield lines((n, q), *messages, f"? 1 {n}")


def validate(text: str) -> None:
    reader = Reader(text)
    n, q = reader.numbers((1, 100000), (1, 2000))
    questions = 0
    for _ in range(q):
        kind, l, r, *x = reader.line(r"(\+ [1-9]\d* [1-9]\d* (0|-?[1-9]\d*)|\? [1-9]\d* [1-9]\d*)").split(" ")
        require(1 <= int(l) <= int(r) <= n, "1 <= l <= r <= n")
        require(all(abs(int(change)) <= 10**9 for change in x), "-10^9 <= x <= 10^9")
        questions += kind == "?"
    require(questions > 0, "a question")
    reader.end()
