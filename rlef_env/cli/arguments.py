"""Argument types and options that several subcommands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from rlef_env.judge import default_workers

__all__ = ["add_dataset", "add_isolation", "add_workers", "file_path", "whole_number"]


def whole_number(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return an argument type: a whole number of at least ``minimum`` and, unless None, at most ``maximum``."""
    expected = f"a whole number of at least {minimum}" + ("" if maximum is None else f" and at most {maximum}")

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if number < minimum or (maximum is not None and number > maximum):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text[:40]!r}")
        return number

    return parse


def file_path(text: str) -> Path:
    """Argument type: path of a file. An empty one is refused, because ``Path("")`` is the working directory."""
    if not text:
        raise argparse.ArgumentTypeError("expected the path of a file, got ''")
    return Path(text)


def add_workers(parser: argparse._ActionsContainer) -> None:
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
        help="the problems: 'starter' (the default, included), 'procedural', a file or folder in any known format (see "
        "rlef problems --help), or OWNER/NAME on the Hugging Face hub",
    )


def add_isolation(parser: argparse._ActionsContainer) -> None:
    """Add ``--isolation``."""
    parser.add_argument(
        "--isolation",
        choices=("locked", "none"),
        default="locked",
        help="'none' runs programs without the sandbox's lock: only for programs that you wrote (default: locked)",
    )
