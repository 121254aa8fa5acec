"""Find one cyclic string in another. The traps: the smallest shift of periodic bracelets, and n^2 comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines, require

TAGS = ("strings", "hashing")
DIFFICULTY = "medium"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Two bracelets are made of the same number of beads; a letter stands for the colour of a bead. Both lie
open on the table in front of you. Moving the first bead of a bracelet to its end changes nothing about
the bracelet, but it changes how it lies there.

At least how many beads of the first bracelet, one after the other, must be moved from its beginning to
its end so that it lies there exactly like the second one?

Input

Two lines with the bracelets: strings of the same length, 1 to 20000 lower-case English letters.

Output

Print the smallest number of moves (0 if they lie alike already), or -1 if no number is enough.

{examples}

Note

In the first example abcab becomes bcaba and then cabab. In the second example the beads are the same,
but in another order.
"""

SOLUTIONS = (
    r"""
# Knuth, Morris, Pratt: look for b in a a
a, b = input(), input()
n = len(b)
border = [0] * (n + 1)
k = 0
for i in range(1, n):
    while k and b[i] != b[k]:
        k = border[k]
    if b[i] == b[k]:
        k += 1
    border[i + 1] = k
k, answer = 0, -1
for i in range(2 * n):
    c = a[i % n]
    while k == n or k and c != b[k]:
        k = border[k]
    if c == b[k]:
        k += 1
    if k == n:
        answer = i - n + 1
        break
print(answer)
""",
    r"""
# rolling hash, with a look at the beads themselves when the hashes agree
M, X = (1 << 61) - 1, 911382323
a, b = input(), input()
n = len(a)
want = have = 0
for c, d in zip(a, b):
    have = (have * X + ord(c)) % M
    want = (want * X + ord(d)) % M
top = pow(X, n - 1, M)
for k in range(n):
    if have == want and a[k:] + a[:k] == b:
        print(k)
        break
    c = ord(a[k])
    have = ((have - c * top) * X + c) % M
else:
    print(-1)
""",
)

INCORRECT = (
    (  # finds the place in the first bracelet where the second begins, but only tries one
        "wrong_answer",
        r"""
a, b = input(), input()
k = a.find(b[0])
print(k if k >= 0 and a[k:] + a[:k] == b else -1)
""",
    ),
    (  # the largest number of moves below n
        "wrong_answer",
        r"""
a, b = input(), input()
k = (a + a[:-1]).rfind(b)
print(k)
""",
    ),
    (  # the same beads are not the same bracelet
        "wrong_answer",
        r"""
a, b = input(), input()
if sorted(a) != sorted(b):
    print(-1)
else:
    print(max((a + a).find(b), 0))
""",
    ),
    (  # compares bead by bead for every shift
        "time_limit",
        r"""
a, b = input(), input()
n = len(a)
answer = -1
for k in range(n):
    i = 0
    while i < n and a[(k + i) % n] == b[i]:
        i += 1
    if i == n:
        answer = k
        break
print(answer)
""",
    ),
    (  # index() does not return -1, it raises
        "runtime_error",
        r"""
a, b = input(), input()
print((a + a).index(b))
""",
    ),
)

PUBLIC = ("abcab\ncabab\n", "abc\nacb\n")

PRIVATE = (
    "a\na\n",
    "a\nb\n",
    "abab\nbaba\n",
    "aabaa\naaaab\n",
    "zzzzzz\nzzzzzz\n",
    "abcabcabc\ncabcabcab\n",
    "abcd\nbcda\n",
    "abcd\ndabc\n",
    lines("a" * 10000 + "b" + "a" * 4999, "a" * 14998 + "bb"),
    lines("a" * 2999 + "b", "b" + "a" * 2999),
    lines("ab" * 1499 + "ac", "ac" + "ab" * 1499),
)


def generated(rng: Random) -> Iterator[str]:
    for n, letters in ((3, "ab"), (8, "ab"), (15, "abc"), (60, "ab"), (300, "xyz"), (1000, "ab"), (2000, "mn"),
                       (4000, "abcdefgh")):  # fmt: skip
        a = "".join(rng.choices(letters, k=n // 3)) * 3 if rng.random() < 0.4 else "".join(rng.choices(letters, k=n))
        k = rng.randrange(len(a))
        b = a[k:] + a[:k]
        if rng.random() < 0.25:
            b = b[:-1] + rng.choice(letters)
        yield lines(a, b)


def validate(text: str) -> None:
    reader = Reader(text)
    a, b = reader.line("[a-z]{1,20000}"), reader.line("[a-z]{1,20000}")
    require(len(a) == len(b), "bracelets of the same length")
    reader.end()
