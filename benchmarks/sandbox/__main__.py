"""Measure the sandbox, print a table of figures against goals, exit with 1 where a goal is missed.

CPU figures count user + system time of all processes: driver, worker, zygote, programs. Two things are compared in
short blocks that alternate, and the ratio is taken pair by pair, because a machine drifts. Run it where nothing else
runs.
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
from benchmarks.sandbox import calls, cpu, memory, wall
from benchmarks.sandbox.settings import QUICK, Settings

ROWS: dict[str, Callable[[Settings], list[Figure]]] = {
    "lock": cpu.lock,
    "subprocess": cpu.subprocess_run,
    "bubblewrap": cpu.bubblewrap,
    "functions": calls.calls,
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
        prog="python -m benchmarks.sandbox",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Rows: {', '.join(ROWS)}.",
    )
    command.add_argument("--rows", type=row_names, default=list(ROWS), metavar="A,B", help="only these rows")
    command.add_argument("--quick", action="store_true", help="small sizes: a look, not a measurement")
    command.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    command.add_argument("--minutes", type=float, default=10.0, help="begin no row after this (default: %(default)s)")
    for field in ("rounds", "passes", "executions"):
        command.add_argument(f"--{field}", type=int, help=f"default: {getattr(Settings(), field)}")
    return command


def main(arguments: list[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    chosen = {name: getattr(given, name) for name in ("rounds", "passes", "executions") if getattr(given, name)}
    settings = dataclasses.replace(QUICK if given.quick else Settings(), **chosen)
    facts, command = machine(), command_line("benchmarks.sandbox")
    figures = measure(given.rows, settings, given.minutes)
    show("Sandbox", figures, facts, command)
    if given.json:
        write_json(given.json, figures, facts, command)
    return 1 if missed(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
