"""Brackets of several kinds, and the place of the first fault."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
waiting = []
answer = 0
for place, sign in enumerate(input(), 1):
    if sign in OPEN:
        waiting.append((sign, place))
    elif sign in CLOSE:
        if not waiting or OPEN.index(waiting[-1][0]) != CLOSE.index(sign):
            answer = place
            break
        waiting.pop()
else:
    if waiting:
        answer = waiting[WHICH][1]
print(answer)
"""
PAIRS = ("()", "[]", "{}", "<>", "/!", "^_")


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        kinds: number of kinds of brackets.
        length: maximum length of a line.
    """

    kinds: int = knob(3, 2, len(PAIRS))
    length: int = knob(16, 8, 2000)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw the kinds of brackets, the fault to report, and lines."""
    kinds = dice.distinct(PAIRS, config.kinds)
    opening, closing = ("".join(kind[side] for kind in kinds) for side in (0, 1))
    which = dice.pick((0, -1))
    inputs = [_line(dice, kinds, 5 + index * (config.length - 5) // 9) for index in range(10)]
    first, second = kinds[:2]

    def program(body: str = BODY, reported: int = which) -> str:
        return f"OPEN, CLOSE, WHICH = {opening!r}, {closing!r}, {reported}\n{body}"

    shown = ", ".join(f"{opened} with {closed}" for opened, closed in map(tuple, kinds))
    place = "first" if which == 0 else "last"
    return (
        Task(
            story=(
                f"Brackets come in pairs: {shown}. A line is right if every closing bracket matches the last opening "
                "bracket before it that is not closed yet, and every opening bracket is closed. All other signs are to "
                "be ignored. If a closing bracket does not match, print the place of the first such one. If all match "
                f"but some opening brackets are never closed, print the place of the {place} one of these. Places are "
                "counted from 1, all signs included. If the line is right, print 0."
            ),
            reads=f"One line of 1 to {config.length} signs: brackets and letters, without spaces.",
            prints="Print one integer.",
            public=(inputs[4], inputs[6]),
            private=(
                f"x{first}{second[0]}{first}{second[1]}y\n",
                f"{first[0]}{second[0]}{first[1]}{second[1]}\n",
                f"a{first[0]}{second}{first[0]}b\n",
                f"{second}{first[1]}\n",
            ),
            generated=(*inputs[:4], inputs[5], *inputs[7:]),
            solution=program(),
            wrong=(
                program(reported=-1 - which),
                program(mutated(BODY, "enumerate(input(), 1)", "enumerate(input())")),
                program(mutated(BODY, "not waiting or ", "")),
                program(mutated(BODY, "OPEN.index(waiting[-1][0]) != CLOSE.index(sign)", "False")),
                program(mutated(BODY, "    if waiting:\n        answer = waiting[WHICH][1]", "    pass")),
                program(mutated(BODY, "            break\n", "            continue\n")),
                program(mutated(BODY, "answer = waiting[WHICH][1]", "answer = len(waiting)")),
                f"line = input()\nprint(0 if all(line.count(a) == line.count(b) for a, b in {kinds}) else len(line))\n",
            ),
        ),
    )


def _line(dice: Dice, kinds: list[str], length: int) -> str:
    signs, waiting = [], ""
    for place in range(length):
        if waiting and (dice.chance(45) or len(waiting) >= length - place):
            right = waiting[-1]
            signs.append(right)
            waiting = waiting[:-1]
        elif dice.chance(30):
            signs.append(dice.pick("abcxyz"))
        else:
            opened, closed = tuple(dice.pick(kinds))
            signs.append(opened)
            waiting += closed
    if dice.chance(60):  # most lines shall have a fault
        signs[dice.integer(length // 2, length - 1)] = dice.pick(dice.pick(kinds))
    return "".join(signs) + "\n"


FAMILY = Family(
    name="brackets",
    summary="find the place at which brackets of several kinds go wrong",
    tags=("stack", "strings"),
    grades=(Config(2, 10), Config(2, 12), Config(3, 16), Config(4, 60), Config(6, 300)),
    draw=draw,
)
