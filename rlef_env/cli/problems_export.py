"""``rlef problems export``: problems as the rows or tasks of a trainer."""

from __future__ import annotations

import argparse
from typing import get_args

from rlef_env.cli.arguments import file_path, whole_number
from rlef_env.cli.display import note
from rlef_env.episodes.settings import ActionProtocol
from rlef_env.integrations.harbor import write_harbor
from rlef_env.integrations.rows import ROWS, training_rows, write_rows
from rlef_env.problems import Dataset

__all__ = ["add_export_arguments", "export_problems"]


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``export``."""
    parser.add_argument(
        "--for",
        dest="system",
        required=True,
        choices=(*ROWS, "harbor"),
        metavar="TRAINER",
        help="trl, verl, skyrl, nemo-gym: prompts with the ids of their problems, for the adapters in "
        "docs/integrations; verl-sandbox: the same with all hidden tests in the file, for verl's own scorer; "
        "harbor: a folder of tasks",
    )
    parser.add_argument(
        "-o",
        "--out",
        type=file_path,
        required=True,
        metavar="OUT",
        help="file to write, JSON lines or .parquet; harbor: a new folder",
    )
    parser.add_argument(
        "--package",
        default="rlef-env",
        metavar="P",
        help="harbor: what pip installs to judge, a name or a wheel (default: %(default)s)",
    )
    parser.add_argument(
        "--protocol",
        choices=get_args(ActionProtocol),
        default="chat",
        help="'tool': the prompt does not ask for backticks, because the program is a tool's argument "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--prompt-cap",
        type=whole_number(16),
        default=2048,
        metavar="N",
        help="maximum tokens of a prompt, 4 characters each (default: %(default)s)",
    )


def export_problems(dataset: Dataset, arguments: argparse.Namespace) -> None:
    """Write the problems as the arguments say, and report how many were left out."""
    if arguments.system == "harbor":
        written = write_harbor(dataset, arguments.out, package=arguments.package, prompt_cap=arguments.prompt_cap)
    else:
        prompt = {"protocol": arguments.protocol, "prompt_cap": arguments.prompt_cap}
        rows = training_rows(arguments.system, dataset, arguments.data, arguments.split, **prompt)
        written = write_rows(arguments.out, rows)
    left_out = len(dataset) - written
    words = f"; {left_out} left out, which have no test or need a checker that {arguments.system} does not have"
    note(f"{written} problems written to {arguments.out} for {arguments.system}{words if left_out else ''}")
