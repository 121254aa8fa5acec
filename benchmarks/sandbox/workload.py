"""Workloads: W1 (trivial programs) and W3 (mixed verdicts), on which other graders were measured, too."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from rlef_env.judge import Verdict
from rlef_env.problems import Problem, Test

__all__ = ["A_PLUS_B", "C_PROGRAM", "Mixed", "a_plus_b_problem", "mixed_problem", "mixed_programs", "trivial_programs"]

A_PLUS_B = [(12 + number, 30 * number) for number in range(20)]
"""Tests of W1: numbers to add."""

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
    """Return W1: different correct programs for A+B, each as long as the floor's."""
    return [f"a, b = map(int, input().split())\nprint(a + b)\n# {number}\n" for number in range(count)]


@functools.cache  # making a problem is no part of judging a program
def a_plus_b_problem(tests: int = 20) -> Problem:
    """Return A+B as a problem."""
    pairs = tuple(Test(f"{a} {b}\n", f"{a + b}\n") for a, b in A_PLUS_B[:tests])
    return Problem("benchmark/a+b", "Print the sum of two numbers.", private_tests=pairs)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A program of W3.

    Attributes:
        kind: short description of what it does.
        source: source code.
        verdict: the only right verdict; None if several are defensible (too much output may also be a wrong answer).
        ends: whether it ends before its time limit.
    """

    kind: str
    source: str
    verdict: Verdict | None
    ends: bool = True


def mixed_programs(sleep_seconds: float = 5.0, each: int | None = None) -> list[Mixed]:
    """Return W3: 40 programs with the kinds interleaved, at most ``each`` of a kind."""
    right = "a, b = map(int, input().split())\nprint(a + b)\n"
    large = f"kept = bytearray({300 * MEGABYTE})\nkept[::4096] = b'x' * len(kept[::4096])\n"
    flood = f"line = b'x' * 99 + b'\\n'\nimport os\nfor _ in range(50):\n    os.write(1, line * {MEGABYTE // 100})\n"
    kinds = [
        (10, Mixed("correct", right, Verdict.ACCEPTED)),
        (8, Mixed("wrong", right.replace("a + b", "a - b - 1"), Verdict.WRONG_ANSWER)),
        (6, Mixed("raising", right + "raise ValueError(a)\n", Verdict.RUNTIME_ERROR)),
        (5, Mixed("looping", "while True:\n    pass\n", Verdict.TIME_LIMIT, ends=False)),
        (4, Mixed("taking 300 MB", large + right, Verdict.MEMORY_LIMIT)),
        (3, Mixed("printing 50 MB", flood, None)),
        (4, Mixed("sleeping", f"import time\ntime.sleep({sleep_seconds})\n" + right, Verdict.TIME_LIMIT, ends=False)),
    ]
    counted = [(min(count, each or count), mixed) for count, mixed in kinds]
    return [mixed for number in range(10) for count, mixed in counted if number < count]


def mixed_problem(limit_seconds: float) -> Problem:
    """Return the problem of W3: two tests, 256 MB."""
    tests = (Test("12 30\n", "42\n"), Test("-5 3\n", "-2\n"))
    return Problem("benchmark/mixed", "A+B", private_tests=tests, time_limit=limit_seconds, memory_limit=256 * MEGABYTE)
