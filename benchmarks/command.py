"""The command line that benchmarks share: rows by name, measured in turn, shown as a table, kept as JSON."""

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
    """The options that all have; a benchmark adds its own.

    Args:
        module: as in ``python -m``.
        text: what it does.
        rows: the names of its rows.
        minutes: the default of ``--minutes``.
    """
    names = list(rows)

    def row_names(text: str) -> list[str]:
        asked = text.split(",")
        if unknown := set(asked) - set(names):
            raise argparse.ArgumentTypeError(f"expected names of {', '.join(names)}, got {', '.join(sorted(unknown))}")
        return asked

    command = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Rows: {', '.join(names)}.",
    )
    command.add_argument("--rows", type=row_names, default=names, metavar="A,B", help="only these rows")
    command.add_argument("--quick", action="store_true", help="small sizes: a look, not a measurement")
    command.add_argument("--json", type=Path, metavar="OUT", help="also write the figures to OUT")
    command.add_argument(
        "--minutes", type=float, default=minutes, help="begin no row after this (default: %(default)s)"
    )
    return command


def run(module: str, title: str, rows: Mapping[str, Row], given: argparse.Namespace) -> int:
    """Measure the rows that were asked for, show and keep the figures; return 1 where a goal is missed, else 0.

    Args:
        module: as in ``python -m``.
        title: of the table.
        rows: name -> what measures it.
        given: the arguments, as ``parser`` reads them.
    """
    facts, command = machine(), command_line(module)
    figures = measure({name: rows[name] for name in given.rows}, given.minutes)
    show(title, figures, facts, command)
    if given.json:
        write_json(given.json, figures, facts, command)
    return 1 if missed(figures) else 0


def measure(rows: Mapping[str, Row], minutes: float) -> list[Figure]:
    """Measure these rows in turn; what has not begun when the time is over is listed as not measured."""
    began = time.monotonic()
    figures: list[Figure] = []
    console = Console(stderr=True)
    for name, row in rows.items():
        if time.monotonic() - began > minutes * 60:
            figures.append(missing(name, name, f"not measured: the {minutes:g} minutes were over"))
            continue
        console.print(
            f"measuring {name}", style="dim"
        )  # no spinner: its thread's CPU time would count as this process's
        figures += row()
    return figures
