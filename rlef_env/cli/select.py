"""``rlef select``: makes a problem set, conversations or preference pairs of what a SELECT statement names."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlef_env.analysis.backtest.selection import (
    conversations,
    preference_pairs,
    selected,
    selected_records,
    set_entries,
)
from rlef_env.analysis.backtest.source import origins
from rlef_env.cli.arguments import file_path
from rlef_env.cli.display import note
from rlef_env.errors import UsageError
from rlef_env.files import written_whole
from rlef_env.runs import RunFolder

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "make a problem set, training conversations or preference pairs from a run"
DESCRIPTION = """\
Write what a SELECT statement (see rlef query) names. Its column episode names episodes; without one, its column
problem_id names problems, and with them all their episodes.

problems: a problem set, which rlef eval --set plays. The problems stay in their data set.
sft: {"messages": [...]} a line, for rlef-agents sft --data: the episodes that were solved (--all: all of them).
preferences: {"prompt", "chosen", "rejected"} a line: a right and a wrong response to the same messages.

For example, the problems that no sample solved:
  rlef select RUN "SELECT problem_id FROM episodes GROUP BY 1 HAVING NOT bool_or(solved)" --to problems -o hard.jsonl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef select``."""
    parser.add_argument("run", metavar="RUN", help="folder of the run")
    parser.add_argument("sql", metavar="SQL", help="one SELECT statement with a column episode or problem_id")
    parser.add_argument("--to", required=True, choices=("problems", "sft", "preferences"), help="what to write")
    parser.add_argument("-o", "--out", required=True, type=file_path, metavar="FILE", help="file to write")
    parser.add_argument("--all", action="store_true", help="for sft: episodes that were not solved, too")
    parser.add_argument("--data", metavar="D", help="for problems: their data set (default: the run's own)")
    parser.add_argument("--split", metavar="S", help="for problems: its split (default: the run's own)")
    parser.add_argument("--why", default="", metavar="TEXT", help="for problems: why they are in the set")


def run(arguments: argparse.Namespace) -> None:
    """Write what is selected."""
    folder = RunFolder.open(arguments.run)
    for name, value in (("--data", arguments.data), ("--split", arguments.split), ("--why", arguments.why)):
        if value and arguments.to != "problems":
            raise UsageError(f"{name}: expected it with --to problems only, got --to {arguments.to}; leave it out")
    selection = selected(folder, arguments.sql)
    if arguments.to == "problems":
        entries = set_entries(selection, origins(folder, arguments.data, arguments.split), arguments.why)
        count = written(arguments.out, map(asdict, entries), "problems")
        note(f"{count} problems written to {arguments.out}")
    elif arguments.to == "sft":
        records = list(selected_records(selection))
        what = "episodes with a response" if arguments.all else "solved episodes (--all takes the others, too)"
        count = written(arguments.out, conversations(records, solved_only=not arguments.all), what)
        note(f"{count} of {len(records)} selected episodes written to {arguments.out}")
    else:
        what = "a right and a wrong response to the same messages; play more samples of each problem"
        count = written(arguments.out, preference_pairs(selected_records(selection)), what)
        note(f"{count} pairs written to {arguments.out}")


def written(path: Path, rows: Iterable[dict[str, Any]], what: str) -> int:
    """Write rows as JSON lines, whole or not at all; return their number.

    Raises:
        UsageError: there are none; no file is written.
    """
    found = [json.dumps(row).encode("ascii") + b"\n" for row in rows]
    if not found:
        raise UsageError(f"expected a selection with {what}, got none; nothing was written")
    with written_whole(path) as file:
        file.writelines(found)
    return len(found)
