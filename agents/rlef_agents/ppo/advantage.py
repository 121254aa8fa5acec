"""How good was each response: rewards with KL, return-to-go, and what is subtracted from it.

The equations are those of RLEF (arXiv 2410.02089), section 2.2. Everything is NumPy in double precision, so nothing
here can carry a gradient. An array over turns has one entry per response, episode after episode, oldest first; one over
tokens has an entry per sampled token, in the same order. Prompt, feedback and padding tokens have no entry anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["advantages", "bootstrapped", "group_advantages", "normalised", "returns_to_go", "rewards_with_kl"]

Array: TypeAlias = npt.NDArray[np.float64]
Index: TypeAlias = npt.NDArray[np.int64]

ESTIMATORS: Final = ("turn_value", "token_value", "group", "reinforce")
SMALLEST_STD: Final = 1e-6
"""Below it a spread is rounding, and dividing by it would make noise look like advantage."""


def turn_means(per_token: npt.NDArray[Any], lengths: Index) -> Array:
    """Average over the tokens of each response, in ``(tokens,)``, ``(turns,)``, out ``(turns,)``."""
    if not len(lengths):
        return np.zeros(0)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    return np.asarray(np.add.reduceat(np.asarray(per_token, np.float64), starts) / lengths)


def rewards_with_kl(rewards: npt.NDArray[Any], kl: npt.NDArray[Any], beta: float) -> Array:
    """``R(s, a) = r(s, a) - beta * log[pi(a|c) / rho(a|c)]`` (section 2.2, the reward with its KL term), per turn.

    Args:
        rewards: the environment's, ``(turns,)``.
        kl: ``turn_means(log pi - log rho)``: the paper takes the geometric mean of the token probabilities, as their
            product would favour short responses (section 2.2).
        beta: 0.05 in the paper.
    """
    return np.asarray(rewards, np.float64) - beta * np.asarray(kl, np.float64)


def bootstrapped(rewards: Array, values: Array, truncated: npt.NDArray[np.bool_], last: npt.NDArray[np.bool_]) -> Array:
    """Rewards in which V(c) stands in where the length limit cut an episode's last response. Not in the paper."""
    return np.where(truncated & last, values, rewards)


def returns_to_go(rewards: Array, episodes: Index) -> Array:
    """``sum_{i >= t} R_i`` with gamma 1 (section 2.2: undiscounted), never across episodes.

    Args:
        rewards: with KL, ``(turns,)``.
        episodes: of each turn, ``(turns,)``, ascending.
    """
    returns = rewards.copy()
    for turn in range(len(returns) - 2, -1, -1):
        if episodes[turn] == episodes[turn + 1]:
            returns[turn] += returns[turn + 1]
    return returns


def advantages(estimator: str, returns: Array, values: Array, lengths: Index) -> Array:
    """``A_t = sum_{i >= t} R_i - V(c_t)`` (section 2.2), one number for all tokens of a response.

    Args:
        estimator: ``turn_value`` (the paper); ``token_value`` (its ablation: V is read before every
            token, so the result is over tokens); ``reinforce`` (no baseline).
        returns: ``(turns,)``.
        values: ``(turns,)``, for ``token_value`` ``(tokens,)``; not looked at by ``reinforce``.
        lengths: sampled tokens per turn, ``(turns,)``.
    """
    if estimator == "turn_value":
        return returns - values
    if estimator == "token_value":
        return np.asarray(np.repeat(returns, lengths) - values)
    if estimator == "reinforce":
        return returns.copy()
    raise ValueError(f"estimator: expected one of {', '.join(ESTIMATORS)}; got {estimator!r}")


def group_advantages(returns: Array, episodes: Index, groups: Index, scale: bool) -> Array:
    """The whole episode's return, less the mean over all episodes of its problem (GRPO, arXiv 2402.03300, eq. 3).

    Args:
        returns: ``(turns,)``; an episode's is that of its first turn.
        episodes: of each turn, ``(turns,)``: 0, 1, ... ascending.
        groups: the problem of each episode, ``(episodes,)``.
        scale: also divide by the group's standard deviation. A group in which all fare alike gets 0 either way.
    """
    first = np.flatnonzero(np.diff(episodes, prepend=-1))
    totals = returns[first]
    result = np.empty_like(totals)
    for group in np.unique(groups):
        members = groups == group
        centred = totals[members] - totals[members].mean()
        std = centred.std()
        result[members] = centred / std if scale and std > SMALLEST_STD else centred
    return np.asarray(result[episodes])


def normalised(values: Array, weights: Array, total: Callable[[Array], Array] = lambda sums: sums) -> Array:
    """Mean 0 and standard deviation 1 under ``weights``, over all processes. A lone number stays as it is.

    Args:
        values: this process's.
        weights: how much each counts: ones for statistics over turns, lengths for statistics over tokens.
        total: sums an array over all processes.
    """
    count, summed, entries = total(np.array([weights.sum(), (weights * values).sum(), float(len(values))]))
    if entries < 2 or count <= 0:
        return values.copy()
    centred = values - summed / count
    std = float(np.sqrt(total(np.array([(weights * centred**2).sum()]))[0] / count))
    return np.asarray(centred / std if std > SMALLEST_STD else centred)
