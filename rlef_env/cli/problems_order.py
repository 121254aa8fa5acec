"""``rlef problems order``: problems with their hidden tests in an order that refuses wrong programs soonest."""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from pathlib import Path

from rlef_env.cli.arguments import add_workers, file_path, whole_number
from rlef_env.cli.display import note, progress_bar
from rlef_env.cli.left_out import LeftOut
from rlef_env.judge import JudgePool
from rlef_env.problems import Dataset
from rlef_env.problems.resuming import ResumedFile
from rlef_env.quality import order_tests
from rlef_env.quality.order import OrderedProblem
from rlef_env.sandbox import installed_languages

__all__ = ["add_order_arguments", "order_problems"]


def add_order_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``order``."""
    parser.add_argument(
        "-o",
        "--out",
        type=file_path,
        required=True,
        metavar="OUT.jsonl",
        help="output file, in CodeContests rows; what is finished is kept in OUT.jsonl.part, where the same command "
        "goes on after an interruption",
    )
    parser.add_argument(
        "--max-solutions",
        type=whole_number(1),
        default=20,
        metavar="N",
        help="wrong solutions to run per problem (default: %(default)s)",
    )
    add_workers(parser)


def order_problems(dataset: Dataset, arguments: argparse.Namespace) -> None:
    """Write the problems with their hidden tests in order, and report what this saves."""
    left_out = LeftOut(installed_languages(), ("incorrect",))
    done: list[OrderedProblem] = []
    out: Path = arguments.out
    with ResumedFile(out, dataset) as file, progress_bar("ordering", len(dataset)) as advance:
        for _ in range(file.written):
            advance()
        rest = (dataset[place] for place in range(file.written, len(dataset)))
        with JudgePool(arguments.workers) as pool:
            for ordered in order_tests(left_out.counted(rest), pool, arguments.max_solutions):
                file.write(ordered.problem)
                done.append(ordered)
                advance()
    if file.written > len(done):
        note(f"{file.written - len(done)} problems were taken from {file.part}, which an earlier run left")
    left_out.report()
    report(done)
    note(f"{len(dataset)} problems written to {out}")


def report(done: list[OrderedProblem]) -> None:
    """Print on standard error why problems keep their order, and what the new order saves on the others."""
    for reason, problems in itertools.groupby(sorted(filter(None, (each.reason for each in done)))):
        note(f"order kept of {len(list(problems))}: {reason}")
    counts = Counter[str]()
    for each in done:
        counts.update(wrong=each.wrong, before=each.before, after=each.after, lost=each.lost, ordered=not each.reason)
    if counts["lost"]:
        note(f"left out {counts['lost']}: wrong programs without a verdict")
    note(
        f"{counts['ordered']} problems ordered. {counts['wrong']} wrong programs pass the public tests and fail hidden "
        f"ones; runs on hidden tests until then, in all: {counts['before']} before, {counts['after']} now"
    )
