"""From one turn to the next: which failures are repaired, which turn into others, which stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rlef_env.analysis.errors.shares import NO_VERDICT, category_of
from rlef_env.judge import Verdict
from rlef_env.runs import EpisodeFacts, TurnFacts

__all__ = ["ENDED", "Flow", "Repair", "repairs", "verdict_flows"]

ENDED: Final = "ended"
"""What follows the last turn of an episode: it passed the public tests, or the turn limit was reached."""

ACCEPTED: Final = Verdict.ACCEPTED.value


@dataclass(frozen=True, slots=True)
class Flow:
    """Episodes that go from one verdict to another.

    Attributes:
        turn: the turn with the verdict ``before``, from 1.
        before: verdict (or category) of this turn.
        after: verdict (or category) of the next turn, or ``ENDED``.
        episodes: number of episodes.
    """

    turn: int
    before: str
    after: str
    episodes: int


@dataclass(frozen=True, slots=True)
class Repair:
    """What happens after a category of failure.

    Attributes:
        category: the category.
        followed: failed turns of this category that were followed by another turn with a verdict.
        accepted: of these, how many were followed by an accepted one.
        same: of these, how many were followed by the same category.
    """

    category: str
    followed: int
    accepted: int
    same: int


def verdict_flows(episodes: Iterable[EpisodeFacts], of_categories: bool = False) -> list[Flow]:
    """Return the flows between turns, by turn, then the largest first. Episodes without a verdict are left out.

    Args:
        episodes: the episodes.
        of_categories: whether the flows are between categories of errors; else between verdicts.
    """
    found: Counter[tuple[int, str, str]] = Counter()
    for episode in episodes:
        if not episode.has_verdict:
            continue
        states = [_state(turn, of_categories) for turn in episode.turns]
        for number, (before, after) in enumerate(zip(states, [*states[1:], ENDED], strict=True), start=1):
            found[number, before, after] += 1
    ordered = sorted(found.items(), key=lambda item: (item[0][0], -item[1], item[0]))
    return [Flow(*key, count) for key, count in ordered]


def repairs(episodes: Iterable[EpisodeFacts]) -> dict[str, Repair]:
    """Return, by category, how often the turn after such a failure was accepted, and how often it failed alike."""
    followed: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    same: Counter[str] = Counter()
    for episode in episodes:
        for turn, after in zip(episode.turns, episode.turns[1:], strict=False):
            category = category_of(turn)
            if category is None or NO_VERDICT in (turn.verdict, after.verdict):
                continue
            followed[category] += 1
            accepted[category] += after.verdict == ACCEPTED
            same[category] += category_of(after) == category
    return {name: Repair(name, followed[name], accepted[name], same[name]) for name, _ in followed.most_common()}


def _state(turn: TurnFacts, of_categories: bool) -> str:
    return (category_of(turn) or ACCEPTED) if of_categories else turn.verdict
