"""How often each category occurs, in groups of turns: by turn, training step, tag, difficulty or source."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from rlef_env.analysis.errors.categories import CATEGORIES
from rlef_env.analysis.statistics import Interval, ratio_interval
from rlef_env.errors import UsageError
from rlef_env.judge import Verdict
from rlef_env.runs import EpisodeFacts, TurnFacts

__all__ = ["Grouping", "TurnGroup", "category_of", "group_turns", "share_interval"]

Grouping = Literal["all", "turn", "step", "tag", "difficulty", "source"]
"""What the turns of a group have in common."""

MAX_GROUPS: Final = 10
"""More numbers than this are joined to ranges; of more names, the most frequent ones are kept."""

UNKNOWN: Final = "unknown"
NO_VERDICT: Final = Verdict.NO_VERDICT.value


@dataclass(frozen=True, slots=True)
class TurnGroup:
    """Categories of a group of turns.

    Attributes:
        name: name of the group, such as ``"2"`` for second turns or ``"100-190"`` for a range of steps.
        turns: turns with a verdict.
        accepted: accepted ones among them.
        no_verdict: turns without a verdict; they are not among ``turns``.
        counts: category -> number of turns, most frequent first. With ``accepted`` they sum to ``turns``.
        problems: problem's cluster -> category -> number of turns; the category of accepted turns is ``""``.
    """

    name: str
    turns: int
    accepted: int
    no_verdict: int
    counts: Mapping[str, int]
    problems: Mapping[str, Mapping[str, int]]

    def share(self, category: str) -> float:
        """Return the share of a category among the turns with a verdict."""
        return self.counts.get(category, 0) / self.turns if self.turns else 0.0


def category_of(turn: TurnFacts) -> str | None:
    """Return a turn's category; its verdict where it was not analysed, None where it was accepted."""
    if turn.verdict == Verdict.ACCEPTED.value:
        return None
    return turn.category if turn.category in CATEGORIES else turn.verdict


def group_turns(episodes: Iterable[EpisodeFacts], by: Grouping = "all") -> list[TurnGroup]:
    """Return the categories of all turns, in groups.

    Args:
        episodes: the episodes.
        by: what makes a group. With ``"tag"``, a turn counts for each tag of its problem. More than ten steps or
            numeric difficulties become ten ranges; of more than ten names, the ten with the most turns are returned.

    Raises:
        UsageError: ``by`` is unknown.
    """
    if by not in get_args(Grouping):
        raise UsageError(f"by: expected one of {', '.join(get_args(Grouping))}, got {by!r}")
    grouped: dict[str, list[tuple[EpisodeFacts, TurnFacts]]] = defaultdict(list)
    for episode in episodes:
        for turn in episode.turns:
            for name in _names(by, episode, turn):
                grouped[name].append((episode, turn))
    return [_group(name, turns) for name, turns in _ordered(grouped)]


def share_interval(group: TurnGroup, category: str, level: float = 0.95) -> Interval:
    """Return the share of a category among a group's turns and its interval; clusters of problems are the unit."""
    each = group.problems.values()
    return ratio_interval([counts.get(category, 0) for counts in each], [sum(c.values()) for c in each], None, level)


def _names(by: Grouping, episode: EpisodeFacts, turn: TurnFacts) -> Sequence[str]:
    match by:
        case "turn":
            return (str(turn.turn),)
        case "step":
            return (UNKNOWN if episode.step is None else str(episode.step),)
        case "tag":
            return episode.problem.tags or (UNKNOWN,)
        case "difficulty":
            return (episode.problem.difficulty or UNKNOWN,)
        case "source":
            return (episode.problem.source or UNKNOWN,)
        case _:
            return ("all",)


def _group(name: str, turns: Iterable[tuple[EpisodeFacts, TurnFacts]]) -> TurnGroup:
    problems: dict[str, Counter[str]] = defaultdict(Counter)
    lost = 0
    for episode, turn in turns:
        if turn.verdict == NO_VERDICT:
            lost += 1
        else:
            problems[episode.problem.cluster or episode.problem.problem_id][category_of(turn) or ""] += 1
    total = sum(problems.values(), Counter[str]())
    accepted = total.pop("", 0)
    counts = dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
    return TurnGroup(name, accepted + sum(counts.values()), accepted, lost, counts, problems)


_Grouped = dict[str, list[tuple[EpisodeFacts, TurnFacts]]]


def _ordered(grouped: _Grouped) -> list[tuple[str, list[tuple[EpisodeFacts, TurnFacts]]]]:
    """Return the groups in order: numbers by size, joined to ranges if there are many; names by number of turns."""
    unknown = [(UNKNOWN, grouped[UNKNOWN])] if UNKNOWN in grouped else []
    names = [name for name in grouped if name != UNKNOWN]
    if not names or not all(map(_is_number, names)):
        names.sort(key=lambda name: (-len(grouped[name]), name))
        return [(name, grouped[name]) for name in names[: MAX_GROUPS - len(unknown)]] + unknown
    names.sort(key=float)
    if len(names) <= MAX_GROUPS:
        return [(name, grouped[name]) for name in names] + unknown
    edges = [round(part * len(names) / MAX_GROUPS) for part in range(MAX_GROUPS + 1)]
    parts = [names[start:end] for start, end in itertools.pairwise(edges)]
    joined = [(_range(part), [turn for name in part for turn in grouped[name]]) for part in parts]
    return joined + unknown


def _range(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"


def _is_number(name: str) -> bool:
    whole: Callable[[str], bool] = str.isdigit
    return name.isascii() and len(name) <= 15 and all(map(whole, name.split(".", 1)))
