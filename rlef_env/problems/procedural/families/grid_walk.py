"""A robot on a grid: its turns and steps, and its behaviour at the border."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
rows, columns = map(int, input().split())
row = column = 0
seen = {(row, column)}
for command in input():
    if command == "L":
        FACING = (FACING + 3) % 4
    elif command == "R":
        FACING = (FACING + 1) % 4
    else:
        down, right = ((-1, 0), (0, 1), (1, 0), (0, -1))[FACING]
        if command == "B":
            down, right = -down, -right
        for _ in range(CELLS):
            new_row, new_column = row + down, column + right
            if WRAPS:
                new_row, new_column = new_row % rows, new_column % columns
            if 0 <= new_row < rows and 0 <= new_column < columns:
                row, column = new_row, new_column
                seen.add((row, column))
print(row + 1, column + 1, len(seen))
"""
DIRECTIONS = ("up", "right", "down", "left")


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        size: maximum number of rows and columns.
        commands: maximum number of commands.
    """

    size: int = knob(6, 4, 1000)
    commands: int = knob(15, 6, 1000)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw the behaviour at the border, the start, the length of a step, and walks."""
    wraps, facing, cells = dice.integer(0, 1), dice.integer(0, 3), dice.integer(1, 3)
    inputs = []
    for index in range(10):
        rows, columns = dice.distinct(range(2, config.size + 1), 2)
        inputs.append(_input(dice, rows, columns, 3 + index * (config.commands - 3) // 9))

    def program(wrap: int, start: int, step: int, body: str = BODY) -> str:
        return f"WRAPS, FACING, CELLS = {wrap}, {start}, {step}\n{body}"

    border = (
        "A cell that would be outside of the grid is the one at the opposite end of the same row or column instead."
        if wraps
        else "Where the next cell would be outside of the grid, the robot stays where it is."
    )
    several = "cell" if cells == 1 else "cells, one after the other"
    return (
        Task(
            story=(
                f"A robot stands in row 1 and column 1, the upper left cell of a grid, and faces {DIRECTIONS[facing]}. "
                f"L turns it to the left by 90 degrees and R to the right. F moves it forward by {cells} {several}, "
                f"and B moves it backward likewise without turning it. {border}"
            ),
            reads=(
                f"The first line holds the numbers of rows and columns (1 to {config.size} each), the second line at "
                f"least one and at most {config.commands} commands without spaces."
            ),
            prints=(
                "Print three integers: the row and the column of the cell in which the robot ends, and the number of "
                "different cells in which it has been."
            ),
            public=(inputs[4], inputs[6]),
            private=("1 1\nFBLF\n", _input(dice, 1, 4, 6), inputs[9]),
            generated=(*inputs[:4], inputs[5], *inputs[7:9]),
            solution=program(wraps, facing, cells),
            wrong=(
                program(1 - wraps, facing, cells),
                program(wraps, (facing + 2) % 4, cells),
                program(wraps, facing, cells % 3 + 1),
                program(wraps, facing, cells, mutated(BODY, "FACING + 3", "FACING - 3")),
                program(wraps, facing, cells, mutated(BODY, "rows, columns = map", "columns, rows = map")),
                program(wraps, facing, cells, mutated(BODY, "len(seen)", "len(seen) - 1")),
                program(wraps, facing, cells, mutated(BODY, "row + 1, column + 1", "row, column")),
                program(wraps, facing, cells, mutated(BODY, "(FACING + 1) % 4", "FACING + 1")),
            ),
        ),
    )


def _input(dice: Dice, rows: int, columns: int, commands: int) -> str:
    return f"{rows} {columns}\n{''.join(dice.picks('LRFFFB', commands))}\n"


FAMILY = Family(
    name="grid_walk",
    summary="follow a robot over a grid whose border wraps or blocks",
    tags=("simulation", "grids"),
    grades=(Config(4, 8), Config(5, 12), Config(6, 15), Config(20, 60), Config(50, 200)),
    draw=draw,
)
