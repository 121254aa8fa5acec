"""Binary search for the answer. The traps: a shelf must hold the widest folder, and no more shelves than given."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("binary search", "greedy", "dp")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
An archive moves. Its n folders stand in a fixed order that must be kept, and they go to k new shelves:
the first few folders to the first shelf, the next few to the second, and so on. A shelf may stay
empty. All shelves have the same width, which must be at least the total width of the folders on any
of them. What is the smallest width that is enough?

Input

The first line holds two integers n and k (1 <= n, k <= 4000). The second line holds n integers, the
widths of the folders in order, each from 1 to 10^9.

Output

Print the smallest possible width of the shelves.

{examples}

Note

In the first example the shelves take 7 + 2, 5 and 8. In the second example every folder has a shelf of
its own, and the widest folder decides.
"""

SOLUTIONS = (
    r"""
n, k = map(int, input().split())
folders = list(map(int, input().split()))
low, high = max(folders), sum(folders)
while low < high:
    width = (low + high) // 2
    shelves, used = 1, 0
    for folder in folders:
        if used + folder > width:
            shelves, used = shelves + 1, 0
        used += folder
    if shelves <= k:
        high = width
    else:
        low = width + 1
print(low)
""",
    r"""
# bit by bit: the greatest width that is too small; shelves are filled by jumps over prefix sums
from bisect import bisect_right
from itertools import accumulate

n, k = map(int, input().split())
ends = [0] + list(accumulate(map(int, input().split())))


def enough(width):
    at = 0
    for _ in range(k):
        at = bisect_right(ends, ends[at] + width) - 1
        if at == n:
            return True
    return False


too_small = 0
for bit in reversed(range(43)):
    if not enough(too_small + 2**bit):
        too_small += 2**bit
print(too_small + 1)
""",
)

INCORRECT = (
    (  # searches below the widest folder, where the greedy filling lies
        "wrong_answer",
        r"""
n, k = map(int, input().split())
folders = list(map(int, input().split()))
low, high = 1, sum(folders)
while low < high:
    width = (low + high) // 2
    shelves, used = 1, 0
    for folder in folders:
        if used + folder > width:
            shelves, used = shelves + 1, 0
        used += folder
    if shelves <= k:
        high = width
    else:
        low = width + 1
print(low)
""",
    ),
    (  # an even share, rounded up
        "wrong_answer",
        r"""
n, k = map(int, input().split())
folders = list(map(int, input().split()))
print(max(max(folders), (sum(folders) + k - 1) // k))
""",
    ),
    (  # closes a shelf once it passes the even share
        "wrong_answer",
        r"""
n, k = map(int, input().split())
folders = list(map(int, input().split()))
share = sum(folders) / k
widest = used = 0
for folder in folders:
    used += folder
    if used >= share:
        widest = max(widest, used)
        used = 0
print(max(widest, used))
""",
    ),
    (  # tries all widths one by one
        "time_limit",
        r"""
n, k = map(int, input().split())
folders = list(map(int, input().split()))
width = max(folders)
while True:
    shelves, used = 1, 0
    for folder in folders:
        if used + folder > width:
            shelves, used = shelves + 1, 0
        used += folder
    if shelves <= k:
        break
    width += 1
print(width)
""",
    ),
    (  # puts one folder on each shelf to begin with: more shelves than folders are too many
        "runtime_error",
        r"""
n, k = map(int, input().split())
folders = list(map(int, input().split()))
low, high = max(folders[i] for i in range(k)), sum(folders)
low = max(low, max(folders))
while low < high:
    width = (low + high) // 2
    shelves, used = 1, 0
    for folder in folders:
        if used + folder > width:
            shelves, used = shelves + 1, 0
        used += folder
    if shelves <= k:
        high = width
    else:
        low = width + 1
print(low)
""",
    ),
)

PUBLIC = ("4 3\n7 2 5 8\n", "3 3\n4 9 6\n")

PRIVATE = (
    "1 1\n5\n",
    "5 1\n1 2 3 4 5\n",
    "2 3\n7 7\n",
    "4 2\n1 1 1 10\n",
    "6 3\n2 2 2 2 2 2\n",
    "5 2\n10 1 1 1 10\n",
    "3 4000\n1000000000 999999999 1\n",
    lines((4000, 1), [10**9] * 4000),
    lines((1500, 7), [10**9 - i for i in range(1500)]),
    lines((700, 699), list(range(1, 701))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, k, top in ((4, 2, 9), (8, 3, 20), (20, 6, 9), (60, 7, 10**4), (300, 40, 100), (300, 299, 10**9),
                      (700, 50, 10**6), (500, 250, 10**9)):  # fmt: skip
        yield lines((n, k), [rng.randint(1, top) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n, _ = reader.numbers((1, 4000), (1, 4000))
    require(sum(reader.numbers(*[(1, 10**9)] * n)) < 2**42, "a total below 2^42")
    reader.end()
