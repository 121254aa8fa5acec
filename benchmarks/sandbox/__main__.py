"""Measure the sandbox, print a table of figures and goals; the exit code is 1 if a goal is missed.

CPU figures count user + system time of all processes: driver, worker, zygote, programs. Two things are compared in
short alternating blocks, and the ratio is taken pair by pair, because a machine's speed drifts. Run it on an otherwise
idle machine.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.command import parser, run
from benchmarks.figures import Figure
from benchmarks.sandbox import cpu, few_tests, functions, memory, wall
from benchmarks.sandbox.settings import QUICK, Settings

ROWS: dict[str, Callable[[Settings], list[Figure]]] = {
    "lock": cpu.lock,
    "few_tests": few_tests.few_tests,
    "subprocess": cpu.subprocess_run,
    "bubblewrap": cpu.bubblewrap,
    "functions": functions.functions,
    "compiled": cpu.compiled,
    "memory": memory.worker_memory,
    "growth": memory.growth,
    "workers": wall.workers,
    "mixed": wall.mixed,
    "kills": wall.kills,
    "lock_cost": cpu.lock_cost,
    "judge": cpu.judge_overhead,
    "layers": cpu.layers,
}


def main(arguments: list[str] | None = None) -> int:
    command = parser("benchmarks.sandbox", __doc__, ROWS, minutes=10.0)
    sizes = ("rounds", "passes", "executions")
    for size in sizes:
        command.add_argument(f"--{size}", type=int, help=f"default: {getattr(Settings(), size)}")
    given = command.parse_args(arguments)
    chosen = {size: getattr(given, size) for size in sizes if getattr(given, size)}
    settings = dataclasses.replace(QUICK if given.quick else Settings(), **chosen)
    rows = {name: partial(row, settings) for name, row in ROWS.items()}
    return run("benchmarks.sandbox", "Sandbox", rows, given)


if __name__ == "__main__":
    sys.exit(main())
