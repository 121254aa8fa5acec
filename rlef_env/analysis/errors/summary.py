"""Everything that error analysis says about a run, in one value."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Final

from rlef_env.analysis.errors.categories import family_of
from rlef_env.analysis.errors.chrf import edit_similarities
from rlef_env.analysis.errors.contamination import (
    DateDrop,
    DateWindow,
    Overlap,
    date_drop,
    reference_overlaps,
    solved_by_date,
)
from rlef_env.analysis.errors.flows import Flow, Repair, repairs, verdict_flows
from rlef_env.analysis.errors.problem_clusters import ProblemCluster, cluster_problems
from rlef_env.analysis.errors.shares import Grouping, TurnGroup, category_of, group_turns, share_interval
from rlef_env.problems import Problem
from rlef_env.runs import EpisodeFacts, EpisodeRecord

__all__ = ["Edits", "ErrorSummary", "References", "edits_by_turn", "summarise_errors"]

MAX_EDITED_EPISODES: Final = 500
"""Episodes whose edits are measured: it takes milliseconds for each."""


@dataclass(frozen=True, slots=True)
class Edits:
    """How much the programs of one turn differ from those before.

    Attributes:
        turn: number of the turn, from 2.
        programs: number of programs that have one before them.
        similarity: mean chrF score against the program before.
        unchanged: share of the programs with a score of 1.
    """

    turn: int
    programs: int
    similarity: float
    unchanged: float


@dataclass(frozen=True, slots=True)
class References:
    """First programs that were compared with stored solutions.

    Attributes:
        compared: number of first programs that were long enough, of problems with a stored solution.
        overlaps: those that are nearly a stored solution.
    """

    compared: int
    overlaps: tuple[Overlap, ...]


@dataclass(frozen=True, slots=True)
class ErrorSummary:
    """Why the programs of a run failed.

    Attributes:
        episodes: number of episodes.
        by: what the groups have in common.
        total: all turns.
        groups: turns by ``by``.
        repairs: category -> what the next turn made of it.
        flows: verdicts from turn to turn.
        clusters: problems that fail alike.
        examples: category -> problem id, sample, number of the turn: the first one that there is.
        windows: solve rates by day of publication; empty if no problem has one.
        drop: solve rates before and after a cutoff; None if none was given.
        edits: by turn; empty if no programs were given.
        references: None if no stored solutions were given.
    """

    episodes: int
    by: Grouping
    total: TurnGroup
    groups: tuple[TurnGroup, ...]
    repairs: Mapping[str, Repair]
    flows: tuple[Flow, ...]
    clusters: tuple[ProblemCluster, ...]
    examples: Mapping[str, tuple[str, int, int]]
    windows: tuple[DateWindow, ...] = ()
    drop: DateDrop | None = None
    edits: tuple[Edits, ...] = ()
    references: References | None = None

    def to_row(self) -> dict[str, Any]:
        """Return the summary as plain JSON values."""
        return {
            "episodes": self.episodes,
            "turns": self.total.turns,
            "accepted": self.total.accepted,
            "no_verdict": self.total.no_verdict,
            "categories": {name: self._category(name) for name in self.total.counts},
            "by": self.by,
            "groups": [
                {
                    "name": group.name,
                    "turns": group.turns,
                    "accepted": group.accepted,
                    "no_verdict": group.no_verdict,
                    "counts": dict(group.counts),
                }
                for group in self.groups
            ],
            "flows": [asdict(flow) for flow in self.flows],
            "clusters": [
                {"shares": dict(each.shares), "problems": list(each.problems), "failures": each.failures}
                for each in self.clusters
            ],
            "by_date": [asdict(window) for window in self.windows],
            "date_drop": None if self.drop is None else asdict(self.drop),
            "edits": [asdict(each) for each in self.edits],
            "references": None if self.references is None else asdict(self.references),
        }

    def _category(self, name: str) -> dict[str, Any]:
        interval, repair = share_interval(self.total, name), self.repairs.get(name)
        problem, sample, turn = self.examples[name]
        return {
            "family": family_of(name),
            "turns": self.total.counts[name],
            "share": interval.value,
            "low": interval.low,
            "high": interval.high,
            "followed": repair.followed if repair else 0,
            "repaired": repair.accepted if repair else 0,
            "again": repair.same if repair else 0,
            "example": {"problem": problem, "sample": sample, "turn": turn},
        }


def summarise_errors(
    episodes: Sequence[EpisodeFacts],
    by: Grouping = "turn",
    cutoff: str | None = None,
    records: Iterable[EpisodeRecord] = (),
    problems: Mapping[str, Problem] | None = None,
) -> ErrorSummary:
    """Return why the programs of a run failed.

    Args:
        episodes: the episodes.
        by: groups in which categories are counted.
        cutoff: day up to which the model's data was collected; None for no comparison.
        records: the same episodes with their programs, for edits and stored solutions; empty for neither.
        problems: problems by id, with stored solutions; None for no comparison with them.

    Raises:
        UsageError: ``by`` is unknown, or the cutoff divides no problems.
    """
    examples: dict[str, tuple[str, int, int]] = {}
    for episode in episodes:
        for turn in episode.turns:
            if (category := category_of(turn)) is not None:
                examples.setdefault(category, (episode.problem.problem_id, episode.sample, turn.turn))
    records = iter(records)
    first = list(itertools.islice(records, MAX_EDITED_EPISODES))
    return ErrorSummary(
        episodes=len(episodes),
        by=by,
        total=(group_turns(episodes) or [TurnGroup("all", 0, 0, 0, {}, {})])[0],
        groups=tuple(group_turns(episodes, by)),
        repairs=repairs(episodes),
        flows=tuple(verdict_flows(episodes)),
        clusters=tuple(cluster_problems(episodes)),
        examples=examples,
        windows=tuple(solved_by_date(episodes)),
        drop=None if cutoff is None else date_drop(episodes, cutoff),
        edits=tuple(edits_by_turn(first)),
        references=None if problems is None else _references(itertools.chain(first, records), problems),
    )


def edits_by_turn(records: Iterable[EpisodeRecord]) -> list[Edits]:
    """Return how much programs differ from those before, by turn."""
    scores: dict[int, list[float]] = defaultdict(list)
    for record in records:
        for number, score in enumerate(edit_similarities(record.episode), start=1):
            if score is not None:
                scores[number].append(score)
    return [
        Edits(number, len(each), fmean(each), each.count(1.0) / len(each)) for number, each in sorted(scores.items())
    ]


def _references(records: Iterable[EpisodeRecord], problems: Mapping[str, Problem]) -> References:
    found = [overlap for _, overlap in reference_overlaps(records, problems)]
    return References(len(found), tuple(overlap for overlap in found if overlap is not None))
