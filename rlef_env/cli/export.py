"""``rlef export``: writes a run in the formats of others."""

from __future__ import annotations

import argparse
from typing import get_args

from rlef_env.analysis.exports import EXPORTS, export_run
from rlef_env.cli.arguments import file_path, whole_number
from rlef_env.cli.display import Screen
from rlef_env.runs import RunFolder
from rlef_env.runs.record import Phase
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "write a run for other viewers and trainers: inspect-ai, Scout, verifiers, NeMo Gym, Hugging Face, TensorBoard"
DESCRIPTION = "\n".join(
    [
        "Write the episodes of a run in a format of others (docs/exports.md):",
        "",
        *(f"  {name}: {each.what}; open with {each.opened_by}" for name, each in EXPORTS.items()),
        "",
        "An episode without a verdict is an error there or left out, never a failure or a reward of 0.",
    ]
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef export``."""
    parser.add_argument("run", type=file_path, metavar="RUN", help="folder of a run")
    parser.add_argument("--to", required=True, choices=tuple(EXPORTS), metavar="FORMAT", help="one of these formats")
    parser.add_argument(
        "-o", "--out", required=True, type=file_path, metavar="OUT", help="folder to write to, new or empty"
    )
    parser.add_argument("--phase", choices=get_args(Phase), help="episodes of one phase only (default: all)")
    parser.add_argument("--limit", type=whole_number(1), metavar="N", help="number of episodes at most (default: all)")


def run(arguments: argparse.Namespace) -> None:
    """Write the run."""
    folder = RunFolder.open(arguments.run)
    screen = Screen()
    for line in export_run(folder, arguments.to, arguments.out, arguments.phase, arguments.limit):
        screen.print(one_line(line))
    opened_by = EXPORTS[arguments.to].opened_by.replace("OUT", str(arguments.out))
    screen.print(one_line(f"Open with: {opened_by}"))
