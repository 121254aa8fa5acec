"""``rlef rescore``: judges the programs of stored episodes again, without a model."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.analysis.backtest.judge_flips import append_rescoring
from rlef_env.analysis.backtest.rescore import Rescored, rescore
from rlef_env.analysis.backtest.rescore_run import RescoreTotals, plan_rescoring
from rlef_env.analysis.backtest.source import read_source
from rlef_env.cli.arguments import add_isolation, add_workers, file_path
from rlef_env.cli.display import Screen, note, progress_bar
from rlef_env.cli.json_output import add_json, json_output
from rlef_env.judge import JudgePool
from rlef_env.problems.checker_sidecar import read_checkers
from rlef_env.runs import EpisodeWriter
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "judge the programs of a run again, and list every verdict that changes"
DESCRIPTION = """\
Judge the programs of stored episodes again, without a model, and list every verdict that changed, with the test that
decided. The episodes of the run stay as they are.

If tests, limits, checkers and judge are the run's own, this measures the judge: how often it decides otherwise about
the same program. The run keeps the result (rescored.jsonl), and rlef compare prints it beside each difference.

--data names another version of the data set with the same ids, --meta other checkers. Each response is judged as in an
episode: on the public tests, and on all tests if it passes these or is the last. A response that passes now ends its
episode, and later responses are left out; an episode whose last response fails a public test now is open, and counts as
not solved. --out keeps the episodes with the new verdicts as a run."""

SHOWN: Final = 200
"""Changed verdicts that are listed for a person."""
KEPT: Final = 1000
"""Changed verdicts that the run keeps."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef rescore``."""
    parser.add_argument("run", metavar="RUN", help="folder of a run, or a file of episodes (write_episodes)")
    parser.add_argument("--data", metavar="D", help="the data set of the problems (default: the run's own)")
    parser.add_argument("--split", metavar="S", help="its split (default: the run's own)")
    parser.add_argument(
        "--meta",
        type=file_path,
        metavar="META.jsonl",
        help="file of rows with 'name' and 'checker': the checker of each problem",
    )
    parser.add_argument(
        "--time-limit-factor", type=factor, default=1.0, metavar="F", help="multiply all time limits (default: 1)"
    )
    parser.add_argument(
        "--tests", choices=("all", "public"), default="all", help="judge on these tests only (default: all)"
    )
    parser.add_argument("--out", type=file_path, metavar="RUN2", help="keep the episodes with the new verdicts here")
    add_workers(parser)
    add_isolation(parser)
    add_json(parser, "one JSON object")


def factor(text: str) -> float:
    """Argument type: a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def run(arguments: argparse.Namespace) -> None:
    """Judge the programs again."""
    checkers = {} if arguments.meta is None else read_checkers(arguments.meta)
    plan = plan_rescoring(
        arguments.run, arguments.data, arguments.split, checkers, arguments.tests, arguments.time_limit_factor
    )
    totals, changes = RescoreTotals(), list[dict[str, Any]]()
    with ExitStack() as stack:
        writer = None if arguments.out is None else stack.enter_context(EpisodeWriter(plan.new_run(arguments.out)))
        pool = stack.enter_context(
            JudgePool(arguments.workers, isolation=arguments.isolation, time_factor=arguments.time_limit_factor)
        )
        advance = stack.enter_context(progress_bar("judging again", plan.episodes))
        for each in rescore(read_source(arguments.run), plan.problem, pool.judge, arguments.workers):
            totals.add(each)
            changes += rows_of(each)
            if writer is not None:
                writer.append(each.after)
            advance()
    result = {
        **plan.settings,
        "unchanged": plan.unchanged,
        **asdict(totals),
        "changed_share": totals.changed_share,
        "changes": changes,
    }
    if arguments.json is None:
        show(Screen(), result)
    else:
        with json_output(arguments.json) as file:
            print(json.dumps(result), file=file)
    if plan.folder is not None:
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        try:
            append_rescoring(plan.folder, {"created": created, **result, "changes": changes[:KEPT]})
        except OSError as error:  # the result was printed
            note(f"{plan.folder.path}: expected to keep the result in the run, got: {error.strerror}")


def rows_of(each: Rescored) -> Iterator[dict[str, Any]]:
    """Yield a row of JSON values for each verdict that changed."""
    for change in each.changes:
        yield {
            "problem": each.before.episode.problem_id,
            "sample": each.before.sample,
            "phase": each.before.phase,
            "evaluation": each.before.evaluation,
            "step": each.before.step,
            "turn": change.turn,
            "before": change.before.value,
            "after": change.after.value,
            "test": None if change.test is None else change.test._asdict(),
        }


def show(console: Console, result: Mapping[str, Any]) -> None:
    """Show what changed, and the counts."""
    changes: Sequence[Mapping[str, Any]] = result["changes"]
    if changes:
        show_changes(console, changes[:SHOWN])
    if len(changes) > SHOWN:
        console.print(Text(f"and {len(changes) - SHOWN} more; --json has all of them\n"))
    share = "" if result["changed_share"] is None else f" ({result['changed_share']:.2%})"
    lines = [
        f"Verdicts:   {result['changed']} of {result['programs']} changed{share}",
        f"Solved:     {result['solved_before']} of {result['episodes']} episodes before, {result['solved_after']} now",
        f"No verdict: {result['no_verdict_before']} episodes before, {result['no_verdict_after']} now",
    ]
    if result["changed_problems"]:
        lines.append(f"Problems:   {result['changed_problems']} are not as they were in the run")
    if result["shorter"] or result["open"]:
        lines.append(f"Course:     {result['shorter']} episodes end earlier now, {result['open']} would go on")
    if result["unchanged"]:
        lines.append("Tests, limits, checkers and judge are the run's own: the share is the judge's own flip rate.")
    console.print(Text("\n".join(lines)))


def show_changes(console: Console, changes: Sequence[Mapping[str, Any]]) -> None:
    """Show the verdicts that changed as a table."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("problem", overflow="fold")
    for heading in ("sample", "turn"):
        table.add_column(heading, justify="right")
    for heading in ("before", "after", "decided by"):
        table.add_column(heading)
    for each in changes:
        test = each["test"]
        place = "" if test is None else f"{test['role']} test {test['index']}"
        decided = place and f"{place}: {seen(test['before'])}, now {seen(test['after'])}"
        numbers = (str(each["sample"]), str(each["turn"]))
        table.add_row(Text(one_line(each["problem"])), *numbers, seen(each["before"]), seen(each["after"]), decided)
    console.print(table)


def seen(verdict: str | None) -> str:
    """Return a verdict in words."""
    return "not run" if verdict is None else verdict.replace("_", " ")
