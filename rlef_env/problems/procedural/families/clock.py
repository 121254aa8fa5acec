"""Shifts on a planet whose days and hours have unusual lengths."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
total = 0
for _ in range(int(input())):
    start, end = (int(time.split(":")[0]) * MINUTES + int(time.split(":")[1]) for time in input().split())
    total += (end - start - WHOLE) % (HOURS * MINUTES) + WHOLE
print(total // (HOURS * MINUTES), total // MINUTES % HOURS, total % MINUTES)
"""


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        shifts: maximum number of shifts.
        longest: maximum number of hours of a day, and of minutes of an hour.
    """

    shifts: int = knob(6, 3, 1000)
    longest: int = knob(50, 20, 1000)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw the lengths of days and hours, the meaning of equal times, and shifts."""
    hours, minutes = dice.distinct([length for length in range(8, config.longest + 1) if length not in (24, 60)], 2)
    whole = dice.integer(0, 1)
    inputs = [_input(dice, hours, minutes, 1 + index * (config.shifts - 1) // 9) for index in range(10)]
    early, late = f"0:{minutes - 1}", f"{hours - 1}:0"

    def program(body: str = BODY, names: tuple[int, int, int] = (hours, minutes, whole)) -> str:
        return f"HOURS, MINUTES, WHOLE = {', '.join(map(str, names))}\n{body}"

    same = "lasts a whole day" if whole else "has no length"
    return (
        Task(
            story=(
                f"On this planet a day has {hours} hours and an hour has {minutes} minutes. A shift lasts from one "
                "time of the day to another one; if the second one is the earlier one, it is that of the next day. A "
                f"shift whose two times are equal {same}. How long do all shifts last together?"
            ),
            reads=(
                f"The first line holds the number of shifts (1 to {config.shifts}). Each of the next lines holds the "
                f"two times of a shift, as hour:minute, with hours from 0 to {hours - 1} and minutes from 0 to "
                f"{minutes - 1}, without leading zeros."
            ),
            prints=(
                f"Print three integers: whole days, hours that are left (below {hours}) and minutes that are left "
                f"(below {minutes})."
            ),
            public=(inputs[3], inputs[5]),
            private=(f"1\n{early} {early}\n", f"1\n{late} {early}\n", f"1\n{early} {late}\n"),
            generated=(*inputs[:3], inputs[4], *inputs[6:]),
            solution=program(),
            wrong=(
                program(names=(24, 60, whole)),
                program(names=(minutes, hours, whole)),
                program(names=(hours, minutes, 1 - whole)),
                program(mutated(BODY, "(end - start - WHOLE) % (HOURS * MINUTES) + WHOLE", "end - start")),
                program(mutated(BODY, "(end - start - WHOLE) % (HOURS * MINUTES) + WHOLE", "abs(end - start)")),
                program(mutated(BODY, "total // MINUTES % HOURS", "total // MINUTES")),
                program(mutated(BODY, 'int(time.split(":")[1])', "int(time[-2:])")),
                program(mutated(BODY, 'int(time.split(":")[0])', "int(time[:2])")),
            ),
        ),
    )


def _input(dice: Dice, hours: int, minutes: int, shifts: int) -> str:
    rows = []
    for _ in range(shifts):
        start, end = (f"{dice.integer(0, hours - 1)}:{dice.integer(0, minutes - 1)}" for _ in range(2))
        rows.append(f"{start} {start if dice.chance(15) else end}\n")
    return f"{shifts}\n{''.join(rows)}"


FAMILY = Family(
    name="clock",
    summary="add up shifts on a planet with days and hours of other lengths",
    tags=("date and time", "math"),
    grades=(Config(3, 20), Config(4, 30), Config(6, 50), Config(20, 100), Config(60, 1000)),
    draw=draw,
)
