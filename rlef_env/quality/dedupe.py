"""Find problems that other data also contains: statements are compared by their words, tests by their text.

A statement is a set of word 5-grams. The similarity of two statements is the share of common 5-grams (Jaccard). It is
estimated from the 128 smallest hashes of each set (a bottom-k sketch), so that ten thousand statements fit into memory
and pairs without a common hash are never compared.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rlef_env.problems import Problem
from rlef_env.quality.verify import fingerprints

__all__ = ["Duplicate", "find_duplicates"]

SKETCH: Final = 128
GRAM: Final = 5


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A problem that other data also contains.

    Attributes:
        problem: the problem's id.
        other: the id of the other problem.
        how: ``"statement"`` or ``"tests"`` for the same text, ``"similar"`` for a similar statement.
        similarity: 1 for the same text; else the estimated share of common word 5-grams.
    """

    problem: str
    other: str
    how: str
    similarity: float


def find_duplicates(
    problems: Iterable[Problem], others: Iterable[Problem], threshold: float = 0.5
) -> Iterator[Duplicate]:
    """Yield for each duplicated problem its closest duplicate among the others.

    Args:
        problems: problems, taken one by one.
        others: problems to compare with; only their sketches are kept.
        threshold: minimum similarity of statements.
    """
    exact: dict[str, str] = {}
    ids: list[str] = []
    sketches: list[frozenset[int]] = []
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for place, other in enumerate(others):
        for key in fingerprints(other):
            exact.setdefault(key, other.id)
        ids.append(other.id)
        sketches.append(sketch(other.statement))
        for value in sketches[-1]:
            holders[value].append(place)
    for problem in problems:
        same = next((key for key in fingerprints(problem) if key in exact), None)
        if same is not None:
            yield Duplicate(problem.id, exact[same], same.partition(" ")[0], 1.0)
            continue
        own = sketch(problem.statement)
        common = Counter(place for value in own for place in holders.get(value, ()))
        scored = [(similarity(own, sketches[place]), -place) for place, _ in common.most_common(20)]
        if scored and max(scored)[0] >= threshold:
            score, place = max(scored)
            yield Duplicate(problem.id, ids[-place], "similar", round(score, 3))


def sketch(statement: str) -> frozenset[int]:
    """Return the smallest hashes of a statement's word 5-grams; a shorter statement is one gram."""
    words = re.findall(r"\w+", statement.lower())
    grams = (
        {" ".join(words[start : start + GRAM]) for start in range(max(1, len(words) - GRAM + 1))} if words else set()
    )
    hashes = (int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "big") for gram in grams)
    return frozenset(sorted(hashes)[:SKETCH])


def similarity(left: frozenset[int], right: frozenset[int]) -> float:
    """Estimate the Jaccard similarity of the two sets behind two sketches."""
    least = sorted(left | right)[:SKETCH]
    return sum(value in left and value in right for value in least) / len(least) if least else 0.0
