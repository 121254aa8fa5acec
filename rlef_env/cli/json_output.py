"""The option ``--json [OUT]`` of commands that print for a person otherwise."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rlef_env.cli.arguments import file_path

__all__ = ["add_json", "json_output"]

STANDARD_OUTPUT = Path("-")


def add_json(parser: argparse._ActionsContainer, what: str) -> None:
    """Add ``--json [OUT]``: None if it is not given; ``json_output`` opens its value.

    Args:
        parser: the parser or group.
        what: what is written, e.g. ``"one JSON object"``.
    """
    parser.add_argument(
        "--json",
        nargs="?",
        type=file_path,
        const=STANDARD_OUTPUT,
        metavar="OUT",
        help=f"print {what} instead of a table, or write it to OUT",
    )


@contextmanager
def json_output(path: Path) -> Iterator[TextIO]:
    """Open the output that ``--json`` names.

    Raises:
        OSError: the file cannot be written.
    """
    if path == STANDARD_OUTPUT:
        yield sys.stdout
    else:
        with path.open("w", encoding="utf-8") as file:
            yield file
