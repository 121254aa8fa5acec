"""``rlef compare``: whether one run is better than another, and which problems changed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rlef_env.analysis.comparison import (
    DEFAULT_MARGIN,
    Comparison,
    Comparisons,
    Verdict,
    compare,
    compare_halves,
    compare_several,
    worst,
)
from rlef_env.analysis.comparison.text import (
    FLIP_HEADINGS,
    METRIC_HEADINGS,
    conclusion,
    flip_row,
    flip_sentence,
    metric_row,
    notes,
    sides,
)
from rlef_env.analysis.metrics import MAX_NO_VERDICT
from rlef_env.cli.arguments import file_path, whole_number
from rlef_env.cli.display import Screen
from rlef_env.errors import UsageError
from rlef_env.files import written_whole

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "say whether a run is better or worse than another, and which problems changed"
DESCRIPTION = """\
Compare runs on the same problems with the first one: rlef compare BEFORE AFTER. A run is the folder that rlef eval or
rlef-agents train wrote; RUN@STEP is an evaluation during training (default: the last one).

The unit is the problem: its samples are averaged, and problems of one contest or family count as a cluster. Each metric
has a 95 % interval and the p value of a permutation test. The verdict:
  no regression: the interval excludes a loss of --margin or more
  regression: otherwise, if the interval excludes that B is as good as A
  cannot tell: otherwise, or if more than --max-no-verdict of the episodes of a run have no verdict

The exit code is 0 for no regression, 1 for a regression and 2 if neither can be told. It is also 2 for runs that cannot
be compared and wrong arguments: then nothing is printed on standard output and no JSON is written. With several
candidates it is that of the worst verdict, and intervals and p values allow for their number.

With --aa, the first run is also compared with itself, every second sample with the others: what differs there is noise.
docs/statistics.md has the formulas, and how often each verdict is wrong."""

CODES: Final[dict[Verdict, int]] = {"no_regression": 0, "regression": 1, "cannot_tell": 2}
COLOURS: Final[dict[Verdict, str]] = {
    "no_regression": "bold green",
    "regression": "bold red",
    "cannot_tell": "bold yellow",
}


def share(text: str) -> float:
    """Argument type: a share from 0 to 1."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1 (0.03 is 3 points), got {text[:40]!r}")
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef compare``."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="the run to compare with, then one or more others")
    parser.add_argument(
        "--metric",
        default="solve_rate",
        metavar="NAME",
        help="the metric that decides: solve_rate (the default), solved_at_1, repair_rate, 1@3, pass@5, ...",
    )
    parser.add_argument(
        "--margin",
        type=share,
        default=DEFAULT_MARGIN,
        metavar="M",
        help="how much worse a run may be, 0.01 for 1 point (default: %(default)s)",
    )
    parser.add_argument("--common", action="store_true", help="compare the problems that both runs have")
    parser.add_argument(
        "--anyway", action="store_true", help="compare although limits, date windows or judge versions differ"
    )
    parser.add_argument("--evaluation", metavar="NAME", help="evaluation set of training runs that have several")
    parser.add_argument(
        "--max-no-verdict",
        type=share,
        default=MAX_NO_VERDICT,
        metavar="SHARE",
        help="episodes without a verdict that a run may have (default: %(default)s)",
    )
    parser.add_argument(
        "--aa", nargs="?", const="", metavar="RUN", help="also compare RUN (default: the first one) with itself"
    )
    parser.add_argument(
        "--flips", type=whole_number(0), default=20, metavar="N", help="changed problems to list (default: %(default)s)"
    )
    parser.add_argument("--json", type=file_path, metavar="OUT", help="also write the comparison to OUT as JSON")


def run(arguments: argparse.Namespace) -> None:
    """Compare the runs, print the report, and exit with the code of the verdict."""
    runs: list[str] = arguments.runs
    if arguments.aa is not None and not arguments.aa and not runs:
        raise UsageError("--aa: expected a run, got none; write rlef compare --aa RUN")
    if len(runs) < 2 and arguments.aa is None:
        raise UsageError(f"expected two runs or more to compare, got {len(runs)}; write rlef compare BEFORE AFTER")
    if len(runs) == 1 and arguments.aa:
        raise UsageError("expected two runs or more to compare, got one beside --aa; write --aa after the runs")
    found: Comparison | Comparisons | None = None
    halves: Comparison | None = None
    if arguments.aa is not None:
        halves = compare_halves(arguments.aa or runs[0], metric=arguments.metric, margin=arguments.margin)
    if len(runs) > 1:
        found = compared(arguments)
    each = found.each if isinstance(found, Comparisons) else (found,) if found else ()
    screen = Screen()
    for one in each:
        show(screen, one, arguments.flips)
        screen.print()
    if halves:
        screen.print(Text("The run with itself", style="bold"))
        show(screen, halves, arguments.flips)
    if arguments.json:
        write(arguments.json, found, halves)
    verdict = worst(one.verdict for one in each) if each else halves.verdict if halves else "cannot_tell"
    if CODES[verdict]:
        raise SystemExit(CODES[verdict])


def compared(arguments: argparse.Namespace) -> Comparison | Comparisons:
    """Compare the runs with the first one."""
    first, *others = arguments.runs
    options: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in ("metric", "margin", "common", "anyway", "evaluation", "max_no_verdict")
    }
    if len(others) == 1:
        return compare(first, others[0], **options)
    return compare_several(first, others, **options)


def write(path: Path, found: Comparison | Comparisons | None, halves: Comparison | None) -> None:
    """Write the comparison as JSON, and that of the run with itself as its ``"aa"``."""
    row: dict[str, Any] = {}
    if found is not None:
        row = found.to_json()
        if halves is not None:
            row["aa"] = halves.to_json()
    elif halves is not None:
        row = halves.to_json()
    with written_whole(path) as file:
        file.write(json.dumps(row, indent=1, allow_nan=False).encode("ascii") + b"\n")


def show(console: Console, comparison: Comparison, max_flips: int) -> None:
    """Show a comparison."""
    for line in sides(comparison):
        console.print(Text(line))
    console.print(Text(f"\n{conclusion(comparison)}", style=COLOURS[comparison.verdict]))
    rows = [metric_row(each) for each in comparison.metrics]
    console.print(table(METRIC_HEADINGS, rows, numbers=True))
    flips = comparison.flips
    if flips and max_flips:
        console.print(Text(flip_sentence(comparison), style="bold"))
        styles = ["red" if flip.worse else "green" for flip in flips]
        console.print(table(FLIP_HEADINGS, map(flip_row, flips[:max_flips]), styles=styles))
        if len(flips) > max_flips:
            console.print(Text(f"  ... and {len(flips) - max_flips} more; --flips {len(flips)} lists all\n"))
    for line in notes(comparison):
        console.print(Text(line, style="dim"))


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = False, styles: Sequence[str] = ()
) -> Table:
    """Return a table; its first column is text, and ``styles`` are those of the rows' last cells."""
    found = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, heading in enumerate(headings):
        right = numbers and place > 0
        found.add_column(heading, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for number, row in enumerate(rows):
        style = styles[number] if styles else ""
        found.add_row(*(Text(cell, style=style if place == len(row) - 1 else "") for place, cell in enumerate(row)))
    return found
