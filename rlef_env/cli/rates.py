"""Solve rates by turn: computed from episodes, and shown in a table that stays readable on a narrow terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from rlef_env.episodes import Episode
from rlef_env.judge import Verdict
from rlef_env.terminal import one_line

__all__ = ["Rates", "show_rates", "solve_rates"]

MIN_NAME_WIDTH = 12  # columns; with fewer, the table is harder to read than a list


@dataclass(frozen=True, slots=True)
class Rates:
    """Results of the agents. Shares and means count the episodes that have a verdict.

    Attributes:
        headings: headings of the columns; the first column is the agent's name.
        rows: one row per agent; without any verdict, it ends after the number of episodes without one.
        lost: reason that the judge gave -> number of episodes without a verdict.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lost: Mapping[str, int]


def solve_rates(played: Mapping[str, Sequence[Episode]], max_turns: int) -> Rates:
    """Count each agent's solved episodes by turn.

    Args:
        played: episodes by agent.
        max_turns: maximum number of turns of an episode.
    """
    turns = (f"turn {turn}" for turn in range(1, max_turns + 1))
    lost = [episode for episodes in played.values() for episode in episodes if episode.truncated]
    return Rates(
        headings=("agent", "episodes", "no verdict", *turns, "valid programs", "mean reward"),
        rows=tuple((name, *rates(episodes, max_turns)) for name, episodes in played.items()),
        lost=Counter(reason(episode) for episode in lost),
    )


def rates(all_episodes: Sequence[Episode], max_turns: int) -> list[str]:
    """Return the numbers of one agent."""
    episodes = [episode for episode in all_episodes if not episode.truncated]
    counts = [str(len(all_episodes)), str(len(all_episodes) - len(episodes))]
    if not episodes:
        return counts
    turns = [turn for episode in episodes for turn in episode.turns]
    solved = [episode.solved_at for episode in episodes if episode.solved_at is not None]
    valid = sum(turn.judgement.verdict is not Verdict.NO_PROGRAM for turn in turns)
    return [
        *counts,
        *(f"{sum(t <= turn for t in solved) / len(episodes):.0%}" for turn in range(1, max_turns + 1)),
        f"{valid / len(turns):.0%}",
        f"{sum(turn.reward for turn in turns) / len(episodes):+.2f}",
    ]


def reason(episode: Episode) -> str:
    """Return the judge's reason for a missing verdict."""
    category = episode.turns[-1].judgement.category if episode.turns else None
    return category or "no reason given"


def show_rates(console: Console, label: str, found: Rates) -> None:
    """Show the rates as a table, with headings in two lines if it is too wide, or as a list if it is still too wide.

    Args:
        console: output.
        label: name of the data set.
        found: the rates.
    """
    console.print(Text(f"{one_line(label)}: share of episodes solved by each turn, among those that have a verdict"))
    narrow = [heading.replace(" ", "\n") for heading in found.headings]
    for headings in (found.headings, narrow):
        missing = width(console, as_table(headings, found.rows)) - console.width
        longest = max(len(name) for name, *_ in (*found.rows, headings))
        if missing <= 0:
            console.print(as_table(headings, found.rows))
            break
        if headings is narrow and longest - missing >= MIN_NAME_WIDTH:
            console.print(as_table(headings, found.rows, longest - missing))
            break
    else:
        for name, *cells in found.rows:
            console.print(Text(one_line(name), style="bold"))
            for heading, cell in zip(found.headings[1:], cells, strict=False):
                console.print(Text(f"  {heading:<14} {cell:>6}"))
    if found.lost:
        reasons = ", ".join(f"{count} {why}" for why, count in sorted(found.lost.items()))
        console.print(Text(f"Without a verdict: {reasons}. The judge or this machine failed."))


def as_table(headings: Sequence[str], rows: Iterable[Sequence[str]], name_width: int | None = None) -> Table:
    """Return the table, with names folded to a width if one is given."""
    table = Table()
    table.add_column(headings[0], overflow="fold", width=name_width)
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, *cells in rows:
        table.add_row(Text(one_line(name)), *cells)
    return table


def width(console: Console, table: Table) -> int:
    """Return the width of a table on a terminal without limits, in columns."""
    return Measurement.get(console, console.options.update(width=10_000), table).maximum
