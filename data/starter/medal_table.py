"""Sort by several keys in different directions. The traps: names with spaces, numbers as text, reversed names."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, distinct, lines, require

TAGS = ("sorting", "strings")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Print the medal table of the village games. A team with more gold medals stands above a team with
fewer; with equal gold, more silver decides; with equal gold and silver, more bronze. Teams with
exactly the same medals stand in alphabetical order of their names, in which a space comes before
every letter.

Input

The first line holds an integer n, the number of teams (1 <= n <= 1000). Each of the next n lines
holds three integers from 0 to 10^6 (gold, silver and bronze medals of a team), then its name. A
name has 1 to 20 characters, lower-case English letters and spaces; it neither begins nor ends with
a space and has no two spaces in a row. No two teams have the same name.

Output

Print the names of the teams, one a line, from the top of the table to the bottom.

{examples}

Note

In the second example the teams are equal in gold; "red mill" and "oak" are equal in
everything, so the alphabet decides.
"""

SOLUTIONS = (
    r"""
teams = []
for _ in range(int(input())):
    gold, silver, bronze, name = input().split(" ", 3)
    teams.append((-int(gold), -int(silver), -int(bronze), name))
for team in sorted(teams):
    print(team[3])
""",
    r"""
# stable sorts, from the least important key to the most important one
import sys

rows = sys.stdin.read().split("\n")[1:-1]
rows.sort(key=lambda row: row.split(" ", 3)[3])
for column in (2, 1, 0):
    rows.sort(key=lambda row: int(row.split(" ", 3)[column]), reverse=True)
print("\n".join(row.split(" ", 3)[3] for row in rows))
""",
)

INCORRECT = (
    (  # reverses the names too
        "wrong_answer",
        r"""
teams = []
for _ in range(int(input())):
    gold, silver, bronze, name = input().split(" ", 3)
    teams.append((int(gold), int(silver), int(bronze), name))
for team in sorted(teams, reverse=True):
    print(team[3])
""",
    ),
    (  # compares the numbers as text: 9 before 10
        "wrong_answer",
        r"""
teams = []
for _ in range(int(input())):
    gold, silver, bronze, name = input().split(" ", 3)
    teams.append((gold, silver, bronze, name))
teams.sort(key=lambda team: team[3])
teams.sort(key=lambda team: team[:3], reverse=True)
for team in teams:
    print(team[3])
""",
    ),
    (  # one number for all three, with room for 999 medals only
        "wrong_answer",
        r"""
teams = []
for _ in range(int(input())):
    gold, silver, bronze, name = input().split(" ", 3)
    points = int(gold) * 1000000 + int(silver) * 1000 + int(bronze)
    teams.append((-points, name))
for points, name in sorted(teams):
    print(name)
""",
    ),
    (  # a name is one word
        "runtime_error",
        r"""
teams = []
for _ in range(int(input())):
    gold, silver, bronze, name = input().split()
    teams.append((-int(gold), -int(silver), -int(bronze), name))
for team in sorted(teams):
    print(team[3])
""",
    ),
    (  # a line that stands too far to the left
        "compile_error",
        r"""
teams = []
for _ in range(int(input())):
    gold, silver, bronze, name = input().split(" ", 3)
  teams.append((-int(gold), -int(silver), -int(bronze), name))
for team in sorted(teams):
    print(team[3])
""",
    ),
)

PUBLIC = (
    lines(3, "1 0 2 harbour", "2 0 0 north end", "1 1 0 quarry"),
    lines(4, "2 1 0 red mill", "2 3 0 lake", "2 1 1 ford", "2 1 0 oak"),
)

PRIVATE = (
    lines(1, "0 0 0 a"),
    lines(2, "0 0 0 b", "0 0 0 a"),
    lines(3, "9 0 0 nine", "10 0 0 ten", "100 0 0 hundred"),
    lines(2, "0 0 1000 bronze hoard", "0 1 0 one silver"),
    lines(2, "0 1000000 0 silver hoard", "1 0 0 one gold"),
    lines(3, "1 1 1 ab", "1 1 1 a b", "1 1 1 a"),
    lines(4, "0 0 3 c", "0 3 0 b", "3 0 0 a", "0 0 0 d"),
    lines(200, *(f"{i % 3} {i % 5} {i % 2} team {chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(200))),
    lines(500, *(f"5 5 5 {chr(97 + i * 7 % 26)}{chr(97 + i // 26)}" for i in range(500))),
)


def generated(rng: Random) -> Iterator[str]:
    for n, most in ((2, 1), (5, 1), (10, 12), (30, 2), (80, 1), (200, 1000), (150, 3), (300, 10**6)):
        names: set[str] = set()
        while len(names) < n:
            words = ("".join(rng.choices("abcdeoz", k=rng.randint(1, 4))) for _ in range(rng.randint(1, 3)))
            names.add(" ".join(words))
        rows = [" ".join([*(str(rng.randint(0, most)) for _ in range(3)), name]) for name in sorted(names)]
        rng.shuffle(rows)
        yield lines(n, *rows)


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 1000)
    count = "(0|[1-9][0-9]{0,5}|1000000)"
    names = [reader.line(f"{count} {count} {count} [a-z]+( [a-z]+)*").split(" ", 3)[3] for _ in range(n)]
    require(distinct(names) and all(len(name) <= 20 for name in names), "different names of at most 20 characters")
    reader.end()
