"""Measure sampling, updates, the judge's share of a run, and whole steps; the exit code is 1 if a goal is missed.

Figures are CPU seconds on one thread; the compared sides alternate. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

from benchmarks.command import parser, run
from benchmarks.figures import Figure
from benchmarks.training.decode import decode_rows, pretrained_rows
from benchmarks.training.gpu import gpu_rows
from benchmarks.training.judge import judge_rows
from benchmarks.training.schedules import schedule_rows
from benchmarks.training.step import step_rows, trl_rows
from benchmarks.training.update import update_rows

ROWS: dict[str, Callable[[int], list[Figure]]] = {
    "decode": decode_rows,
    "pretrained": pretrained_rows,
    "update": update_rows,
    "judge": judge_rows,
    "long_tails": schedule_rows,
    "step": step_rows,
    "trl": trl_rows,
    "gpu": gpu_rows,
}


def main(arguments: list[str] | None = None) -> int:
    command = parser("benchmarks.training", __doc__, ROWS, minutes=60.0)
    command.add_argument("--rounds", type=int, default=5, help="number of compared pairs (default: %(default)s)")
    given = command.parse_args(arguments)
    rounds = 1 if given.quick else given.rounds
    return run("benchmarks.training", "Training", {name: partial(row, rounds) for name, row in ROWS.items()}, given)


if __name__ == "__main__":
    sys.exit(main())
