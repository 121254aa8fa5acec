"""``rlef errors``: why the programs of a run failed."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from rich.table import Table
from rich.text import Text

from rlef_env.analysis.errors import (
    ErrorSummary,
    Grouping,
    TurnGroup,
    family_of,
    share_interval,
    summarise_errors,
)
from rlef_env.analysis.errors.flows import ENDED
from rlef_env.analysis.statistics import Interval
from rlef_env.cli.arguments import file_path
from rlef_env.cli.display import Screen, note
from rlef_env.cli.rates import width
from rlef_env.errors import UsageError, shortened
from rlef_env.files import written_whole
from rlef_env.problems import Problem, load_dataset
from rlef_env.runs import EpisodeFacts, EpisodeRecord, RunFolder, read_facts, read_records
from rlef_env.runs.record import Phase
from rlef_env.terminal import one_line

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "show why the programs of a run failed: categories, repairs, clusters of problems, signs of contamination"
DESCRIPTION = """\
Show why the programs of a run failed (docs/errors.md explains the categories):

  which categories of errors there are, how often, and by turn, training step, tag, difficulty or source;
  what the next turn made of each: repaired, or the same again;
  how verdicts change from turn to turn, and how much programs are edited;
  which problems fail alike;
  signs of contamination: solve rates by day of publication, and first programs that equal a stored solution.

Shares are shares of the turns that have a verdict. Intervals are 95 %, with problems (or their contests) as the unit.
Stored solutions are compared if the run's data set is on this machine, or if --data names it."""

MAX_CATEGORIES: Final = 20
MAX_CLUSTERS: Final = 6
MAX_SHOWN: Final = 5
MAX_EXAMPLE: Final = 40  # characters
NARROWER: Final = ("for example", "same\nagain", "95 %", "groups", "repaired\nnext")
"""Columns of the table of categories that a narrow terminal does without, in this order."""
FAMILY_COLOURS: Final = {
    "infrastructure": "bold yellow",
    "response": "dim",
    "compile": "magenta",
    "input": "blue",
    "crash": "red",
    "limit": "yellow",
    "output": "cyan",
    "cheat": "bold red",
    "logic": "green",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef errors``."""
    parser.add_argument("run", type=file_path, metavar="RUN", help="folder of a run")
    parser.add_argument(
        "--by",
        choices=get_args(Grouping),
        help="what the columns are (default: turn; step for a training run)",
    )
    parser.add_argument(
        "--phase",
        choices=get_args(Phase),
        help="episodes of one phase only (default: of a training run, those that it was trained on; else all)",
    )
    parser.add_argument(
        "--cutoff",
        metavar="DAY",
        help="day up to which the model's data was collected, such as 2024-03-01: compares problems before and after",
    )
    parser.add_argument(
        "--data", metavar="D", help="the run's problems, to compare first programs with their solutions"
    )
    parser.add_argument("--json", type=file_path, metavar="OUT", help="write everything to a JSON file, too")


def run(arguments: argparse.Namespace) -> None:
    """Show why the programs of a run failed."""
    folder = RunFolder.open(arguments.run)
    training = folder.kind == "training"
    phase = arguments.phase or ("train" if training else None)
    episodes = [episode for episode in read_facts(folder) if phase in (None, episode.phase)]
    if not episodes:
        which = f"episodes of the phase {phase}" if phase else "episodes"
        raise UsageError(f"{arguments.run}: expected a run with {which}, found none; see rlef errors --help")
    summary = summarise_errors(
        episodes,
        by=arguments.by or ("step" if training else "turn"),
        cutoff=arguments.cutoff,
        records=of_phase(read_records(folder), phase),
        problems=problems_of(folder, arguments.data, episodes),
    )
    if arguments.json is not None:
        with written_whole(arguments.json) as file:
            file.write(json.dumps(summary.to_row(), indent=1, allow_nan=False).encode("ascii") + b"\n")
    show(Screen(), arguments.run, summary, phase)


def of_phase(records: Iterable[EpisodeRecord], phase: str | None) -> Iterable[EpisodeRecord]:
    """Return the records of a phase; all of them if it is None."""
    return (record for record in records if phase in (None, record.phase))


def problems_of(folder: RunFolder, named: str | None, episodes: Sequence[EpisodeFacts]) -> Mapping[str, Problem] | None:
    """Return the problems of the run by id, or None if its data set is not on this machine."""
    stored = folder.identity.problems.get("dataset")
    local = isinstance(stored, str) and (stored == "starter" or Path(stored).exists())
    if named is None and not local:
        return None
    dataset = load_dataset(named or str(stored), str(folder.identity.problems.get("split") or "train"))
    wanted = {episode.problem.problem_id for episode in episodes}
    found = {problem.id: problem for problem in dataset if problem.id in wanted}
    if named is not None and not found:
        note(f"--data: none of the run's problems is in {named}")
    return found


# --- tables ----------------------------------------------------------------------------------------------------------


def show(screen: Screen, path: Path, summary: ErrorSummary, phase: str | None) -> None:
    """Print all tables."""
    total = summary.total
    failed = total.turns - total.accepted
    kind = f" ({phase})" if phase else ""
    line = f"{path}{kind}: {summary.episodes} episodes, {total.turns} turns with a verdict, {failed} of them failed"
    lost = f"; {total.no_verdict} without a verdict" if total.no_verdict else ""
    screen.print(Text(one_line(line + lost)))
    if total.counts:
        screen.print(fitting_table(screen, summary), "")
    show_flows(screen, summary)
    show_edits(screen, summary)
    show_clusters(screen, summary)
    show_contamination(screen, summary)


def categories_table(summary: ErrorSummary, leave_out: Container[str] = ()) -> Table:
    """Return the table of categories: one row each, with columns for the groups.

    Args:
        summary: what to show.
        leave_out: some of ``NARROWER``: columns to leave out.
    """
    total = summary.total
    groups = () if summary.by == "all" else summary.groups
    shown = groups[:1] + groups[1:][-1:] if "groups" in leave_out else groups
    ordered = summary.by in ("turn", "step") and len(groups) > 1
    repaired = {name: each for name, each in summary.repairs.items() if each.followed}

    def cells(name: str) -> dict[str, str]:
        repair = repaired.get(name)
        return {
            "turns": str(total.counts.get(name, total.accepted)),
            "share": percent(share_of(total, name)),
            "95 %": span(share_interval(total, name)),
            **{heading_of(summary.by, each): percent(share_of(each, name)) for each in shown},
            "change,\npoints": change(shown[0], shown[-1], name) if ordered else "",
            "repaired\nnext": percent(repair.accepted / repair.followed) if repair else "",
            "same\nagain": percent(repair.same / repair.followed) if repair else "",
        }

    kept = [name for name in cells("") if name not in leave_out and (ordered or name != "change,\npoints")]
    table = Table(title=f"Why turns failed, by {summary.by}", title_justify="left")
    table.add_column("category", no_wrap=True)
    for name in kept:
        table.add_column(name, justify="right", no_wrap=True)
    if "for example" not in leave_out:
        table.add_column("for example", no_wrap=True)
    counts = list(total.counts.items())
    for name, _ in counts[:MAX_CATEGORIES]:
        problem, sample, turn = summary.examples[name]
        example = Text(shortened(one_line(f"{problem} #{sample}, turn {turn}"), MAX_EXAMPLE))
        row = [cells(name)[column] for column in kept] + ([] if "for example" in leave_out else [example])
        table.add_row(Text(name, style=FAMILY_COLOURS.get(family_of(name), "")), *row)
    if rest := sum(count for _, count in counts[MAX_CATEGORIES:]):
        table.add_row(f"{len(counts) - MAX_CATEGORIES} others", str(rest), percent(rest / total.turns))
    table.add_section()
    table.add_row("accepted", *(cells("")[column] for column in kept))
    if ordered:
        table.caption, table.caption_justify = "* the intervals of the first and the last column do not overlap", "left"
    return table


def share_of(group: TurnGroup, category: str) -> float:
    """Return the share of a category in a group; of accepted turns for an empty name."""
    if not group.turns:
        return math.nan
    return group.share(category) if category else group.accepted / group.turns


def fitting_table(screen: Screen, summary: ErrorSummary) -> Table:
    """Return the table of categories with as many columns as the terminal has room for."""
    for number in range(len(NARROWER)):
        table = categories_table(summary, NARROWER[:number])
        if width(screen, table) <= screen.width:
            return table
    return categories_table(summary, NARROWER)


def change(first: TurnGroup, last: TurnGroup, category: str) -> str:
    """Return how a share changes from the first group to the last, in points; marked if the intervals are apart."""
    before, after = share_interval(first, category), share_interval(last, category)
    if math.isnan(after.value - before.value):
        return ""
    apart = before.high < after.low or after.high < before.low
    return f"{100 * (after.value - before.value):+.1f}{'*' if apart else ' '}"


def heading_of(by: str, group: TurnGroup) -> str:
    """Return the heading of a group's column."""
    return one_line(f"{by} {group.name}" if by in ("turn", "step") else group.name)[:20] + f"\n{group.turns}"


def show_flows(screen: Screen, summary: ErrorSummary) -> None:
    """Print how verdicts change from turn to turn, if episodes have more than one turn."""
    flows = [flow for flow in summary.flows if flow.before != "accepted"]
    turns = sorted({flow.turn for flow in flows if flow.after != ENDED})
    if not turns:
        return
    table = Table(title="From one turn to the next: episodes, failed turns only", title_justify="left")
    afters = sorted({flow.after for flow in flows if flow.turn in turns}, key=lambda name: (name != "accepted", name))
    for heading in ("turn", "verdict"):
        table.add_column(heading, no_wrap=True)
    for name in afters:
        table.add_column(name.replace("_", "\n"), justify="right")
    for turn in turns:
        befores = list(dict.fromkeys(flow.before for flow in flows if flow.turn == turn))
        for before in befores:
            cells = {flow.after: flow.episodes for flow in flows if (flow.turn, flow.before) == (turn, before)}
            first = str(turn) if before == befores[0] else ""
            table.add_row(first, before, *(str(cells[name]) if name in cells else "" for name in afters))
    screen.print(table, "")


def show_edits(screen: Screen, summary: ErrorSummary) -> None:
    """Print how much programs were edited."""
    for each in summary.edits:
        similar = f"similarity to the programs before {each.similarity:.2f} (chrF, mean of {each.programs})"
        screen.print(f"Edits in turn {each.turn}: {similar}; {percent(each.unchanged)} are unchanged.")


def show_clusters(screen: Screen, summary: ErrorSummary) -> None:
    """Print the largest clusters of problems that fail alike, and how many problems are in none."""
    clusters = [cluster for cluster in summary.clusters if len(cluster.problems) > 1]
    if not clusters:
        return
    table = Table(title="Problems that fail alike", title_justify="left")
    table.add_column("problems", justify="right")
    table.add_column("failed turns", justify="right")
    table.add_column("how")
    table.add_column("for example", overflow="fold")
    for cluster in clusters[:MAX_CLUSTERS]:
        how = ", ".join(f"{name} {percent(share)}" for name, share in list(cluster.shares.items())[:3])
        examples = Text(one_line(", ".join(cluster.problems[:3])))
        table.add_row(str(len(cluster.problems)), str(cluster.failures), how, examples)
    screen.print(table)
    if rest := summary.clusters[MAX_CLUSTERS:]:
        screen.print(f"{len(rest)} smaller groups have {sum(len(each.problems) for each in rest)} problems.")


def show_contamination(screen: Screen, summary: ErrorSummary) -> None:
    """Print the signs of contamination, as far as there are dates or stored solutions."""
    if len(summary.windows) > 1:
        table = Table(title="Solve rate by day of publication", title_justify="left")
        for heading in ("published", "problems", "first turn", "95 %", "any turn", "95 %"):
            table.add_column(heading, justify="left" if heading == "published" else "right")
        for window in summary.windows:
            rates = (percent(window.first.value), span(window.first), percent(window.solved.value), span(window.solved))
            table.add_row(window.name, str(window.problems), *rates)
        screen.print(table)
    if (drop := summary.drop) is not None:
        screen.print(
            f"First turn, published before {drop.cutoff}: {percent(drop.before.value)}; later: "
            f"{percent(drop.after.value)}; difference {100 * drop.difference.value:+.1f} points "
            f"({100 * drop.difference.low:+.1f} to {100 * drop.difference.high:+.1f})."
        )
    if (references := summary.references) is None:
        screen.print("First programs were not compared with stored solutions: name the run's problems with --data.")
        return
    verbatim = sum(each.verbatim for each in references.overlaps)
    screen.print(
        f"Of {references.compared} first programs of 50 tokens or more, {verbatim} are a stored solution word by word, "
        f"and {len(references.overlaps) - verbatim} nearly."
    )
    for each in references.overlaps[:MAX_SHOWN]:
        where = f"{each.problem_id} sample {each.sample}"
        screen.print(Text(one_line(f"  {where}: {percent(each.share)} of solution {each.solution}")))


def percent(share: float) -> str:
    """Return a share as a whole number of percent, with one decimal below 10 %; nothing for a share of nothing."""
    if math.isnan(share):
        return ""
    return f"{share:.1%}" if 0 < share < 0.0995 else f"{share:.0%}"


def span(interval: Interval) -> str:
    """Return the ends of an interval in percent, with a decimal if they are near each other."""
    decimals = 1 if interval.high - interval.low < 0.05 else 0
    return f"{100 * interval.low:.{decimals}f}-{100 * interval.high:.{decimals}f}"
