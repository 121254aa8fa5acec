"""The programs that are run: W1 (trivial) and W3 (mixed verdicts), as other graders were measured on them."""

from __future__ import annotations

from dataclasses import dataclass

from rlef_env.judge import Verdict
from rlef_env.problems import Problem, Test

__all__ = ["A_PLUS_B", "C_PROGRAM", "Mixed", "a_plus_b_problem", "mixed_problem", "mixed_programs", "trivial_programs"]

A_PLUS_B = [(12 + number, 30 * number) for number in range(20)]
"""The tests of W1: numbers to add."""

C_PROGRAM = """\
#include <stdio.h>
int main(void) {
    long a, b;
    if (scanf("%ld %ld", &a, &b) != 2) return 1;
    printf("%ld\\n", a + b);
    return 0;
}
"""

MEGABYTE = 10**6


def trivial_programs(count: int = 100) -> list[str]:
    """W1: right programs for A+B, no two alike, each as long as the floor's."""
    return [f"a, b = map(int, input().split())\nprint(a + b)\n# {number}\n" for number in range(count)]


def a_plus_b_problem(tests: int = 20) -> Problem:
    """A+B as a problem."""
    pairs = tuple(Test(f"{a} {b}\n", f"{a + b}\n") for a, b in A_PLUS_B[:tests])
    return Problem("benchmark/a+b", "Print the sum of two numbers.", private_tests=pairs)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A program of W3.

    Attributes:
        kind: what it does.
        source: its text.
        verdict: the only right one, None where several are defensible (a flood of output may be too much or wrong).
        ends: whether it ends by itself before a limit of time.
    """

    kind: str
    source: str
    verdict: Verdict | None
    ends: bool = True


def mixed_programs(sleep_seconds: float = 5.0, each: int | None = None) -> list[Mixed]:
    """W3: 40 programs, in turn rather than in groups; ``each`` caps how many of a kind there are."""
    right = "a, b = map(int, input().split())\nprint(a + b)\n"
    hog = f"kept = bytearray({300 * MEGABYTE})\nkept[::4096] = b'x' * len(kept[::4096])\n"
    flood = f"line = b'x' * 99 + b'\\n'\nimport os\nfor _ in range(50):\n    os.write(1, line * {MEGABYTE // 100})\n"
    kinds = [
        (10, Mixed("correct", right, Verdict.ACCEPTED)),
        (8, Mixed("wrong", right.replace("a + b", "a - b - 1"), Verdict.WRONG_ANSWER)),
        (6, Mixed("raising", right + "raise ValueError(a)\n", Verdict.RUNTIME_ERROR)),
        (5, Mixed("looping", "while True:\n    pass\n", Verdict.TIME_LIMIT, ends=False)),
        (4, Mixed("taking 300 MB", hog + right, Verdict.MEMORY_LIMIT)),
        (3, Mixed("printing 50 MB", flood, None)),
        (4, Mixed("sleeping", f"import time\ntime.sleep({sleep_seconds})\n" + right, Verdict.TIME_LIMIT, ends=False)),
    ]
    counted = [(min(count, each or count), mixed) for count, mixed in kinds]
    return [mixed for turn in range(10) for count, mixed in counted if turn < count]


def mixed_problem(limit_seconds: float) -> Problem:
    """The problem W3 is judged on: two tests, 256 MB."""
    tests = (Test("12 30\n", "42\n"), Test("-5 3\n", "-2\n"))
    return Problem("benchmark/mixed", "A+B", private_tests=tests, time_limit=limit_seconds, memory_limit=256 * MEGABYTE)
