"""How good was each response: rewards with KL, return-to-go, and what is subtracted from it.

The equations are those of RLEF (arXiv 2410.02089), section 2.2. Everything is NumPy in double precision, so nothing
here can carry a gradient. An array over turns has one entry per response, episode after episode, oldest first; one over
tokens has an entry per sampled token, in the same order. Prompt, feedback and padding tokens have no entry anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Group", "advantages", "bootstrapped", "group_advantages", "groups_of", "normalised",
    "returns_to_go", "rewards_with_kl", "turn_means",
]  # fmt: skip

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


class Group(NamedTuple):
    """The episodes of one problem in an update.

    Attributes:
        mean: of their returns, KL included.
        std: of their rewards without KL.
    """

    mean: float
    std: float


def groups_of(episodes: Iterable[tuple[str, float, float]]) -> dict[str, Group]:
    """The groups of an update, by problem.

    Args:
        episodes: of all processes: problem, return with KL, and return without.
    """
    members: dict[str, list[tuple[float, float]]] = {}
    for problem, whole, outcome in episodes:
        members.setdefault(problem, []).append((whole, outcome))
    return {
        problem: Group(float(np.mean([each[0] for each in those])), float(np.std([each[1] for each in those])))
        for problem, those in members.items()
    }


def group_advantages(returns: Array, problems: Sequence[str], groups: Mapping[str, Group], scale: bool) -> Array:
    """An episode's return, less the mean over all episodes of its problem (GRPO, arXiv 2402.03300, eq. 3).

    Args:
        returns: of each episode, KL included, ``(episodes,)``.
        problems: of each episode.
        groups: of ``groups_of``; every problem has one there.
        scale: also divide by the standard deviation of the group's rewards, without KL: where all episodes of a group
            fared alike, dividing by the spread of KL would make a signal of size 1 out of it. Such a group is centred
            alone, so that only KL is left in it, and the sum over a group is 0 in any case.
    """
    found = [groups[problem] for problem in problems]
    means, stds = (np.array([group[column] for group in found], np.float64) for column in range(2))
    return np.asarray((returns - means) / np.where(scale & (stds > SMALLEST_STD), stds, 1.0))


def normalised(values: Array, weights: Array, total: Callable[[Array], Array] = lambda sums: sums) -> Array:
    """Mean 0 and standard deviation 1 under ``weights``, over all processes. A lone number stays as it is.

    Args:
        values: this process's.
        weights: how much each counts: ones for statistics over turns, lengths for statistics over tokens. What has
            weight 0 is not looked at, whatever it is, and is 0 in the result.
        total: sums an array over all processes.
    """
    result, counted = np.zeros(len(values)), weights > 0
    values, weights = values[counted], weights[counted]
    count, summed, entries = total(np.array([weights.sum(), (weights * values).sum(), float(len(values))]))
    if entries < 2:
        result[counted] = values
        return result
    centred = values - summed / count
    std = float(np.sqrt(total(np.array([(weights * centred**2).sum()]))[0] / count))
    result[counted] = centred / std if std > SMALLEST_STD else centred
    return result
