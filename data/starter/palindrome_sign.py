"""Complete a word to a palindrome, at one end. The traps: the better end, and words that are palindromes already."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("strings", "palindromes")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A shop wants a neon sign that reads the same from inside and from outside, so its word has to be a
palindrome: the same forwards and backwards. The letters of a word w are on the sign already. More
letters can be added at the left end or at the right end, but not at both: there is only one cable.
What is the smallest number of letters to add?

Input

One line with the word w: 1 to 2000 lower-case letters from a to z.

Output

Print the smallest number of letters to add, 0 if w is a palindrome.

{examples}

Note

In the first example adding lle at the left end gives ellehelle, with 4 letters at the right end it
would be hellolleh. In the second example one letter at the right end gives abccba.
"""

SOLUTIONS = (
    r"""
w = input()
n = len(w)
for more in range(n):
    left, right = w[more:], w[: n - more]
    if left == left[::-1] or right == right[::-1]:
        print(more)
        break
""",
    r"""
# the longest palindrome at the beginning of a word is the longest border of word + "#" + reversed word
def longest_first_palindrome(word):
    text = word + "#" + word[::-1]
    border = [0] * len(text)
    for i in range(1, len(text)):
        length = border[i - 1]
        while length and text[length] != text[i]:
            length = border[length - 1]
        border[i] = length + (text[length] == text[i])
    return border[-1]


w = input()
print(len(w) - max(longest_first_palindrome(w), longest_first_palindrome(w[::-1])))
""",
)

INCORRECT = (
    (  # adds at the right end only
        "wrong_answer",
        r"""
w = input()
more = 0
while w[more:] != w[more:][::-1]:
    more += 1
print(more)
""",
    ),
    (  # mirrors the whole word but for one letter
        "wrong_answer",
        r"""
w = input()
print(0 if w == w[::-1] else len(w) - 1)
""",
    ),
    (  # counts the letters that differ from their mirror image
        "wrong_answer",
        r"""
w = input()
print(sum(a != b for a, b in zip(w, w[::-1])) // 2)
""",
    ),
    (  # adds at both ends, or in the middle
        "wrong_answer",
        r"""
w = input()
n = len(w)
need = [0] * (n + 1)
before = [0] * (n + 1)
for length in range(2, n + 1):
    row = []
    for i in range(n - length + 1):
        j = i + length - 1
        row.append(before[i + 1] if w[i] == w[j] else 1 + min(need[i], need[i + 1]))
    before, need = need, row
print(need[0] if n > 1 else 0)
""",
    ),
    (  # one call a letter
        "runtime_error",
        r"""
def letters(w, cut):
    if w == w[::-1]:
        return 0
    return 1 + letters(cut(w), cut)


w = input()
print(min(letters(w, lambda word: word[1:]), letters(w, lambda word: word[:-1])))
""",
    ),
    (  # an assignment where a comparison was meant
        "compile_error",
        r"""
w = input()
n = len(w)
for more in range(n):
    if w[more:] = w[more:][::-1] or w[: n - more] == w[: n - more][::-1]:
        print(more)
        break
""",
    ),
)

PUBLIC = ("hello\n", "abccb\n", "level\n")

# The short ones are settled before the long ones, so that n^2 programs end where they are wrong.
PRIVATE = (
    "a\n",
    "ab\n",
    "zz\n",
    "abca\n",
    "abcbab\n",
    "xabcba\n",
    "racecars\n",
    "abacdfgdcaba\n",
    "aabaaab\n",
    lines("a" * 2000),
    lines("a" * 999 + "b"),
    lines("a" * 1000 + "b" + "a" * 999),
    lines("abcdefghijklmnopqrstuvwxyz" * 76),
)


def generated(rng: Random) -> Iterator[str]:
    for n, letters in ((5, "ab"), (8, "ab"), (12, "abc"), (30, "ab"), (60, "xyz"), (200, "ab")):
        yield lines("".join(rng.choices(letters, k=n)))
    for n, rest in ((20, 3), (100, 40), (700, 150), (990, 20)):
        half = "".join(rng.choices("abcd", k=n))
        tail = "".join(rng.choices("abcd", k=rest))
        yield lines(rng.choice((half + half[::-1] + tail, tail + half + half[::-1])))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.line("[a-z]{1,2000}")
    reader.end()
