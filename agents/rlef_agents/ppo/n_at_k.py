"""n@k: how often is one of n submissions right that were chosen among k samples (Li et al. 2022; RLEF, section 3.2).

Every response counts as a sample, so that k samples are ``k // turns`` episodes; what an episode leaves unused is not
given back. An episode submits its last program. Which n of them are submitted may depend on public tests alone: those
that passed them go first, and otherwise the choice is random. RLEF does not say how it chooses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import comb
from typing import NamedTuple

from rlef_env.errors import UsageError

__all__ = ["NAtK", "check_n_at_k", "n_at_k", "parse_n_at_k"]


class NAtK(NamedTuple):
    """What to estimate: n submissions of k samples."""

    n: int
    k: int

    def __str__(self) -> str:
        return f"{self.n}@{self.k}"

    def episodes(self, turns: int) -> int:
        """How many episodes of at most so many turns are k samples."""
        return self.k // turns


def parse_n_at_k(text: str, turns: int) -> list[NAtK]:
    """Read ``"1@3 10@100"``.

    Raises:
        UsageError: it is something else, or k samples are no whole episode.
    """
    found = []
    for word in text.split():
        match = re.fullmatch(r"(\d+)@(\d+)", word)
        if match is None or not (n := int(match[1])) or int(match[2]) < max(n, turns):
            raise UsageError(
                f"n@k: expected words such as 10@100, with n from 1 and k from n and from {turns}, the turns of an "
                f"episode; got {word!r}"
            )
        found.append(NAtK(n, int(match[2])))
    return found


def check_n_at_k(text: str, turns: int, samples: int, name: str) -> list[NAtK]:
    """Read ``"1@3 10@100"`` where there will be so many episodes of each problem.

    Raises:
        UsageError: it is something else, or takes more episodes.
    """
    found = parse_n_at_k(text, turns)
    for each in found:
        if each.episodes(turns) > samples:
            raise UsageError(
                f"{name}: {each} takes {each.episodes(turns)} episodes of each problem or more, at {turns} turns; "
                f"got {samples}"
            )
    return found


def n_at_k(passed_public: Sequence[bool], solved: Sequence[bool], submissions: int, drawn: int) -> float:
    """The chance that one of the submissions solves the problem, over all ways to draw episodes and to choose.

    Exact, hence unbiased: with ``a`` of ``p`` episodes that passed the public tests solved, ``x`` of ``drawn`` among
    these are hypergeometric, and ``j = min(submissions, x)`` of them miss every solved one with chance
    ``C(p - a, j) / C(p, j)``. One that failed public tests is not solved, so that submitting it changes nothing.

    Args:
        passed_public: of each episode of the problem, whether its last program passed the public tests.
        solved: whether it passed all.
        submissions: n.
        drawn: k, in episodes; there are as many or more.
    """
    count, passed, right = len(solved), sum(map(bool, passed_public)), sum(map(bool, solved))
    if drawn > count or any(s and not p for s, p in zip(solved, passed_public, strict=True)):
        raise ValueError(f"n_at_k: expected {drawn} episodes or more, solved ones among those that passed; got {count}")
    chance = 0.0
    for x in range(max(0, drawn - (count - passed)), min(drawn, passed) + 1):
        ways = comb(passed, x) * comb(count - passed, drawn - x) / comb(count, drawn)
        j = min(submissions, x)
        chance += ways * (1.0 - comb(passed - right, j) / comb(passed, j))
    return chance
