"""chrF: similarity of two texts by their character n-grams, to measure how much a program was edited."""

from __future__ import annotations

from collections import Counter
from typing import Final

from rlef_env.episodes import Episode

__all__ = ["chrf", "edit_similarities"]

ORDER: Final = 6
"""Longest n-grams, in characters."""

BETA: Final = 2.0
"""Weight of recall against precision."""

MAX_CHARACTERS: Final = 20_000
"""Longer texts are compared by their beginnings."""


def chrf(text: str, reference: str) -> float:
    """Return the chrF score of a text against a reference: 1 for equal texts, 0 for texts without a common n-gram.

    White space does not count. Precision and recall are averaged over n-grams of 1 to 6 characters, for those lengths
    that both texts have; the score is their F-measure with beta 2. Two texts without any character are equal.

    Source: Popović, "chrF: character n-gram F-score for automatic MT evaluation" (2015); sacrebleu computes the same,
    times 100.

    >>> round(chrf("print(a+b)", "print(a-b)"), 3)
    0.629
    """
    left, right = _without_space(text), _without_space(reference)
    if left == right:
        return 1.0
    precisions, recalls = 0.0, 0.0
    order = min(ORDER, len(left), len(right))
    for n in range(1, order + 1):
        ours, theirs = _ngrams(left, n), _ngrams(right, n)
        common = sum(min(count, theirs[ngram]) for ngram, count in ours.items() if ngram in theirs)
        precisions += common / (len(left) - n + 1)
        recalls += common / (len(right) - n + 1)
    if not precisions:
        return 0.0
    precision, recall = precisions / order, recalls / order
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def edit_similarities(episode: Episode) -> list[float | None]:
    """Return the chrF score of each turn's program against the last program before it; None where there are no two.

    1 means that nothing was changed, values near 0 that the program was written anew. It takes about a millisecond for
    each thousand characters, so it is not part of ``categorise``.
    """
    similarities: list[float | None] = []
    before: str | None = None
    for turn in episode.turns:
        similarities.append(None if before is None or turn.program is None else chrf(turn.program, before))
        before = before if turn.program is None else turn.program
    return similarities


def _without_space(text: str) -> str:
    return "".join(text[:MAX_CHARACTERS].split())


def _ngrams(text: str, n: int) -> Counter[str]:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))
