"""A small machine with three registers and a jump."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
code = [input().split() for _ in range(int(input()))]
registers = {"a": 0, "b": 0, "c": 0}
place = steps = 0
while 0 <= place < len(code) and steps < LIMIT:
    name, x, y = code[place]
    value = registers[y] if y in registers else int(y)
    place += 1
    steps += 1
    if name == "set":
        registers[x] = value % MOD
    elif name == "add":
        registers[x] = (registers[x] + value) % MOD
    elif name == "sub":
        registers[x] = (registers[x] - value) % MOD
    elif CONDITION:
        place += value - FROM_ITSELF
if 0 <= place < len(code):
    print("running")
else:
    print(*registers.values())
"""
CONDITIONS = (
    ("x does not hold 0", "registers[x]", "set a 1\n"),
    ("x holds 0", "registers[x] == 0", "set a 0\n"),
    ("x holds an odd number", "registers[x] % 2", "set a 1\n"),
    ("x holds an even number", "registers[x] % 2 == 0", "set a 2\n"),
)


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        lines: maximum length of a program of the machine.
        limit: number of steps after which the machine is stopped.
    """

    lines: int = knob(8, 5, 200)
    limit: int = knob(50, 20, 5000)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw the condition and the origin of jumps, the size of the registers, and programs."""
    mod, itself = dice.integer(7, 30), dice.integer(0, 1)
    condition, code, before = dice.pick(CONDITIONS)
    inputs = [_program(dice, 3 + index * (config.lines - 3) // 9, itself) for index in range(10)]
    loop = f"2\n{before}jmp a {itself - 1}\n"

    def program(body: str = BODY, when: str = code, modulus: int = mod, start: int = itself) -> str:
        header = f"LIMIT, MOD, FROM_ITSELF = {config.limit}, {modulus}, {start}\n"
        return header + body.replace("CONDITION", when)

    start = "the jump itself, so that jmp x 1 goes on" if itself else "the line after the jump, so that jmp x 0 goes on"
    return (
        Task(
            story=(
                f"A machine has three registers a, b and c that hold integers from 0 to {mod - 1}, and are 0 at first. "
                "It obeys the lines of a program from the first one on, where x is a register, and y a register or an "
                "integer:\n\n"
                "set x y puts y into x.\nadd x y adds y to x.\nsub x y subtracts y from x.\n"
                f"jmp x y jumps by y lines, forward or backward, if {condition}; it is counted from {start} with the "
                f"next line.\n\nWhat set, add or sub makes is replaced by its remainder, from 0 to {mod - 1}, divided "
                f"by {mod}. The machine ends when it leaves the program at either end, and is stopped after "
                f"{config.limit} steps, jumps that are not taken included."
            ),
            reads=(
                f"The first line holds the number of lines (1 to {config.lines}); the lines of the program follow. "
                "Integers in them are from -9 to 9."
            ),
            prints=(
                "Print what the registers a, b and c hold at the end, or the word running if the machine was stopped "
                "before it left the program."
            ),
            public=(inputs[3], inputs[5]),
            private=(
                "3\nset a 4\nsub b a\nadd c b\n",
                loop,
                f"3\n{before}jmp a -4\nset b 3\n",
                "5\nset a 2\nset b -3\njmp a 3\nadd b 5\nset c b\n".replace("jmp a 3", f"jmp a {1 + itself}"),
            ),
            generated=(*inputs[:3], inputs[4], *inputs[6:]),
            solution=program(),
            wrong=(
                program(start=1 - itself),
                program(when=CONDITIONS[[entry[1] for entry in CONDITIONS].index(code) ^ 1][1]),
                program(when="True"),
                program(modulus=10**9),
                program(mutated(BODY, "(registers[x] - value) % MOD", "registers[x] - value")),
                program(mutated(BODY, "registers[y] if y in registers else int(y)", "int(y)")),
                program(mutated(BODY, "0 <= place < len(code) and", "place < len(code) and")),
                program(mutated(BODY, "if 0 <= place < len(code):", "if steps == LIMIT + 1:")),
            ),
            endless=(program(mutated(BODY, " and steps < LIMIT", "")),),
        ),
    )


def _program(dice: Dice, lines: int, itself: int) -> str:
    rows = []
    for line in range(lines):
        name = dice.pick(("set", "add", "add", "sub", "jmp"))
        target = dice.integer(-min(line, 3), 3) - 1 + itself
        number = target if name == "jmp" else dice.integer(-9, 9)
        value = str(number) if name == "jmp" or dice.chance(60) else dice.pick("abc")
        rows.append(f"{name} {dice.pick('abc')} {value}\n")
    return f"{lines}\n{''.join(rows)}"


FAMILY = Family(
    name="machine",
    summary="run the program of a small machine with three registers",
    tags=("simulation", "implementation"),
    grades=(Config(5, 20), Config(6, 30), Config(8, 50), Config(15, 100), Config(40, 500)),
    draw=draw,
)
