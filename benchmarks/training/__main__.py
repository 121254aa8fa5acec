"""Measure sampling, updates, the judge's share of a run, and whole steps; exit with 1 where a goal is missed.

CPU seconds on one thread, the sides in turn. Run it where nothing else runs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded

from benchmarks.figures import Figure, command_line, machine, missed, show, write_json
from benchmarks.training.decode import decode_rows
from benchmarks.training.gpu import gpu_rows
from benchmarks.training.judge import judge_rows
from benchmarks.training.step import step_rows
from benchmarks.training.update import update_rows

ROWS: dict[str, Callable[[int], list[Figure]]] = {
    "decode": decode_rows,
    "update": update_rows,
    "judge": judge_rows,
    "step": step_rows,
    "gpu": gpu_rows,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, help="pairs that are compared (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    given = parser.parse_args(arguments)
    names = given.rows.split(",")
    if unknown := set(names) - set(ROWS):
        parser.error(f"--rows: expected names of {', '.join(ROWS)}, got {', '.join(sorted(unknown))}")
    facts, command = machine(), command_line("benchmarks.training")
    figures = [figure for name in names for figure in ROWS[name](given.rounds)]
    show("Training", figures, facts, command)
    if given.json:
        write_json(given.json, figures, facts, command)
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
