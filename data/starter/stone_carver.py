"""Count characters in text of any script. The traps: bytes are not characters; ties; spaces."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("strings", "hashing", "implementation")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A stone carver cuts inscriptions in any script. For every different character of an inscription she
makes one stencil; spaces need none. Upper and lower case are different characters, and so are letters
with different accents. How many stencils does she need, and which stencil does she use most often?

Input

One line with the inscription: 1 to 2000 characters of Unicode text, encoded in UTF-8. It neither
begins nor ends with a space. Every character is a space (U+0020) or a letter, digit, punctuation mark or
symbol that is a single Unicode code point; there are no combining marks.

Output

Print the number of stencils, and the character whose stencil is used most often. If several are used
equally often, print the one among them that occurs first in the inscription.

{examples}

Note

In the second example "λ" and "α" are both used twice, and "λ" occurs first; "ά" is another character
than "α".
"""

SOLUTIONS = (
    r"""
from collections import Counter

# most_common keeps the order of first occurrence among equals
count = Counter(input().replace(" ", ""))
print(len(count), count.most_common(1)[0][0])
""",
    r"""
import sys

text = sys.stdin.buffer.read().decode("utf-8").rstrip("\n")
stencils = sorted(set(text) - {" "})
best = max(stencils, key=lambda c: (text.count(c), -text.index(c)))
print(len(stencils), best)
""",
)

INCORRECT = (
    (  # counts bytes, which is right for English only
        "wrong_answer",
        r"""
import sys

text = sys.stdin.buffer.read().rstrip(b"\n").replace(b" ", b"")
best = max(text, key=lambda byte: text.count(bytes([byte])))
print(len(set(text)), chr(best))
""",
    ),
    (  # among equals the smallest code point, not the first
        "wrong_answer",
        r"""
text = input().replace(" ", "")
best = max(sorted(set(text)), key=text.count)
print(len(set(text)), best)
""",
    ),
    (  # upper and lower case share a stencil
        "wrong_answer",
        r"""
from collections import Counter

count = Counter(input().lower().replace(" ", ""))
print(len(count), count.most_common(1)[0][0])
""",
    ),
    (  # an array for the 128 characters of ASCII
        "runtime_error",
        r"""
text = input()
count = [0] * 128
for c in text:
    if c != " ":
        count[ord(c)] += 1
best = max((c for c in text if c != " "), key=lambda c: count[ord(c)])
print(sum(1 for k in count if k), best)
""",
    ),
    (  # a dictionary that is never closed
        "compile_error",
        r"""
count = {" ": 0
for c in input():
    count[c] = count.get(c, 0) + 1
print(len(count) - 1, max(count, key=count.get))
""",
    ),
)

PUBLIC = ("abba bcb\n", "μάλλον τα αβγ\n")

PRIVATE = (
    "x\n",
    "A a a A A\n",
    "zzyyxx\n",
    "ПРИВЕТ привет\n",
    "東京 京都 東京都\n",
    "naïve café à Zürich, señor!\n",
    "🜁🜂🜃🜄 🜄\n",
    "éeéeé\n",
    "Ünder Über\n",
    "3,1415926535 8979323846\n",
    "שלום עולם שלום\n",
    lines("ab " * 600 + "b"),
)


def generated(rng: Random) -> Iterator[str]:
    scripts = ("abcABC", "αβγδλμΑΒ", "жзийкЖЗ", "山川日月木水火", "äöüßÄÖÜé", "अआइईउ", "あいうえおアイ", "🜁🜂🜃🜄☉☽")
    for size, script in zip((5, 20, 60, 150, 400, 800, 1500, 1990), scripts, strict=True):
        words = ("".join(rng.choices(script, k=rng.randint(1, 9))) for _ in range(size))
        yield lines(" ".join(words)[:size].strip())


def validate(text: str) -> None:
    reader = Reader(text)
    reader.line(r"[^\s\u0300-\u036f]([^\u0000-\u001f\u007f-\u00a0\u0300-\u036f]{0,1998}[^\s\u0300-\u036f])?")
    reader.end()
