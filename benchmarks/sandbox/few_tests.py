"""The row ``few_tests``: a judge whose programs have 1, 3 or 20 tests, against the floor."""

from __future__ import annotations

import statistics

from benchmarks.figures import Figure, Goal, measured, ratios
from benchmarks.sandbox.blocks import Blocks, Floor, FloorOnce, JudgeBlocks, alternate
from benchmarks.sandbox.settings import Settings

__all__ = ["few_tests"]

GOALS = {1: 1.3, 3: 1.2, 20: 1.1}
"""Tests of a program -> CPU time at most, as a multiple of the floor's."""


def few_tests(settings: Settings) -> list[Figure]:
    """Measure judged programs with 1, 3 and 20 tests, against as many bare forks.

    There are two floors. In the one that counts, that of all other rows, each fork compiles the program that it runs.
    In the stricter one in the note, the parent compiles each program once for all of its forks. No judge works like
    that, because the parent would hold the programs of others. But it shows what is possible: half of the other floor's
    time goes into the compiler's own types, which the first call of ``compile`` makes: there, each fork makes them.
    """
    rows = []
    for tests, bound in GOALS.items():
        with Floor() as floor, FloorOnce(tests) as once:
            subjects: dict[str, Blocks] = {"floor": floor, "judge": JudgeBlocks(tests), "once": once}
            taken = alternate(subjects, settings.runs, settings.rounds, settings.row_seconds)
        judge, bare, least = (statistics.median(taken[name]) * 1e3 for name in ("judge", "floor", "once"))
        strict = statistics.median(ratios(taken["judge"], taken["once"]))
        rows.append(
            measured(
                "few_tests",
                f"judge, full lock, against the floor, A+B, {tests} test{'s' if tests > 1 else ''} a program",
                ratios(taken["judge"], taken["floor"]),
                "x",
                Goal(bound, "x"),
                f"{judge:.2f} ms CPU per test, the floor {bare:.2f} ms; {strict:.2f}x of a floor whose parent compiles "
                f"once per program ({least:.2f} ms)",
            )
        )
    return rows
