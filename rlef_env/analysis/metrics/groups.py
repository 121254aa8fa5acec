"""Metrics of groups of problems: by tag, difficulty, source or month of publication."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from rlef_env.analysis.metrics.measured import MAX_NO_VERDICT, Metrics, metrics_of
from rlef_env.analysis.metrics.n_at_k import NAtK
from rlef_env.errors import UsageError
from rlef_env.runs import EpisodeFacts, ProblemFacts

__all__ = ["GROUPS", "metrics_by"]

UNKNOWN: Final = "unknown"

GROUPS: Final[Mapping[str, Callable[[ProblemFacts], Iterable[str]]]] = {
    "tag": lambda problem: problem.tags or (UNKNOWN,),
    "difficulty": lambda problem: (problem.difficulty or UNKNOWN,),
    "source": lambda problem: (problem.source or UNKNOWN,),
    "month": lambda problem: (problem.published[:7] if problem.published else UNKNOWN,),
}
"""What problems can be grouped by -> the groups of a problem. A problem with several tags counts in each."""


def metrics_by(
    facts: Sequence[EpisodeFacts],
    group: str,
    n_at_k: Sequence[NAtK] = (),
    max_no_verdict: float = MAX_NO_VERDICT,
    prices: Sequence[float] | None = None,
) -> dict[str, Metrics]:
    """Compute the metrics of each group, in the order of the groups' names.

    Args:
        facts: the episodes.
        group: a key of ``GROUPS``.
        n_at_k: as for ``metrics_of``.
        max_no_verdict: as for ``metrics_of``, of each group.
        prices: as for ``metrics_of``.

    Raises:
        UsageError: there is no such group.
    """
    if group not in GROUPS:
        raise UsageError(f"group: expected one of {', '.join(GROUPS)}, got {group!r}")
    members: dict[str, list[EpisodeFacts]] = defaultdict(list)
    for each in facts:
        for name in dict.fromkeys(GROUPS[group](each.problem)):
            members[name].append(each)
    return {name: metrics_of(members[name], n_at_k, max_no_verdict, prices) for name in sorted(members, key=_order)}


def _order(name: str) -> tuple[bool, float, str]:
    """Sort numbers as numbers, and what is unknown last."""
    try:
        return name == UNKNOWN, float(name), name
    except ValueError:
        return name == UNKNOWN, float("inf"), name
