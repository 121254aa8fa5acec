"""Connected parts of a grid. The traps: recursion as deep as an island is large, corners, maps without land."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("graphs", "dfs and similar", "recursion", "dsu")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A map is a grid of fields, "#" for land and "." for water. Two fields of land belong to the same island
if one can walk from one to the other over land, each step leading to the field above, below, left or
right. How many islands are there, and how many fields has the largest of them?

Input

The first line holds two integers h and w, the height and the width of the map (1 <= h, w <= 140). Each
of the next h lines holds w characters, "#" or ".".

Output

Print the number of islands and the number of fields of the largest one. Without land, print "0 0".

{examples}

Note

In the first example fields that touch at a corner only belong to different islands.
"""

SOLUTIONS = (
    r"""
from collections import deque

h, w = map(int, input().split())
land = {(y, x) for y in range(h) for x, c in enumerate(input()) if c == "#"}
islands = largest = 0
while land:
    queue = deque([land.pop()])
    size = 0
    while queue:
        y, x = queue.popleft()
        size += 1
        for field in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if field in land:
                land.remove(field)
                queue.append(field)
    islands += 1
    largest = max(largest, size)
print(islands, largest)
""",
    r"""
# depth first by recursion, in a thread whose stack is large enough for an island that fills the map
import sys
import threading


def main():
    h, w = map(int, input().split())
    grid = [list(input()) + ["."] for _ in range(h)] + [["."] * (w + 1)]

    def sink(y, x):
        grid[y][x] = "."
        size = 1
        if grid[y - 1][x] == "#":
            size += sink(y - 1, x)
        if grid[y + 1][x] == "#":
            size += sink(y + 1, x)
        if grid[y][x - 1] == "#":
            size += sink(y, x - 1)
        if grid[y][x + 1] == "#":
            size += sink(y, x + 1)
        return size

    sizes = [sink(y, x) for y in range(h) for x in range(w) if grid[y][x] == "#"]
    print(len(sizes), max(sizes, default=0))


sys.setrecursionlimit(100000)
threading.stack_size(64 * 1024 * 1024)
thread = threading.Thread(target=main)
thread.start()
thread.join()
""",
    r"""
# union of neighbouring fields
import sys

h, w, *rows = sys.stdin.read().split()
h, w = int(h), int(w)
text = "".join(rows)
root = list(range(h * w))


def find(i):
    while root[i] != i:
        root[i] = root[root[i]]
        i = root[i]
    return i


for i in range(h * w):
    if text[i] == "#":
        if i % w and text[i - 1] == "#":
            root[find(i)] = find(i - 1)
        if i >= w and text[i - w] == "#":
            root[find(i)] = find(i - w)
size = {}
for i in range(h * w):
    if text[i] == "#":
        size[find(i)] = size.get(find(i), 0) + 1
print(len(size), max(size.values(), default=0))
""",
)

INCORRECT = (
    (  # walks over corners
        "wrong_answer",
        r"""
h, w = map(int, input().split())
land = {(y, x) for y in range(h) for x, c in enumerate(input()) if c == "#"}
sizes = [0]
islands = 0
while land:
    stack = [land.pop()]
    size = 0
    while stack:
        y, x = stack.pop()
        size += 1
        for field in [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]:
            if field in land:
                land.remove(field)
                stack.append(field)
    islands += 1
    sizes.append(size)
print(islands, max(sizes))
""",
    ),
    (  # row -1 is the last row: the world is a ring from top to bottom
        "wrong_answer",
        r"""
h, w = map(int, input().split())
grid = [list(input()) + ["."] for _ in range(h)]
islands = largest = 0
for y in range(h):
    for x in range(w):
        if grid[y][x] == "#":
            grid[y][x] = "."
            stack, size = [(y, x)], 0
            while stack:
                a, b = stack.pop()
                size += 1
                for c, d in ((a - 1, b), (a + 1, b), (a, b - 1), (a, b + 1)):
                    if c < h and grid[c][d] == "#":
                        grid[c][d] = "."
                        stack.append((c, d))
            islands += 1
            largest = max(largest, size)
print(islands, largest)
""",
    ),
    (  # recursion without room for it
        "runtime_error",
        r"""
h, w = map(int, input().split())
grid = [list(input()) for _ in range(h)]


def sink(y, x):
    if not (0 <= y < h and 0 <= x < w) or grid[y][x] != "#":
        return 0
    grid[y][x] = "."
    return 1 + sink(y - 1, x) + sink(y + 1, x) + sink(y, x - 1) + sink(y, x + 1)


sizes = [sink(y, x) for y in range(h) for x in range(w) if grid[y][x] == "#"]
print(len(sizes), max(sizes, default=0))
""",
    ),
    (  # max() of no islands
        "runtime_error",
        r"""
h, w = map(int, input().split())
land = {(y, x) for y in range(h) for x, c in enumerate(input()) if c == "#"}
sizes = []
while land:
    stack, size = [land.pop()], 0
    while stack:
        y, x = stack.pop()
        size += 1
        for field in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if field in land:
                land.remove(field)
                stack.append(field)
    sizes.append(size)
print(len(sizes), max(sizes))
""",
    ),
    (  # remembers where it was in a list, and searches it from the beginning
        "time_limit",
        r"""
h, w = map(int, input().split())
grid = [input() for _ in range(h)]
visited = []
sizes = [0]
for y in range(h):
    for x in range(w):
        if grid[y][x] == "#" and (y, x) not in visited:
            before = len(visited)
            visited.append((y, x))
            at = before
            while at < len(visited):
                a, b = visited[at]
                at += 1
                for c, d in ((a - 1, b), (a + 1, b), (a, b - 1), (a, b + 1)):
                    if 0 <= c < h and 0 <= d < w and grid[c][d] == "#" and (c, d) not in visited:
                        visited.append((c, d))
            sizes.append(len(visited) - before)
print(len(sizes) - 1, max(sizes))
""",
    ),
)


def _snake(h: int, w: int) -> list[str]:
    """One island, one field wide, from the top to the bottom."""
    turn = ("." * (w - 1) + "#", "#" + "." * (w - 1))
    return ["#" * w if y % 2 == 0 else turn[y // 2 % 2] for y in range(h)]


PUBLIC = (
    lines((4, 5), "##..#", "#..#.", "..#..", ".##.."),
    lines((2, 3), "###", "#.#"),
)

PRIVATE = (
    lines((1, 1), "#"),
    lines((1, 1), "."),
    lines((3, 4), "....", "....", "...."),
    lines((1, 7), "#.##.##"),
    lines((5, 1), "#", "#", ".", ".", "#"),
    lines((4, 4), "####", "....", "....", "####"),
    lines((3, 3), "#.#", ".#.", "#.#"),
    lines((140, 70), *["#" * 70] * 140),
    lines((139, 140), *_snake(139, 140)),
    lines((60, 140), *["#." * 70, ".#" * 70] * 30),
)


def generated(rng: Random) -> Iterator[str]:
    for h, w, share in ((3, 3, 0.5), (5, 9, 0.5), (10, 10, 0.3), (12, 40, 0.6), (40, 40, 0.6), (50, 60, 0.65),
                        (70, 100, 0.55), (90, 90, 0.6)):  # fmt: skip
        yield lines((h, w), *("".join("#" if rng.random() < share else "." for _ in range(w)) for _ in range(h)))


def validate(text: str) -> None:
    reader = Reader(text)
    h, w = reader.numbers((1, 140), (1, 140))
    for _ in range(h):
        reader.line(f"[#.]{{{w}}}")
    reader.end()
