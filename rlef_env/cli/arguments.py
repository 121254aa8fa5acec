"""Argument types and options that several subcommands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rlef_env.judge import default_workers

__all__ = ["add_dataset", "add_workers", "whole_number"]


def whole_number(least: int) -> Callable[[str], int]:
    """Return an argument type: a whole number that is at least ``least``."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, got {text!r}")
        return number

    return parse


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument(
        "--workers",
        type=whole_number(1),
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
