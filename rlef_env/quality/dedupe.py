"""Is a problem in other data, too? Statements compared by their words, tests by their text.

A statement is a set of word 5-grams. Two are similar by the share of these that they have in common (Jaccard), which is
estimated from the 128 least hashes of each (a bottom-k sketch), so that ten thousand statements fit into memory and no
pair without a common hash is ever looked at.
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
    """A problem that stands in other data, too.

    Attributes:
        problem: its id.
        other: the id of the other one.
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
    """Yield, for each problem that has one, its closest twin among the others.

    Args:
        problems: taken one by one.
        others: what to compare with; kept as sketches only.
        threshold: least similarity of statements that counts.
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
    """The least hashes of a statement's word 5-grams; of all its words together, where it has fewer."""
    words = re.findall(r"\w+", statement.lower())
    grams = (
        {" ".join(words[start : start + GRAM]) for start in range(max(1, len(words) - GRAM + 1))} if words else set()
    )
    hashes = (int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "big") for gram in grams)
    return frozenset(sorted(hashes)[:SKETCH])


def similarity(left: frozenset[int], right: frozenset[int]) -> float:
    """The Jaccard similarity of the sets that two sketches are of, estimated."""
    least = sorted(left | right)[:SKETCH]
    return sum(value in left and value in right for value in least) / len(least) if least else 0.0
