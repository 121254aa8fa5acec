"""``rlef regressions``: a set of problems that a model once failed, and that ``rlef eval --set`` plays."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from rlef_env.analysis.backtest.regressions import (
    add_regression,
    entry_of,
    find_episode,
    read_regressions,
    remove_regressions,
)
from rlef_env.analysis.backtest.source import origins
from rlef_env.cli.arguments import file_path
from rlef_env.cli.display import Screen, note
from rlef_env.cli.json_output import add_json, json_output
from rlef_env.command_line import SubcommandParser
from rlef_env.runs import RunFolder
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "keep a set of problems that a model failed, for rlef eval --set"
DESCRIPTION = """\
Keep a regression set: a file that names problems which a model once failed and must not fail again. Each line says from
which run and why. rlef eval AGENT --set FILE plays them; rlef compare tells whether a new model lost some.

  rlef regressions add RUN EPISODE
  rlef regressions list
  rlef regressions remove PROBLEM"""

DEFAULT: Final = Path("regressions.jsonl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=SubcommandParser)
    add = actions.add_parser("add", help="add the problem of an episode", description="Add the problem of an episode.")
    add.add_argument("run", metavar="RUN", help="folder of the run")
    add.add_argument(
        "episodes",
        nargs="+",
        metavar="EPISODE",
        help="number of the episode (column episode of rlef query), or the id of its problem",
    )
    add.add_argument("--why", default="", metavar="TEXT", help="why it is added (default: its last verdict)")
    add.add_argument("--data", metavar="D", help="the data set of the problem (default: the run's own)")
    add.add_argument("--split", metavar="S", help="its split (default: the run's own)")
    show = actions.add_parser("list", help="list the set", description="List the set.")
    add_json(show, "a JSON list")
    remove = actions.add_parser("remove", help="remove problems", description="Remove problems from the set.")
    remove.add_argument("problems", nargs="+", metavar="PROBLEM", help="id of a problem")
    for action in (add, show, remove):
        action.add_argument(
            "--set", type=file_path, default=DEFAULT, metavar="FILE", help="the set (default: %(default)s)"
        )


def run(arguments: argparse.Namespace) -> None:
    """Run the action."""
    {"add": add_problems, "list": list_problems, "remove": remove_problems}[arguments.action](arguments)


def add_problems(arguments: argparse.Namespace) -> None:
    """Add the problems of episodes."""
    folder = RunFolder.open(arguments.run)
    origin = origins(folder, arguments.data, arguments.split)
    found = [find_episode(folder, name) for name in arguments.episodes]  # all of them, before one is added
    for facts in found:
        entry = entry_of(folder, facts, origin(facts.problem.problem_id), arguments.why)
        new = add_regression(arguments.set, entry)
        note(f"{entry.problem_id} ({entry.why}) {'added to' if new else 'replaced in'} {arguments.set}")


def list_problems(arguments: argparse.Namespace) -> None:
    """Print the set."""
    entries = read_regressions(arguments.set)
    if arguments.json is not None:
        with json_output(arguments.json) as file:
            print(json.dumps([asdict(entry) for entry in entries], indent=1), file=file)
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("problem", "data", "why", "run", "added"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        data = entry.dataset if entry.split == "train" else f"{entry.dataset} ({entry.split})"
        table.add_row(*(Text(one_line(each)) for each in (entry.problem_id, data, entry.why, entry.run, entry.added)))
    console = Screen()
    if entries:
        console.print(table)
    console.print(Text(f"{len(entries)} problems in {one_line(str(arguments.set))}"))


def remove_problems(arguments: argparse.Namespace) -> None:
    """Remove problems from the set."""
    remove_regressions(arguments.set, arguments.problems)
    note(f"{len(set(arguments.problems))} removed from {arguments.set}")
