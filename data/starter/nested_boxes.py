"""Bracket matching with three kinds. The traps: closing nothing, closing the wrong kind, leaving one open."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.starter_inputs import Reader, lines

TAGS = ("data structures", "strings")
DIFFICULTY = "easy"
TIME_LIMIT = 1.0
MEMORY_LIMIT = 256_000_000

STATEMENT = """
A packing robot writes one character for everything it does: "(", "[" or "{" when it opens a paper,
a wooden or a steel box, and ")", "]" or "}" when it closes one of that kind. Boxes may stand inside
of other boxes, so the robot must always close the box that it opened last among those still open.
At the end all boxes must be closed.

Check what it wrote.

Input

One line of 1 to 20000 characters, each of them one of ()[]{}.

Output

If everything is right, print "ok" and the greatest number of boxes that were open at the same time.
If the robot closed a box that it was not allowed to close, print "bad" and the position of the first
such character, counted from 1. If it did nothing wrong until the end but left boxes open, print
"open" and the number of boxes left open.

{examples}

Note

In the second example the fourth character closes a paper box while a wooden one was opened last.
"""

SOLUTIONS = (
    r"""
def check(text):
    opened, deepest = [], 0
    for position, c in enumerate(text, 1):
        if c in "([{":
            opened.append(c)
            deepest = max(deepest, len(opened))
        elif not opened or opened.pop() + c not in ("()", "[]", "{}"):
            return f"bad {position}"
    return f"open {len(opened)}" if opened else f"ok {deepest}"


print(check(input()))
""",
    r"""
# kind_at[d]: the box that is open at depth d; nothing is ever popped
text = input()
kind_at = [""] * (len(text) + 2)
depth = deepest = 0
verdict = ""
for i in range(len(text)):
    kind = "([{".find(text[i])
    if kind >= 0:
        depth += 1
        kind_at[depth] = ")]}"[kind]
        deepest = max(deepest, depth)
    else:
        if depth == 0 or kind_at[depth] != text[i]:
            verdict = "bad " + str(i + 1)
            break
        depth -= 1
if not verdict:
    verdict = "open " + str(depth) if depth else "ok " + str(deepest)
print(verdict)
""",
)

INCORRECT = (
    (  # closes whatever is open when nothing is
        "runtime_error",
        r"""
opened, deepest = [], 0
for position, c in enumerate(input(), 1):
    if c in "([{":
        opened.append(c)
        deepest = max(deepest, len(opened))
    elif opened.pop() + c not in ("()", "[]", "{}"):
        print("bad", position)
        break
else:
    print(*(("open", len(opened)) if opened else ("ok", deepest)))
""",
    ),
    (  # one counter for each kind: does not see that boxes cross
        "wrong_answer",
        r"""
count = {"(": 0, "[": 0, "{": 0}
pair = {")": "(", "]": "[", "}": "{"}
deepest = 0
for position, c in enumerate(input(), 1):
    if c in count:
        count[c] += 1
        deepest = max(deepest, sum(count.values()))
    else:
        count[pair[c]] -= 1
        if count[pair[c]] < 0:
            print("bad", position)
            break
else:
    left = sum(count.values())
    print(*(("open", left) if left else ("ok", deepest)))
""",
    ),
    (  # never looks whether boxes are left open
        "wrong_answer",
        r"""
def check(text):
    opened, deepest = [], 0
    for position, c in enumerate(text, 1):
        if c in "([{":
            opened.append(c)
            deepest = max(deepest, len(opened))
        elif not opened or opened.pop() + c not in ("()", "[]", "{}"):
            return f"bad {position}"
    return f"ok {deepest}"


print(check(input()))
""",
    ),
    (  # an f-string that is never closed
        "compile_error",
        r"""
def check(text):
    opened = []
    for position, c in enumerate(text, 1):
        if c in "([{":
            opened.append(c)
        elif not opened or opened.pop() + c not in ("()", "[]", "{}"):
            return f"bad {position}
    return "ok"


print(check(input()))
""",
    ),
)

PUBLIC = ("([]{[]})\n", "{}[)]\n")

PRIVATE = (
    "()\n",
    ")\n",
    "(\n",
    "[)\n",
    "(())]\n",
    "{{{[[[(((\n",
    "()[]{}\n",
    "([)]\n",
    "{" * 6000 + "}" * 6000 + "\n",
    "([{" * 1333 + "}])" * 1332 + "\n",
    "[]" * 1999 + "}{\n",
)


def generated(rng: Random) -> Iterator[str]:
    for steps, fault in ((4, 0.0), (10, 0.1), (40, 0.0), (100, 0.02), (400, 0.0), (1500, 0.001), (3000, 0.0),
                         (9000, 0.0)):  # fmt: skip
        opened: list[str] = []
        text = ""
        for _ in range(steps):
            if rng.random() < fault:
                text += rng.choice(")]}([{")
            elif opened and rng.random() < 0.48:
                text += opened.pop()
            else:
                kind = rng.randrange(3)
                text += "([{"[kind]
                opened.append(")]}"[kind])
        yield lines(text + "".join(reversed(opened)) * (steps != 400))


def validate(text: str) -> None:
    reader = Reader(text)
    reader.line(r"[()\[\]{}]{1,20000}")
    reader.end()
