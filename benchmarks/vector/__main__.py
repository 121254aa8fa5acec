"""Measure many episodes at once, print a table of figures against goals, exit with 1 where a goal is missed.

Two things are compared in blocks that alternate, as a machine drifts. Run it where nothing else runs.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks.figures import Figure, command_line, machine, missed, missing, show, write_json
from benchmarks.vector.overhead import open_episodes, overhead
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
    "soak": soak,
}


def measure(names: list[str], settings: Settings, minutes: float) -> list[Figure]:
    """Measure these rows in turn; what has not begun when the time is over is listed as not measured."""
    began = time.monotonic()
    figures: list[Figure] = []
    console = Console(stderr=True)
    for name in names:
        if time.monotonic() - began > minutes * 60:
            figures.append(missing(name, name, f"not measured: the {minutes:g} minutes were over"))
            continue
        with console.status(f"measuring {name}"):
            figures += ROWS[name](settings)
    return figures


def row_names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(ROWS):
        raise argparse.ArgumentTypeError(f"expected names of {', '.join(ROWS)}, got {', '.join(sorted(unknown))}")
    return names


def parser() -> argparse.ArgumentParser:
    command = argparse.ArgumentParser(
        prog="python -m benchmarks.vector",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Rows: {', '.join(ROWS)}.",
    )
    command.add_argument("--rows", type=row_names, default=list(ROWS), metavar="A,B", help="only these rows")
    command.add_argument("--quick", action="store_true", help="small sizes: a look, not a measurement")
    command.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    command.add_argument("--minutes", type=float, default=15.0, help="begin no row after this (default: %(default)s)")
    command.add_argument("--data", type=Path, help="a data set for open_episodes (default: the embedded one)")
    command.add_argument("--soak", type=float, metavar="MINUTES", help=f"default: {Settings().soak_minutes:g}")
    return command


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    settings = dataclasses.replace(QUICK if given.quick else Settings(), data=given.data)
    if given.soak:
        settings = dataclasses.replace(settings, soak_minutes=given.soak)
    facts, command = machine(), command_line("benchmarks.vector")
    figures = measure(given.rows, settings, given.minutes)
    show("Vector", figures, facts, command)
    if given.json:
        write_json(given.json, figures, facts, command)
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
