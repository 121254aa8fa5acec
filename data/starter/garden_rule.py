"""A ring of cells that follows a rule for very many steps. The traps: old and new states, the way into a cycle."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("simulation", "cycle detection", "hashing")
DIFFICULTY = "medium"
TIME_LIMIT = 0.5
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Around a pond lie n flat stones in a ring; stone 1 lies next to stone n. Some are covered with moss. From
one day to the next the moss follows a rule: a stone is mossy tomorrow exactly if one of three stones is
mossy today, and not two or three of them: the stone itself and its two neighbours. All stones change at
the same time. Which stones are mossy after k days?

Input

The first line holds two integers n and k (3 <= n <= 14, 0 <= k <= 10^15). The second line holds n
characters, the stones 1 to n today: * is a mossy stone, . is a bare one.

Output

Print the stones after k days, in the same form.

{examples}

Note

In the first example the one mossy stone spreads to both sides. A day later its two neighbours go bare, as
each of them counts two or three; so does the stone itself, and only two new stones are mossy.
"""

SOLUTIONS = (
    r"""
# remember the day of every state: when one comes back, whole rounds of the cycle can be left out
n, k = map(int, input().split())
state = input()
day_of, states = {}, []
while state not in day_of:
    day_of[state] = len(states)
    states.append(state)
    ring = state[-1] + state + state[0]
    state = "".join("*" if ring[i : i + 3].count("*") == 1 else "." for i in range(n))
first = day_of[state]
print(states[k] if k < len(states) else states[first + (k - first) % (len(states) - first)])
""",
    r"""
# doubling: where every state leads after 1, 2, 4, 8, ... days
n, k = map(int, input().split())
state = int(input().replace("*", "1").replace(".", "0"), 2)
full = 2**n - 1


def tomorrow(x):
    left = (x << 1 | x >> (n - 1)) & full
    right = x >> 1 | (x & 1) << (n - 1)
    return (x ^ left ^ right) & ~(x & left & right)


leads = list(range(full + 1))
leads = [tomorrow(x) for x in leads]
while k:
    if k & 1:
        state = leads[state]
    k >>= 1
    if k:
        leads = [leads[x] for x in leads]
print(f"{state:0{n}b}".replace("1", "*").replace("0", "."))
""",
)

INCORRECT = (
    (  # today's stones change one after the other
        "wrong_answer",
        r"""
n, k = map(int, input().split())
stones = [sign == "*" for sign in input()]
seen = {}
while k:
    state = tuple(stones)
    if state in seen:
        k %= seen[state] - k
        seen = {}
        continue
    seen[state] = k
    for i in range(n):
        stones[i] = stones[i - 1] + stones[i] + stones[(i + 1) % n] == 1
    k -= 1
print("".join("*" if stone else "." for stone in stones))
""",
    ),
    (  # a row, not a ring
        "wrong_answer",
        r"""
n, k = map(int, input().split())
state = input()
states = []
while state not in states:
    states.append(state)
    row = "." + state + "."
    state = "".join("*" if row[i : i + 3].count("*") == 1 else "." for i in range(n))
first = states.index(state)
print(states[k] if k < len(states) else states[first + (k - first) % (len(states) - first)])
""",
    ),
    (  # one or more mossy stones
        "wrong_answer",
        r"""
n, k = map(int, input().split())
state = input()
states = []
while state not in states:
    states.append(state)
    ring = state[-1] + state + state[0]
    state = "".join("*" if "*" in ring[i : i + 3] else "." for i in range(n))
first = states.index(state)
print(states[k] if k < len(states) else states[first + (k - first) % (len(states) - first)])
""",
    ),
    (  # believes that the first day comes back
        "wrong_answer",
        r"""
n, k = map(int, input().split())
state = input()
states = []
while state not in states:
    states.append(state)
    ring = state[-1] + state + state[0]
    state = "".join("*" if ring[i : i + 3].count("*") == 1 else "." for i in range(n))
print(states[k % len(states)])
""",
    ),
    (  # day after day
        "time_limit",
        r"""
n, k = map(int, input().split())
state = input()
while k:
    ring = state[-1] + state + state[0]
    state = "".join("*" if ring[i : i + 3].count("*") == 1 else "." for i in range(n))
    k -= 1
print(state)
""",
    ),
    (  # the last stone has no right neighbour
        "runtime_error",
        r"""
n, k = map(int, input().split())
stones = [sign == "*" for sign in input()]
seen = {}
while k:
    state = tuple(stones)
    if state in seen:
        k %= seen[state] - k
        seen = {}
        continue
    seen[state] = k
    stones = [stones[i - 1] + stones[i] + stones[i + 1] == 1 for i in range(n)]
    k -= 1
print("".join("*" if stone else "." for stone in stones))
""",
    ),
)

PUBLIC = (
    "7 2\n...*...\n",
    "5 1\n*....\n",
)

PRIVATE = (
    "3 0\n*.*\n",
    "3 1\n...\n",
    "3 1\n***\n",
    "4 9\n**..\n",
    "6 3\n*.*.*.\n",
    "7 100\n**.*...\n",
    "9 1000\n*...*....\n",
    "12 1000000000000000\n*...........\n",
    "13 999999999999999\n*.*..*.......\n",
    "14 1000000000000000\n*.**..*.....*.\n",
    "14 1000000000000000\n..............\n",
)


def generated(rng: Random) -> Iterator[str]:
    for n, k in ((4, 5), (5, 9), (6, 20), (8, 50), (10, 10**3), (11, 10**6), (13, 10**12), (14, 10**15)):
        yield lines((n, rng.randint(0, k)), "".join(rng.choices("*.", k=n)))


def validate(text: str) -> None:
    reader = Reader(text)
    n, _ = reader.numbers((3, 14), (0, 10**15))
    reader.line(f"[*.]{{{n}}}")
    reader.end()
