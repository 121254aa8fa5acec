"""A line of text with names and amounts, to be parsed and added up."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
total = {}
for entry in input().split(BETWEEN):
    name, amount = entry.split(MARK)
    if name[0] != VOID:
        total[name] = COMBINED
if total:
    best = MOST(total, key=lambda name: (total[name], name))
    print(best, total[best])
else:
    print("nobody")
"""
COMBINE = (
    ("all amounts of a name are added up", "total.get(name, 0) + int(amount)"),
    ("of all amounts of a name only the last one counts", "int(amount)"),
    ("of all amounts of a name only the largest one counts", "max(total.get(name, -10**9), int(amount))"),
)
NAMES = ("ada", "bo", "cleo", "dan", "eve", "finn", "gus", "hal", "ida", "jo")


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        entries: maximum number of entries.
        names: number of names.
        largest: the largest amount.
    """

    entries: int = knob(10, 6, 500)
    names: int = knob(4, 2, len(NAMES))
    largest: int = knob(20, 5, 10**6)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw the signs of the format, the entries that count, and ledgers."""
    between, mark, void = dice.distinct(";,|/", 1)[0], dice.pick(":=@"), dice.pick("#!~")
    names = dice.distinct(NAMES, config.names)
    combine = dice.integer(0, len(COMBINE) - 1)
    most = dice.pick(("max", "min"))
    counts = [4 + index * (config.entries - 4) // 9 for index in range(10)]
    inputs = [between.join(_entries(dice, config, names, mark, void, count)) + "\n" for count in counts]
    low, high = sorted(names)[0], sorted(names)[-1]

    def program(body: str = BODY, combined: int = combine, chosen: str = most) -> str:
        header = f"BETWEEN, MARK, VOID = {between!r}, {mark!r}, {void!r}\n"
        return header + body.replace("COMBINED", COMBINE[combined][1]).replace("MOST", chosen)

    word, tie = ("largest", "last") if most == "max" else ("smallest", "first")
    return (
        Task(
            story=(
                f"A ledger is a line of entries with {between} between them. An entry is a name, {mark} and an "
                f"integer amount. Entries whose name begins with {void} are void and do not count. Of the others, "
                f"{COMBINE[combine][0]}. Find the name with the {word} result, and where several have it, the one "
                f"that comes {tie} in the alphabet."
            ),
            reads=(
                f"One line: a ledger of 1 to {config.entries} entries. Names are of the letters a to z, after the "
                f"{void} of void ones. Amounts are from {-config.largest} to {config.largest}."
            ),
            prints="Print the name and its result, separated by a space, or the word nobody if all entries are void.",
            public=(inputs[3], inputs[5]),
            private=(
                f"{void}{names[0]}{mark}3\n",
                f"{low}{mark}2{between}{high}{mark}2\n",
                f"{high}{mark}2{between}{low}{mark}2\n",
                f"{low}{mark}5{between}{high}{mark}-5{between}{low}{mark}3{between}{high}{mark}-3\n",
            ),
            generated=(*inputs[:3], inputs[4], *inputs[6:]),
            solution=program(),
            wrong=(
                program(combined=(combine + 1) % 3),
                program(combined=(combine + 2) % 3),
                program(chosen="min" if most == "max" else "max"),
                program(mutated(BODY, "if name[0] != VOID:", "if True:")),
                program(mutated(BODY, "(total[name], name)", "total[name]")),
                program(mutated(BODY, "if total:", "if True:")),
                program(mutated(BODY, "split(BETWEEN)", "split()")),
                program(mutated(BODY, "else:", "else")),
            ),
        ),
    )


def _entries(dice: Dice, config: Config, names: list[str], mark: str, void: str, count: int) -> list[str]:
    return [
        f"{void if dice.chance(25) else ''}{dice.pick(names)}{mark}{dice.integer(-config.largest, config.largest)}"
        for _ in range(count)
    ]


FAMILY = Family(
    name="ledger",
    summary="take a line of names and amounts apart and find the name that comes out on top",
    tags=("parsing", "strings"),
    grades=(Config(6, 2, 9), Config(8, 3, 9), Config(10, 4, 20), Config(40, 6, 99), Config(100, 10, 9999)),
    draw=draw,
)
