"""n@k: probability that one of n submissions chosen from k samples is right (Li et al. 2022; RLEF, section 3.2).

Every response counts as a sample, so k samples are ``k // turns`` episodes. Responses that an episode does not need are
not used elsewhere. An episode submits its last program. The choice of the n submissions depends only on public tests:
programs that passed them come first, and otherwise the choice is random. RLEF does not say how it chooses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import comb
from typing import NamedTuple

from rlef_env.errors import UsageError

__all__ = ["NAtK", "check_n_at_k", "n_at_k", "parse_n_at_k"]


class NAtK(NamedTuple):
    """An estimate to make: n submissions from k samples."""

    n: int
    k: int

    def __str__(self) -> str:
        return f"{self.n}@{self.k}"

    def episodes(self, turns: int) -> int:
        """Return the number of episodes that are k samples, at this number of turns."""
        return self.k // turns


def parse_n_at_k(text: str, turns: int) -> list[NAtK]:
    """Read ``"1@3 10@100"`` or ``"1@3,10@100"``.

    Raises:
        UsageError: the text is malformed, or k samples are less than one episode.
    """
    found = []
    for word in text.replace(",", " ").split():
        match = re.fullmatch(r"(\d+)@(\d+)", word)
        if match is None or not (n := int(match[1])) or int(match[2]) < max(n, turns):
            raise UsageError(
                f"n@k: expected words such as 10@100, with n of 1 or more, and k of n or more and of {turns} or more "
                f"(the turns of an episode); got {word!r}"
            )
        found.append(NAtK(n, int(match[2])))
    return found


def check_n_at_k(text: str, turns: int, samples: int, name: str) -> list[NAtK]:
    """Read ``"1@3 10@100"`` and compare it with the number of episodes of each problem.

    Raises:
        UsageError: the text is malformed, or needs more episodes than ``samples``.
    """
    found = parse_n_at_k(text, turns)
    for each in found:
        if each.episodes(turns) > samples:
            raise UsageError(
                f"{name}: expected {each.episodes(turns)} or more episodes of each problem, which {each} needs at "
                f"{turns} turns, got {samples}"
            )
    return found


def n_at_k(passed_public: Sequence[bool], solved: Sequence[bool], submissions: int, drawn: int) -> float:
    """Return the probability that a submission solves the problem, over all ways to draw episodes and to choose.

    The sum is exact, hence unbiased. Let ``p`` episodes have passed the public tests, ``a`` of them solved. The number
    ``x`` of these among the ``drawn`` episodes is hypergeometric, and ``j = min(submissions, x)`` of them miss every
    solved one with probability ``C(p - a, j) / C(p, j)``. An episode that failed public tests is not solved, so
    submitting it changes nothing.

    Args:
        passed_public: for each episode of the problem: its last program passed the public tests.
        solved: for each episode: its last program passed all tests.
        submissions: n.
        drawn: k, in episodes; at most the number of episodes.
    """
    count, passed, right = len(solved), sum(map(bool, passed_public)), sum(map(bool, solved))
    if drawn > count or any(s and not p for s, p in zip(solved, passed_public, strict=True)):
        raise ValueError(f"n_at_k: expected {drawn} episodes or more, solved ones among those that passed; got {count}")
    probability = 0.0
    for x in range(max(0, drawn - (count - passed)), min(drawn, passed) + 1):
        ways = comb(passed, x) * comb(count - passed, drawn - x) / comb(count, drawn)
        j = min(submissions, x)
        probability += ways * (1.0 - comb(passed - right, j) / comb(passed, j))
    return probability
