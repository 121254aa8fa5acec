"""pass@k: probability that one of k episodes drawn from a problem's episodes solves it (Chen et al. 2021)."""

from __future__ import annotations

from math import comb

__all__ = ["pass_at_k"]


def pass_at_k(episodes: int, solved: int, k: int) -> float:
    """Return the unbiased estimate ``1 - C(n - c, k) / C(n, k)`` for n episodes, c of them solved.

    Args:
        episodes: number of episodes of the problem, at least k.
        solved: number of those that solved it.
        k: number of episodes that are drawn.

    >>> pass_at_k(4, 1, 2)
    0.5
    """
    if not 1 <= k <= episodes or not 0 <= solved <= episodes:
        raise ValueError(f"pass@{k}: expected {k} episodes or more, got {episodes}, {solved} solved")
    return 1.0 - comb(episodes - solved, k) / comb(episodes, k)
