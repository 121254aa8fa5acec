"""One value occurs an odd number of times. The trap: a value may occur three times, or the odd one may be 0."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("bit manipulation", "hashing")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
The lost-property office of a ski school keeps gloves in one big box. Every glove carries the number
of its model; two gloves of the same model make a pair, left or right does not matter. After pairing
up as many gloves as possible exactly one glove stays alone. Which model is it?

Input

The first line holds an odd integer n, the number of gloves (1 <= n <= 9999). The second line holds n
integers from 0 to 999, the models. Exactly one model occurs an odd number of times.

Output

Print the model of the glove that stays alone.

{examples}

Note

In the first example the gloves of model 4 make a pair, and so do those of model 9.
"""

SOLUTIONS = (
    r"""
input()
alone = 0
for model in map(int, input().split()):
    alone ^= model
print(alone)
""",
    r"""
import sys
from collections import Counter

models = sys.stdin.read().split()[1:]
print(next(model for model, count in Counter(models).items() if count % 2))
""",
    r"""
input()
models = sorted(map(int, input().split()))
i = 0
while i + 1 < len(models) and models[i] == models[i + 1]:
    i += 2
print(models[i])
""",
)

INCORRECT = (
    (  # looks for a model that occurs once; it may occur three times
        "wrong_answer",
        r"""
n = int(input())
models = list(map(int, input().split()))
answer = -1
seen, again = set(), set()
for model in models:
    if model in seen:
        again.add(model)
    seen.add(model)
for model in seen - again:
    answer = model
print(answer)
""",
    ),
    (  # sum of all minus twice the sum of the distinct ones: three of a kind spoil it
        "wrong_answer",
        r"""
n = int(input())
models = list(map(int, input().split()))
print(2 * sum(set(models)) - sum(models))
""",
    ),
    (  # compares with the right neighbour even at the end
        "runtime_error",
        r"""
n = int(input())
models = sorted(map(int, input().split()))
i = 0
while models[i] == models[i + 1]:
    i += 2
print(models[i])
""",
    ),
    (  # counts by hand, for every glove: n^2, and no early end
        "time_limit",
        r"""
n = int(input())
models = list(map(int, input().split()))
answer = 0
for i in range(n):
    count = 0
    for j in range(n):
        if models[i] == models[j]:
            count += 1
    if count % 2 == 1:
        answer = models[i]
print(answer)
""",
    ),
)

PUBLIC = ("5\n4 9 4 7 9\n", "1\n12\n")

# Three of a kind first: the programs above that misread the task fail before any test is long.
PRIVATE = (
    "3\n5 5 5\n",
    "3\n0 8 8\n",
    "5\n999 999 999 999 0\n",
    "7\n1 2 3 1 2 3 999\n",
    "9\n6 6 6 6 6 6 6 6 6\n",
    "5\n1 3 3 2 2\n",
    "7\n2 2 2 1 1 1 1\n",
    lines(1001, [i // 2 for i in range(1001)]),
    lines(9999, [i % 1000 for i in range(8000)] + [7] * 1999),
)


def generated(rng: Random) -> Iterator[str]:
    for n, top in ((3, 1), (7, 4), (15, 6), (31, 999), (101, 9), (301, 999), (999, 50), (1199, 999)):
        models = [rng.randint(0, top) for _ in range(n // 2)] * 2 + [rng.randint(0, top)]
        rng.shuffle(models)
        yield lines(n, models)


def validate(text: str) -> None:
    reader = Reader(text)
    n = reader.number(1, 9999)
    models = reader.numbers(*[(0, 999)] * n)
    require(sum(models.count(model) % 2 for model in set(models)) == 1, "one model with an odd count")
    reader.end()
