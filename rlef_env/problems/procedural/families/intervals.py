"""Total length covered by at least a given number of intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rlef_env.problems.procedural.dice import Dice
from rlef_env.problems.procedural.family import Family, knob
from rlef_env.problems.procedural.task import Task, mutated

__all__ = ["FAMILY", "Config"]

BODY = """\
events = []
for _ in range(int(input())):
    a, b = map(int, input().split())
    events.append((a, 1))
    events.append((b + BOTH_ENDS, -1))
covered = depth = last = 0
for place, change in sorted(events):
    if depth >= LEAST:
        covered += place - last
    depth += change
    last = place
print(covered)
"""
SLOW = """\
rows = [tuple(map(int, input().split())) for _ in range(int(input()))]
covered = 0
for place in range(min(a for a, b in rows), max(b for a, b in rows) + 1):
    if sum(a <= place < b + BOTH_ENDS for a, b in rows) >= LEAST:
        covered += 1
print(covered)
"""
END = 10**9


@dataclass(frozen=True)
class Config:
    """Size of a problem.

    Attributes:
        intervals: maximum number of intervals.
        least: maximum number of intervals that must cover a place for it to count.
    """

    intervals: int = knob(8, 5, 2000)
    least: int = knob(3, 2, 20)


def draw(dice: Dice, config: Config) -> tuple[Task, ...]:
    """Draw whether both ends count, how many guards are needed, and intervals."""
    ends, least = dice.integer(0, 1), dice.integer(2, config.least)
    inputs = [_input(dice, 3 + index * (config.intervals - 3) // 9) for index in range(10)]

    def program(body: str = BODY, both: int = ends, needed: int = least) -> str:
        return f"BOTH_ENDS, LEAST = {both}, {needed}\n{body}"

    until = "to the end of day b" if ends else "to the end of the day before b"
    return (
        Task(
            story=(
                f"Each guard is on duty from the beginning of day a {until}. On how many days are at least {least} "
                "guards on duty?"
            ),
            reads=(
                f"The first line holds the number of guards (1 to {config.intervals}). Each of the next lines holds "
                f"the integers a and b of a guard (0 <= a <= b <= {END})."
            ),
            prints="Print one integer.",
            public=(inputs[3], inputs[5]),
            private=(
                "1\n5 5\n",
                _rows([(3, 4)] * least),
                _rows([(0, 10)] * (least - 1) + [(10, 12)]),
            ),
            generated=(*inputs[:3], inputs[4], *inputs[6:], _rows([(0, END)] * least)),
            solution=program(),
            wrong=(
                program(both=1 - ends),
                program(needed=least - 1),
                program(needed=least + 1),
                program(mutated(BODY, "sorted(events)", "events")),
                program(mutated(BODY, "covered += place - last", "covered += 1")),
                program(mutated(BODY, "    last = place\n", "")),
                program(mutated(BODY, "for _ in range(int(input())):", "for _ in range(int(input()) + 1):")),
            ),
            endless=(program(SLOW),),
        ),
    )


def _input(dice: Dice, count: int) -> str:
    return _rows([sorted(dice.integers(0, 4 * count, 2)) for _ in range(count)])


def _rows(rows: Sequence[Sequence[int]]) -> str:
    return "".join([f"{len(rows)}\n", *(f"{a} {b}\n" for a, b in rows)])


FAMILY = Family(
    name="intervals",
    summary="count the days on which enough guards are on duty",
    tags=("intervals", "sorting"),
    grades=(Config(5, 2), Config(6, 2), Config(8, 3), Config(50, 5), Config(120, 10)),
    draw=draw,
)
