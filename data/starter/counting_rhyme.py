"""Count out children in a circle. The traps: where the next count begins, and counts by the billion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("simulation", "data structures", "queues")
DIFFICULTY = "easy"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The children 1, 2, ..., n stand in a circle, in this order, and child i thinks of a number c_i. They begin
to count at child 1, who is number 1; child 2 is number 2, and so on around the circle. The child whose
number is s leaves the circle and says the number that it thought of. The counting begins again, with
number 1, at the child that stood next after the one who left, and now it runs up to the number just said.
This goes on until all children have left. In which order do they leave?

Input

The first line holds two integers n and s (1 <= n <= 1000, 1 <= s <= 10^9). The second line holds n
integers c_1 to c_n, each from 1 to 10^9.

Output

Print the numbers of the children in the order in which they leave.

{examples}

Note

In the first example the count to 3 ends at child 3, who says 2. Now child 4 is number 1, and child 5 leaves
as number 2 and says 4. The others are counted from child 1 on: 1, 2, 4 and again 1, who leaves and says 5.
Child 2 leaves next, and child 4 is the last.
"""

SOLUTIONS = (
    r"""
n, count = map(int, input().split())
circle = list(enumerate(map(int, input().split()), 1))
at, order = 0, []
while circle:
    at = (at + count - 1) % len(circle)
    child, count = circle.pop(at)
    order.append(child)
print(*order)
""",
    r"""
# whoever is counted and stays goes to the end of the queue, but no whole rounds
from collections import deque

n, count = map(int, input().split())
says = list(map(int, input().split()))
queue = deque(range(n))
order = []
while queue:
    for _ in range((count - 1) % len(queue)):
        queue.append(queue.popleft())
    child = queue.popleft()
    order.append(child + 1)
    count = says[child]
print(*order)
""",
)

INCORRECT = (
    (  # moves on by one more child than it counts
        "wrong_answer",
        r"""
n, count = map(int, input().split())
circle = list(enumerate(map(int, input().split()), 1))
at, order = 0, []
while circle:
    at = (at + count) % len(circle)
    child, count = circle.pop(at)
    order.append(child)
print(*order)
""",
    ),
    (  # always counts to s
        "wrong_answer",
        r"""
n, s = map(int, input().split())
circle = list(range(1, n + 1))
at, order = 0, []
while circle:
    at = (at + s - 1) % len(circle)
    order.append(circle.pop(at))
print(*order)
""",
    ),
    (  # leaves out the last child
        "wrong_answer",
        r"""
n, count = map(int, input().split())
circle = list(enumerate(map(int, input().split()), 1))
at, order = 0, []
while len(circle) > 1:
    at = (at + count - 1) % len(circle)
    child, count = circle.pop(at)
    order.append(child)
print(*order)
""",
    ),
    (  # counts children who have left, and passes on to the next one who has not
        "wrong_answer",
        r"""
n, count = map(int, input().split())
says = list(map(int, input().split()))
left = [False] * n
at, order = 0, []
for _ in range(n):
    at = (at + count - 1) % n
    while left[at]:
        at = (at + 1) % n
    left[at] = True
    order.append(at + 1)
    count = says[at]
    at = (at + 1) % n
print(*order)
""",
    ),
    (  # begins anew at child 1 when the last one of the row has left
        "runtime_error",
        r"""
n, count = map(int, input().split())
circle = list(enumerate(map(int, input().split()), 1))
at, order = 0, []
while circle:
    at += count - 1
    if at >= len(circle):
        at -= len(circle)
    child, count = circle.pop(at)
    order.append(child)
print(*order)
""",
    ),
    (  # counts every single child
        "time_limit",
        r"""
from collections import deque

n, count = map(int, input().split())
says = list(map(int, input().split()))
queue = deque(range(n))
order = []
while queue:
    for _ in range(count - 1):
        queue.append(queue.popleft())
    child = queue.popleft()
    order.append(child + 1)
    count = says[child]
print(*order)
""",
    ),
)

PUBLIC = (
    "5 3\n5 2 2 1 4\n",
    "3 1\n2 2 2\n",
)

PRIVATE = (
    "1 1\n1\n",
    "1 4\n1\n",
    "2 2\n1 1\n",
    "4 4\n4 4 4 4\n",
    "6 6\n1 1 1 1 1 1\n",
    "7 2\n3 1 4 1 5 9 2\n",
    "4 10\n7 8 9 6\n",
    "3 1000000000\n999999999 1000000000 999999998\n",
    lines((1000, 1), [1] * 1000),
    lines((1000, 1000), [999] * 1000),
    lines((100, 10**9), [10**9 - i for i in range(100)]),
)


def generated(rng: Random) -> Iterator[str]:
    for n, most in ((2, 5), (4, 4), (6, 9), (9, 30), (20, 10), (60, 1000), (200, 100), (300, 10**9)):
        yield lines((n, rng.randint(1, most)), [rng.randint(1, most) for _ in range(n)])


def validate(text: str) -> None:
    reader = Reader(text)
    n, _ = reader.numbers((1, 1000), (1, 10**9))
    reader.numbers(*[(1, 10**9)] * n)
    reader.end()
