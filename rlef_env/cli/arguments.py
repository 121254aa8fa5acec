"""Argument types and options that several subcommands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rlef_env.judge import default_workers

__all__ = ["add_dataset", "add_workers", "file_path", "whole_number"]


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return an argument type: a whole number that is at least ``least`` and, unless None, at most ``most``."""
    expected = f"a whole number of at least {least}" + ("" if most is None else f" and at most {most}")

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text[:40]!r}")
        return number

    return parse


def file_path(text: str) -> Path:
    """An argument type: the path of a file. An empty one would be the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("expected the path of a file, got ''")
    return Path(text)


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument(
        "--workers",
        type=whole_number(1, 1000),
        default=default_workers(),
        metavar="N",
        help="programs judged at the same time (default: the cores this process may use, here %(default)s)",
    )


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Add ``--dataset``."""
    parser.add_argument(
        "--dataset",
        default="starter",
        metavar="D",
        help="where the problems are: 'starter' (the default, embedded) or a .jsonl file of CodeContests rows",
    )
