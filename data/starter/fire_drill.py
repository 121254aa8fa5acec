"""Distances from many sources in a grid. The traps: walls, the last person, people who cannot get out, recursion."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("graphs", "bfs", "grids")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The plan of a building is a grid: # is a wall, . is free floor, E is an exit and P is floor on which a
person stands. In one second a person can go one field up, down, left or right, but not into a wall and
not out of the grid. People do not hinder each other, and may walk across exits. When the alarm rings,
everybody goes to an exit in the shortest way. After how many seconds has everybody reached one?

Input

The first line holds two integers h and w, the height and the width of the grid (1 <= h, w <= 45). Each of
the next h lines holds w characters from # . E P. There is at least one P; there may be no E.

Output

Print the number of seconds until the last person reaches an exit, or -1 if somebody cannot reach any.

{examples}

Note

In the first example the person on the right needs 2 seconds; the one on the left has to go around the wall
and needs 4.
"""

SOLUTIONS = (
    r"""
# one search, from all exits at once
from collections import deque

h, w = map(int, input().split())
grid = [input() for _ in range(h)]
queue = deque((i, j) for i in range(h) for j in range(w) if grid[i][j] == "E")
seconds = {field: 0 for field in queue}
while queue:
    i, j = queue.popleft()
    for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
        if 0 <= a < h and 0 <= b < w and grid[a][b] != "#" and (a, b) not in seconds:
            seconds[a, b] = seconds[i, j] + 1
            queue.append((a, b))
needed = [seconds.get((i, j)) for i in range(h) for j in range(w) if grid[i][j] == "P"]
print(-1 if None in needed else max(needed))
""",
    r"""
# the fields from which one gets out within t seconds, as a set that grows; a frame of walls around the grid
h, w = map(int, input().split())
text = "#" * (w + 2) + "".join(f"#{input()}#" for _ in range(h)) + "#" * (w + 2)
people = {at for at, sign in enumerate(text) if sign == "P"}
edge = {at for at, sign in enumerate(text) if sign == "E"}
free = {at for at, sign in enumerate(text) if sign in ".P"}
t = 0
while people and edge:
    t += 1
    edge = {at + step for at in edge for step in (1, -1, w + 2, -w - 2)} & free
    free -= edge
    people -= edge
print(-1 if people else t)
""",
)

INCORRECT = (
    (  # as the crow walks: through walls
        "wrong_answer",
        r"""
h, w = map(int, input().split())
grid = [input() for _ in range(h)]
exits = [(i, j) for i in range(h) for j in range(w) if grid[i][j] == "E"]
people = [(i, j) for i in range(h) for j in range(w) if grid[i][j] == "P"]
if exits:
    print(max(min(abs(a - i) + abs(b - j) for a, b in exits) for i, j in people))
else:
    print(-1)
""",
    ),
    (  # when the first person is out
        "wrong_answer",
        r"""
from collections import deque

h, w = map(int, input().split())
grid = [input() for _ in range(h)]
queue = deque((i, j, 0) for i in range(h) for j in range(w) if grid[i][j] == "E")
seen = {(i, j) for i, j, _ in queue}
answer = -1
while queue and answer < 0:
    i, j, t = queue.popleft()
    if grid[i][j] == "P":
        answer = t
    for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
        if 0 <= a < h and 0 <= b < w and grid[a][b] != "#" and (a, b) not in seen:
            seen.add((a, b))
            queue.append((a, b, t + 1))
print(answer)
""",
    ),
    (  # forgets those who cannot get out
        "wrong_answer",
        r"""
from collections import deque

h, w = map(int, input().split())
grid = [input() for _ in range(h)]
queue = deque((i, j, 0) for i in range(h) for j in range(w) if grid[i][j] == "E")
seen = {(i, j) for i, j, _ in queue}
answer = -1
while queue:
    i, j, t = queue.popleft()
    if grid[i][j] == "P":
        answer = t
    for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
        if 0 <= a < h and 0 <= b < w and grid[a][b] != "#" and (a, b) not in seen:
            seen.add((a, b))
            queue.append((a, b, t + 1))
print(answer)
""",
    ),
    (  # leaves the grid on one side and comes in on the other: place -1 is the last one
        "wrong_answer",
        r"""
from collections import deque

h, w = map(int, input().split())
grid = [input() for _ in range(h)]
queue = deque((i, j) for i in range(h) for j in range(w) if grid[i][j] == "E")
seconds = {field: 0 for field in queue}
while queue:
    i, j = queue.popleft()
    for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
        a, b = (a if a < h else h - 1), (b if b < w else w - 1)
        a, b = (a if a >= 0 else h - 1), (b if b >= 0 else w - 1)
        if grid[a][b] != "#" and (a, b) not in seconds:
            seconds[a, b] = seconds[i, j] + 1
            queue.append((a, b))
needed = [seconds.get((i, j)) for i in range(h) for j in range(w) if grid[i][j] == "P"]
print(-1 if None in needed else max(needed))
""",
    ),
    (  # walks into the depth, one call a step
        "runtime_error",
        r"""
h, w = map(int, input().split())
grid = [input() for _ in range(h)]
seconds = {}


def walk(i, j, t):
    if 0 <= i < h and 0 <= j < w and grid[i][j] != "#" and seconds.get((i, j), t + 1) > t:
        seconds[i, j] = t
        for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
            walk(a, b, t + 1)


for i in range(h):
    for j in range(w):
        if grid[i][j] == "E":
            walk(i, j, 0)
needed = [seconds.get((i, j)) for i in range(h) for j in range(w) if grid[i][j] == "P"]
print(-1 if None in needed else max(needed))
""",
    ),
    (  # marks a field when it leaves it instead of when it finds it: the queue doubles with every step
        "time_limit",
        r"""
from collections import deque

h, w = map(int, input().split())
grid = [input() for _ in range(h)]
answer = 0
for y in range(h):
    for x in range(w):
        if grid[y][x] != "P":
            continue
        queue, left = deque([(y, x, 0)]), set()
        while queue:
            i, j, t = queue.popleft()
            if grid[i][j] == "E":
                answer = max(answer, t) if answer >= 0 else -1
                break
            for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                if 0 <= a < h and 0 <= b < w and grid[a][b] != "#" and (a, b) not in left:
                    queue.append((a, b, t + 1))
            left.add((i, j))
        else:
            answer = -1
print(answer)
""",
    ),
)

PUBLIC = (
    lines((3, 5), ".#..P", "P#E..", "....."),
    lines((2, 4), "P#E.", "##.P"),
)

PRIVATE = (
    lines((1, 1), "P"),
    lines((1, 2), "PE"),
    lines((1, 6), "P..E.P"),
    lines((2, 2), "PP", "PP"),
    lines((3, 3), "E.P", "###", "P.E"),
    lines((1, 5), "PE#.P"),
    lines((4, 4), "P..P", "....", "....", "P..E"),
    lines((16, 16), "E" + "." * 15, *["." * 16] * 14, "." * 15 + "P"),
    lines((45, 45), "E" + "." * 44, *["." * 45] * 43, "." * 44 + "P"),
    lines((21, 45), *("P" + "." * 44 if i == 0 else "." * 45 if i % 2 == 0 else
                      ("#" * 44 + "." if i % 4 == 1 else "." + "#" * 44) for i in range(20)), "E" + "." * 44),
)  # fmt: skip


def generated(rng: Random) -> Iterator[str]:
    for h, w, signs in (
        (2, 3, "..#EP"),
        (3, 3, "..#EP"),
        (4, 5, "....#EP"),
        (6, 6, "........##EP"),
        (9, 7, "............####EP"),
        (20, 15, "." * 60 + "#" * 20 + "EPP"),
        (30, 30, "." * 200 + "#" * 60 + "EP"),
        (45, 40, "." * 400 + "#" * 100 + "EEP"),
    ):
        grid = [rng.choices(signs, k=w) for _ in range(h)]
        grid[rng.randrange(h)][rng.randrange(w)] = "P"
        yield lines((h, w), *("".join(row) for row in grid))


def validate(text: str) -> None:
    reader = Reader(text)
    h, w = reader.numbers((1, 45), (1, 45))
    grid = [reader.line(f"[#.EP]{{{w}}}") for _ in range(h)]
    reader.end()
    require(any("P" in row for row in grid), "a person")
