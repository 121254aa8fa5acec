"""Measure many episodes at once, print a table of figures and goals, and exit with 1 if a goal is missed.

Where two things are compared, their blocks alternate, because the speed of a machine drifts. Run it on an idle machine.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.command import parser, run
from benchmarks.figures import Figure
from benchmarks.vector.overhead import open_episodes, overhead
from benchmarks.vector.server import server
from benchmarks.vector.settings import QUICK, Settings
from benchmarks.vector.soak import soak
from benchmarks.vector.stock import stock
from benchmarks.vector.tails import tails
from benchmarks.vector.throughput import ray, throughput

ROWS: dict[str, Callable[[Settings], list[Figure]]] = {
    "overhead": overhead,
    "open_episodes": open_episodes,
    "throughput": throughput,
    "tails": tails,
    "stock": stock,
    "ray": ray,
    "server": server,
    "soak": soak,
}


def main(arguments: list[str] | None = None) -> int:
    command = parser("benchmarks.vector", __doc__, ROWS, minutes=15.0)
    command.add_argument("--data", type=Path, help="a data set for open_episodes (default: the embedded one)")
    command.add_argument("--soak", type=float, metavar="MINUTES", help=f"default: {Settings().soak_minutes:g}")
    given = command.parse_args(arguments)
    settings = dataclasses.replace(QUICK if given.quick else Settings(), data=given.data)
    if given.soak:
        settings = dataclasses.replace(settings, soak_minutes=given.soak)
    rows = {name: partial(row, settings) for name, row in ROWS.items()}
    return run("benchmarks.vector", "Vector", rows, given)


if __name__ == "__main__":
    sys.exit(main())
