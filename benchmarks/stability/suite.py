"""The suite: thousands of small programs, each with one correct verdict, however busy the machine is.

The difficult ones use between half and twice their limit of CPU time. They read their own CPU clock and stop at a fixed
fraction of the limit, so that the expected verdict does not depend on the speed of the machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from rlef_env.judge import Verdict
from rlef_env.problems import Problem, Test

__all__ = ["LIMIT_SECONDS", "NEAR", "Case", "problem", "suite"]

LIMIT_SECONDS = 0.2
MEMORY_BYTES = 64 * 10**6
NEAR = "near the limit"

ADD_IN_CPP = """\
#include <iostream>
int main() {
    int a, b;
    std::cin >> a >> b;
    std::cout << a + b << std::endl;
}
"""
ADD = "a, b = map(int, input().split())\nprint(a + b)\n"
WITHIN = (0.5, 0.6, 0.7, 0.8, 0.85)
"""Fractions of the limit that do not exceed it. Sandbox and interpreter exit add a few hundredths."""
BEYOND = (1.2, 1.3, 1.5, 1.75, 2.0)
SHARES = {  # fractions of the cases that are not near their limit
    "right": 0.5,
    "wrong": 0.18,
    "raising": 0.12,
    "looping": 0.04,
    "sleeping too long": 0.04,
    "sleeping a little": 0.04,
    "taking too much memory": 0.04,
    "printing too much": 0.04,
}
COMPILED = {"compiled, right": 0.02, "compiled, wrong": 0.01, "not to be compiled": 0.01}
"""Further fractions if there is a compiler, taken from the right programs. All differ, so each is compiled."""


@dataclass(frozen=True, slots=True)
class Case:
    """A program and its expected verdict.

    Attributes:
        number: index in the suite.
        kind: of program.
        source: source code.
        verdict: the only correct one.
        language: of the source code.
    """

    number: int
    kind: str
    source: str
    verdict: Verdict
    language: str = "python"


def suite(judgements: int, seed: int = 0, compiled: bool = False) -> list[Case]:
    """Return cases in random order, the same for the same arguments; a tenth of them is near the time limit.

    Args:
        judgements: number of cases.
        seed: of the order.
        compiled: whether some are in C++.
    """
    near = max(1, judgements // 10)
    kinds = [_near(number) for number in range(near)]
    shares = SHARES | {"right": SHARES["right"] - sum(COMPILED.values())} | COMPILED if compiled else SHARES
    for kind, share in shares.items():
        kinds += [_plain(kind)] * max(1, round((judgements - near) * share))
    kinds = kinds[:judgements] + [_plain("right")] * (judgements - len(kinds))
    random.Random(seed).shuffle(kinds)
    return [_case(number, *kind) for number, kind in enumerate(kinds)]


def problem() -> Problem:
    """Return the problem of all cases: one test, 0.2 s."""
    return Problem(
        "benchmark/stability",
        "A+B",
        private_tests=(Test("12 30\n", "42\n"),),
        time_limit=LIMIT_SECONDS,
        memory_limit=MEMORY_BYTES,
    )


def _case(number: int, kind: str, source: str, verdict: Verdict) -> Case:
    if kind in COMPILED:
        return Case(number, kind, f"{source}// {number}\n", verdict, "cpp")
    return Case(number, kind, f"{source}# {number}\n", verdict)


def _near(number: int) -> tuple[str, str, Verdict]:
    shares = WITHIN + BEYOND
    share = shares[number % len(shares)]
    source = f"import time\nwhile time.process_time() < {share * LIMIT_SECONDS:.3f}:\n    pass\n{ADD}"
    return f"{NEAR}, {share:g}x", source, Verdict.ACCEPTED if share < 1 else Verdict.TIME_LIMIT


def _plain(kind: str) -> tuple[str, str, Verdict]:
    programs = {
        "right": (ADD, Verdict.ACCEPTED),
        "wrong": (ADD.replace("a + b", "a * b"), Verdict.WRONG_ANSWER),
        "raising": (ADD + "raise LookupError(a)\n", Verdict.RUNTIME_ERROR),
        "looping": ("while True:\n    pass\n", Verdict.TIME_LIMIT),
        "sleeping too long": (f"import time\ntime.sleep({10 * LIMIT_SECONDS})\n{ADD}", Verdict.TIME_LIMIT),
        "sleeping a little": (f"import time\ntime.sleep({LIMIT_SECONDS / 4})\n{ADD}", Verdict.ACCEPTED),
        "taking too much memory": (
            f"kept = bytearray({2 * MEMORY_BYTES})\nkept[::4096] = b'x' * len(kept[::4096])\n{ADD}",
            Verdict.MEMORY_LIMIT,
        ),
        "printing too much": (
            "import os\nline = b'x' * 2**20\nwhile True:\n    os.write(1, line)\n",
            Verdict.OUTPUT_LIMIT,
        ),
        "compiled, right": (ADD_IN_CPP, Verdict.ACCEPTED),
        "compiled, wrong": (ADD_IN_CPP.replace("a + b", "a * b"), Verdict.WRONG_ANSWER),
        "not to be compiled": (ADD_IN_CPP.replace("int a,", "int"), Verdict.COMPILE_ERROR),
    }
    source, verdict = programs[kind]
    return kind, source, verdict
