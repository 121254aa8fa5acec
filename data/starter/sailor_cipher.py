"""Undo a cipher whose shift grows. The traps: only letters count, capitals stay capitals, z comes before a."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("strings", "ciphers", "implementation")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
Sailors write their messages in a cipher. They number the letters of a message from left to right: 1, 2,
3 and so on; whatever is not a letter gets no number. Then they replace letter number j by the letter
that stands k times j places further in the alphabet, where a follows after z. Capital letters become
capital letters, small letters become small letters, and everything else stays as it is.

Given a message in the cipher, find the original.

Input

The first line holds the integer k (1 <= k <= 1000). The second line holds the message: words of English
letters, digits and the characters . , ! ? - with single spaces between the words; at most 1000
characters in all.

Output

Print the original message.

{examples}

Note

The first example says Ahoy, crew! Letter number 4, the y, was moved by 4 places: z, a, b, c. The comma and
the space have no number, so that the c of crew is letter number 5.
"""

SOLUTIONS = (
    r"""
from string import ascii_lowercase, ascii_uppercase

k = int(input())
original, j = [], 0
for sign in input():
    for alphabet in (ascii_lowercase, ascii_uppercase):
        if sign in alphabet:
            j += 1
            sign = alphabet[(alphabet.index(sign) - k * j) % 26]
            break
    original.append(sign)
print("".join(original))
""",
    r"""
k = int(input())
shift = 0
text = ""
for sign in input():
    if sign.isalpha():
        shift = (shift + k) % 26
        base = ord("a") if sign.islower() else ord("A")
        sign = chr(base + (ord(sign) - base + 26 - shift) % 26)
    text += sign
print(text)
""",
)

INCORRECT = (
    (  # numbers all characters
        "wrong_answer",
        r"""
k = int(input())
text = ""
for j, sign in enumerate(input(), 1):
    if sign.isalpha():
        base = ord("a") if sign.islower() else ord("A")
        sign = chr(base + (ord(sign) - base - k * j) % 26)
    text += sign
print(text)
""",
    ),
    (  # writes the cipher instead of reading it
        "wrong_answer",
        r"""
k = int(input())
shift = 0
text = ""
for sign in input():
    if sign.isalpha():
        shift += k
        base = ord("a") if sign.islower() else ord("A")
        sign = chr(base + (ord(sign) - base + shift) % 26)
    text += sign
print(text)
""",
    ),
    (  # the same shift for all letters
        "wrong_answer",
        r"""
k = int(input())
text = ""
for sign in input():
    if sign.isalpha():
        base = ord("a") if sign.islower() else ord("A")
        sign = chr(base + (ord(sign) - base - k) % 26)
    text += sign
print(text)
""",
    ),
    (  # capitals become small letters
        "wrong_answer",
        r"""
k = int(input())
shift = 0
text = ""
for sign in input().lower():
    if sign.isalpha():
        shift += k
        sign = chr(97 + (ord(sign) - 97 - shift) % 26)
    text += sign
print(text)
""",
    ),
    (  # goes back around once only
        "wrong_answer",
        r"""
k = int(input())
shift = 0
text = ""
for sign in input():
    if sign.isalpha():
        shift = (shift + k) % 52
        base = ord("a") if sign.islower() else ord("A")
        place = ord(sign) - base - shift
        if place < 0:
            place += 26
        sign = chr(base + abs(place))
    text += sign
print(text)
""",
    ),
    (  # goes back by so much that there is no such character
        "runtime_error",
        r"""
k = int(input())
shift = 0
text = ""
for sign in input():
    if sign.isalpha():
        shift += k
        base = ord("a") if sign.islower() else ord("A")
        place = ord(sign) - shift
        sign = chr(place) if place >= base else chr(place + 26)
    text += sign
print(text)
""",
    ),
)

PUBLIC = (
    "1\nBjrc, hxle!\n",
    "25\nEmd ei 2 vtqj\n",
)

PRIVATE = (
    "1\nb\n",
    "26\nNothing changes - at all.\n",
    "1\na\n",
    "13\nNOON noon\n",
    "3\n12, 34!\n",
    "7\nZ\n",
    "2\nabc XYZ-abc\n",
    "1000\nabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ\n",
    "999\n?a!b.c,d-e 1f2g3h\n",
    lines(17, "Zz" * 500),
)


def generated(rng: Random) -> Iterator[str]:
    signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" * 3 + "0123456789.,!?-"
    for words, longest in ((1, 4), (1, 30), (2, 6), (4, 8), (8, 8), (20, 10), (60, 10), (20, 48)):
        message = (("".join(rng.choices(signs, k=rng.randint(1, longest)))) for _ in range(words))
        yield lines(rng.randint(1, 1000), list(message))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.number(1, 1000)
    message = reader.line(r"[a-zA-Z0-9.,!?-]+( [a-zA-Z0-9.,!?-]+)*")
    if len(message) > 1000:
        raise ValueError(f"expected at most 1000 characters, got {len(message)}")
    reader.end()
