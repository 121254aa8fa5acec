"""Groups of problems that fail alike: by how similar the shares of their categories are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rlef_env.analysis.errors.shares import NO_VERDICT, category_of
from rlef_env.runs import EpisodeFacts

__all__ = ["ProblemCluster", "cluster_problems"]

MIN_SIMILARITY: Final = 0.5
"""Two groups are joined if their shares of categories overlap at least so much."""

MAX_SIGNATURES: Final = 400
"""Different signatures that are compared with each other; with more, shares are rounded more coarsely."""

_Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ProblemCluster:
    """Problems that fail in the same ways.

    Attributes:
        shares: category -> its share of the failed turns, mean of the problems; the largest first.
        problems: ids of the problems, those with the most failed turns first.
        failures: number of failed turns.
    """

    shares: Mapping[str, float]
    problems: tuple[str, ...]
    failures: int


def cluster_problems(episodes: Iterable[EpisodeFacts], min_similarity: float = MIN_SIMILARITY) -> list[ProblemCluster]:
    """Return groups of problems that fail alike, the largest first; problems that never fail are in none.

    A problem's signature is the share of each category among its failed turns, over all samples and turns. Groups begin
    as problems with the same signature (rounded to eighths, or more coarsely where there are too many). Then the two
    most similar groups are joined, again and again, until no two overlap by ``min_similarity``; the overlap of two
    signatures is the sum, over categories, of the smaller share. The same episodes in any order give the same groups.

    Args:
        episodes: the episodes; turns without a verdict are left out.
        min_similarity: between 0 (all problems in one group) and 1 (only equal signatures in one).
    """
    failures: dict[str, Counter[str]] = defaultdict(Counter)
    for episode in episodes:
        for turn in episode.turns:
            category = category_of(turn)
            if category is not None and turn.verdict != NO_VERDICT:
                failures[episode.problem.problem_id][category] += 1
    names = sorted({name for counts in failures.values() for name in counts})
    ids = sorted(failures, key=lambda problem: (-failures[problem].total(), problem))
    if not ids:
        return []
    counts = np.array([[failures[problem][name] for name in names] for problem in ids], dtype=np.float64)
    signatures = counts / counts.sum(axis=1, keepdims=True)
    groups = _joined(_equal_groups(signatures), signatures, min_similarity)
    found = []
    for members in groups:
        mean = signatures[members].mean(axis=0)
        order = [number for number in np.argsort(-mean, kind="stable") if mean[number] > 0]
        shares = {names[number]: float(mean[number]) for number in order}
        total = int(counts[members].sum())
        found.append(ProblemCluster(shares, tuple(ids[number] for number in sorted(members)), total))
    return sorted(found, key=lambda cluster: (-len(cluster.problems), -cluster.failures, cluster.problems))


def _equal_groups(signatures: _Shares) -> list[list[int]]:
    """Return rows with equal rounded values together."""
    groups: dict[bytes, list[int]] = {}
    for parts in (8, 4, 2, 1):
        groups = {}
        for number, row in enumerate(np.rint(signatures * parts).astype(np.int8)):
            groups.setdefault(row.tobytes(), []).append(number)
        if len(groups) <= MAX_SIGNATURES:
            break
    return list(groups.values())


def _joined(groups: Sequence[Sequence[int]], signatures: _Shares, min_similarity: float) -> list[list[int]]:
    """Join the two most similar groups until none are similar enough; a group's signature is its members' mean."""
    members = [list(group) for group in groups]
    centres = np.array([signatures[group].mean(axis=0) for group in members])
    overlap = np.minimum(centres[:, None, :], centres[None, :, :]).sum(axis=2)
    np.fill_diagonal(overlap, -1.0)
    while len(members) > 1:
        first, second = sorted(divmod(int(np.argmax(overlap)), len(members)))
        if overlap[first, second] < min_similarity:
            break
        members[first] += members.pop(second)
        centres = np.delete(centres, second, axis=0)
        centres[first] = signatures[members[first]].mean(axis=0)
        overlap = np.delete(np.delete(overlap, second, axis=0), second, axis=1)
        overlap[first] = overlap[:, first] = np.minimum(centres, centres[first]).sum(axis=1)
        overlap[first, first] = -1.0
    return members
