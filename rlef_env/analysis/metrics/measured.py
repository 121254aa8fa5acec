"""The metrics of a list of episodes."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rlef_env.analysis.metrics.definitions import Metric, by_problem, standard_metrics
from rlef_env.analysis.metrics.n_at_k import NAtK
from rlef_env.analysis.statistics.interval import Interval
from rlef_env.runs import EpisodeFacts

__all__ = ["MAX_NO_VERDICT", "Metrics", "metrics_of", "shown"]

MAX_NO_VERDICT: Final = 0.01
"""Largest share of episodes without a verdict at which anything is said about the agent."""


@dataclass(frozen=True)
class Metrics(Mapping[str, Interval]):
    """Metrics by name, each with its 95 % interval; and the numbers of episodes that they were computed from.

    Attributes:
        episodes: number of episodes, those without a verdict included.
        problems: number of their problems.
        no_verdict: number of episodes without a verdict. They are left out of every metric.
        reasons: reason that the judge gave -> number of episodes without a verdict.
        tokens: tokens read and written in all episodes; None where unknown.
        cost: what they cost, in the currency of the prices; None where tokens or prices are unknown.
        intervals: the metrics, in the order in which they are shown.
        definitions: what each is.
        refusal: why nothing is said about the agent, and every value is NaN; empty if something is.
    """

    episodes: int
    problems: int
    no_verdict: int
    reasons: Mapping[str, int]
    tokens: int | None
    intervals: Mapping[str, Interval]
    definitions: tuple[Metric, ...]
    refusal: str = ""
    cost: float | None = None

    def __getitem__(self, name: str) -> Interval:
        return self.intervals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.intervals)

    def __len__(self) -> int:
        return len(self.intervals)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values: ``{"episodes", "problems", "no_verdict", "metrics": {name: {"value", ...}}}``.

        A number that is unknown or infinite is None.
        """
        return {
            "episodes": self.episodes,
            "problems": self.problems,
            "no_verdict": self.no_verdict,
            "tokens": self.tokens,
            "cost": self.cost,
            "refusal": self.refusal or None,
            "metrics": {
                name: {"value": finite(each.value), "low": finite(each.low), "high": finite(each.high)}
                for name, each in self.intervals.items()
            },
        }

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return name, value, interval and meaning of each known metric, as texts."""
        found = ((metric, self.intervals[metric.name]) for metric in self.definitions)
        return [
            (metric.name, shown(each.value, metric.is_share), _interval(each, metric.is_share), metric.meaning)
            for metric, each in found
            if not math.isnan(each.value)
        ]

    def _repr_html_(self) -> str:
        """Return a table, for notebooks."""
        cells = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{value}</td><td>{interval}</td><td>{html.escape(meaning)}</td></tr>"
            for name, value, interval, meaning in self.rows()
        )
        head = "<tr><th>metric</th><th>value</th><th>95 % interval</th><th>meaning</th></tr>"
        return f"<p>{html.escape(self.sentence())}</p><table>{head}{cells}</table>"

    def sentence(self) -> str:
        """Return how many episodes there are, and how many of them have no verdict."""
        if not self.episodes:
            return self.refusal
        episodes = f"{self.episodes:,} episode{'s' * (self.episodes != 1)}"
        counted = f"{episodes} of {self.problems:,} problem{'s' * (self.problems != 1)}"
        if not self.no_verdict:
            return f"{counted}; each has a verdict."
        why = ", ".join(f"{count} {reason}" for reason, count in self.reasons.items())
        do_not_count = (
            "has no verdict and does not count" if self.no_verdict == 1 else "have no verdict and do not count"
        )
        lost = f"{counted}; {self.no_verdict:,} {do_not_count} ({why})."
        return f"{lost} {self.refusal}".strip()


def metrics_of(
    facts: Sequence[EpisodeFacts],
    n_at_k: Sequence[NAtK] = (),
    max_no_verdict: float = MAX_NO_VERDICT,
    prices: Sequence[float] | None = None,
) -> Metrics:
    """Compute the metrics of episodes of one agent.

    Args:
        facts: the episodes.
        n_at_k: n@k to estimate; 1@k for one whole episode if empty.
        max_no_verdict: largest share of episodes without a verdict; with more, every value is NaN.
        prices: prices of a million tokens read and of a million tokens written; None if unknown.
    """
    lost = [each for each in facts if not each.has_verdict]
    max_turns = max((each.max_turns for each in facts), default=1)
    groups = by_problem(facts)
    samples = max(map(len, groups.values()), default=1)
    definitions = tuple(standard_metrics(max_turns, samples, n_at_k or [NAtK(1, max_turns)]))
    refusal = ""
    if not facts:
        refusal = "there is no episode, so nothing is said about the agent."
    elif len(lost) > max_no_verdict * len(facts):
        refusal = (
            f"{len(lost) / len(facts):.1%} without a verdict are more than {max_no_verdict:.1%}, so nothing is said "
            "about the agent."
        )
    turns = [turn for each in facts for turn in each.turns]
    read, written = _sum(turn.prompt_tokens for turn in turns), _sum(turn.completion_tokens for turn in turns)
    known = read is not None and written is not None
    return Metrics(
        episodes=len(facts),
        problems=len({each.problem.problem_id for each in facts}),
        no_verdict=len(lost),
        reasons=dict(Counter(map(_reason, lost)).most_common()),
        tokens=(read or 0) + (written or 0) if known else None,
        cost=(prices[0] * (read or 0) + prices[1] * (written or 0)) / 1e6 if known and prices else None,
        intervals={
            metric.name: Interval(math.nan, *metric.bounds) if refusal else metric.interval_of_groups(groups)
            for metric in definitions
        },
        definitions=definitions,
        refusal=refusal,
    )


def shown(value: float, is_share: bool) -> str:
    """Return a value as text: a share in percent, another number with three digits."""
    if not math.isfinite(value):
        return "?"
    if is_share:
        return f"{value:.1%}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def finite(value: float) -> float | None:
    """Return a number that JSON can hold."""
    return float(value) if math.isfinite(value) else None


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return the sum; None if a number is unknown, or there is none."""
    found = list(counts)
    return None if None in found or not found else sum(count or 0 for count in found)


def _interval(each: Interval, is_share: bool) -> str:
    return f"{shown(each.low, is_share)} to {shown(each.high, is_share)}"


def _reason(facts: EpisodeFacts) -> str:
    """Return the judge's reason for a missing verdict."""
    return (facts.turns[-1].category if facts.turns else None) or "no reason given"
