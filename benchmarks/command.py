"""Command line shared by the benchmarks: select rows by name, measure them in order, print a table, write JSON."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from rich.console import Console

from benchmarks.figures import Figure, command_line, machine, missed, missing, show, write_json

__all__ = ["Row", "measure", "parser", "run"]

Row: TypeAlias = Callable[[], list[Figure]]


def parser(module: str, text: str | None, rows: Iterable[str], minutes: float) -> argparse.ArgumentParser:
    """Return a parser with the shared options; a benchmark adds its own.

    Args:
        module: name of the module, as in ``python -m``.
        text: description.
        rows: names of the rows.
        minutes: default of ``--minutes``.
    """
    names = list(rows)

    def row_names(text: str) -> list[str]:
        selected = text.split(",")
        if unknown := set(selected) - set(names):
            raise argparse.ArgumentTypeError(f"expected names of {', '.join(names)}, got {', '.join(sorted(unknown))}")
        return selected

    command = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Rows: {', '.join(names)}.",
    )
    command.add_argument("--rows", type=row_names, default=names, metavar="A,B", help="measure only these rows")
    command.add_argument("--quick", action="store_true", help="use small sizes, for a rough look")
    command.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    command.add_argument(
        "--minutes", type=float, default=minutes, help="start no row after this time (default: %(default)s)"
    )
    return command


def run(module: str, title: str, rows: Mapping[str, Row], given: argparse.Namespace) -> int:
    """Measure the selected rows, print and write the figures; return 1 if a goal is missed, else 0.

    Args:
        module: name of the module, as in ``python -m``.
        title: title of the table.
        rows: functions that measure a row, by name.
        given: arguments from ``parser``.
    """
    facts, command = machine(), command_line(module)
    figures = measure({name: rows[name] for name in given.rows}, given.minutes)
    show(title, figures, facts, command)
    if given.json:
        write_json(given.json, figures, facts, command)
    return 1 if missed(figures) else 0


def measure(rows: Mapping[str, Row], minutes: float) -> list[Figure]:
    """Measure rows in order; rows that have not started when the time is over are listed as not measured."""
    began = time.monotonic()
    figures: list[Figure] = []
    console = Console(stderr=True)
    for name, row in rows.items():
        if time.monotonic() - began > minutes * 60:
            figures.append(missing(name, name, f"not measured: the {minutes:g} minutes were over"))
            continue
        # No spinner: its thread's CPU time would count as this process's.
        console.print(f"measuring {name}", style="dim")
        figures += row()
    return figures
