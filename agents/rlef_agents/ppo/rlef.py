"""RLEF's mathematics (Gehring et al., arXiv 2410.02089) on one page: rewards, returns, advantages, losses.

An episode is a dialogue: prompt c_1, response a_1, feedback, response a_2, and so on. c_t is everything before a_t, and
a_tj is token j of response t. pi is the policy, pi_old the policy at the start of the update, pi_b the policy that
sampled, rho the policy before training, V the critic. An action of the MDP is one response. (1) to (3) are the paper's
section 2.2, (4) to (6) its appendix on training. The equation numbers are ours, and the same as in ``plain.py``:

    (1)  R_t  = r_t - beta * mean_j [log pi_old(a_tj) - log rho(a_tj)]                      ``rewards_with_kl``
    (2)  G_t  = sum_{i >= t} R_i                                                            ``returns_to_go``
    (3)  A_t  = G_t - V_old(c_t), then mean 0 and deviation 1                            ``advantages``, ``normalised``
    (4)  q_tj = pi(a_tj) / pi_old(a_tj) * stop_gradient(min(pi_x(a_tj) / pi_b(a_tj), 1))    ``importance_factor``
    (5)  L_pi = -mean_tj min(q_tj A_t, clip(q_tj, 1 - eps, 1 + eps) A_t)                    ``policy_loss``
    (6)  L_V  = mean_t 1/2 max[(V - G_t)^2, (clip(V, V_old - alpha, V_old + alpha) - G_t)^2]    ``value_loss``

``make_targets`` applies (1) to (3) to a batch, in double precision and with NumPy, so that no gradient can pass. An
array over turns has one entry per response, episode after episode, oldest first. An array over tokens has one entry per
sampled token, in the same order. Tokens of prompts and feedback have no entry anywhere, so no mask can be wrong.

The losses take tensors and return a scalar and sums for metrics. Each loss is a sum divided by a count that the caller
passes. The count is taken over all micro-batches and all processes, so the gradient does not depend on how a batch is
split.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.groups import SMALLEST_STD, group_advantages
from rlef_agents.ppo.packing import FlatBatch

__all__ = [
    "Scored", "Targets", "advantages", "bootstrapped", "entropy_loss", "importance_factor", "make_targets",
    "minibatch_normalised", "normalised", "policy_loss", "returns_to_go", "rewards_with_kl", "turn_means", "value_loss",
]  # fmt: skip

Array: TypeAlias = npt.NDArray[np.float64]
Index: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

LARGEST_LOG_RATIO: Final = 20.0
"""exp of a larger number can overflow, and infinity times the zero gradient of a clipped token is NaN."""


class Scored(NamedTuple):
    """Scores of a batch by the weights at the start of an update.

    Attributes:
        old: log pi_old of the sampled tokens, ``(tokens,)``.
        reference: log rho of the sampled tokens, ``(tokens,)``.
        entropy: entropy of the policy at each sampled token, ``(tokens,)``.
        values: V_old, ``(turns,)``; with a token-level value ``(tokens,)``.
    """

    old: Array
    reference: Array
    entropy: Array
    values: Array


class Targets(NamedTuple):
    """Constants of the losses of a batch.

    Attributes:
        advantages: A for each token, ``(tokens,)``; 0 where a response is masked.
        returns: G, the target of V, of the shape of V.
        weights: weight of each token in the policy loss, ``(tokens,)``; 0 where a response is masked.
        trained: tokens with a policy gradient, ``(tokens,)``: all except those of masked responses.
        valued: entries of ``returns`` with a value gradient: all except those of masked responses.
    """

    advantages: Array
    returns: Array
    weights: Array
    trained: Mask
    valued: Mask


def make_targets(config: TrainConfig, flat: FlatBatch, scored: Scored, problems: Sequence[str]) -> Targets:
    """Compute the targets of a batch, equations (1) to (3); all processes call it at once.

    With ``truncated="mask"`` a response that the length limit ended is in no statistic and in no loss, not even the
    critic's, and has no KL: its scores change nothing. Its reward stays in the returns of the responses *before* it,
    because they led to it.

    Args:
        config: ``estimator``, ``beta``, ``normalise``, ``truncated`` and ``aggregate`` are read.
        flat: the batch.
        scored: its scores.
        problems: problem id of each episode.
    """
    lengths, token_values = flat.lengths, config.estimator == "token_value"
    rewards = flat.rewards
    if config.truncated == "bootstrap":
        before = scored.values[flat.starts] if token_values else scored.values
        rewards = bootstrapped(rewards, before, flat.truncated, flat.last)
    counted = ~flat.truncated if config.truncated == "mask" else np.ones(len(lengths), bool)
    trained = np.repeat(counted, lengths)
    kl = np.where(counted, turn_means(scored.old - scored.reference, lengths), 0.0)
    returns = returns_to_go(rewards_with_kl(rewards, kl, config.beta), flat.episodes)
    if config.estimator == "group":
        outcomes = returns_to_go(rewards, flat.episodes)
        raw = group_advantages(returns, outcomes, flat.episodes, problems, counted, config.normalise == "group")
    else:
        raw = advantages(config.estimator, returns, scored.values, lengths)
    # A token-level value makes every token a decision of its own, so statistics are over tokens.
    valued = trained if token_values else counted
    if config.normalise in ("turns", "tokens"):
        by_length = config.normalise == "tokens" and not token_values
        each = lengths.astype(np.float64) if by_length else np.ones(len(raw))
        raw = normalised(raw, valued * each, parallel.total)
    return Targets(
        advantages=np.where(trained, raw if token_values else np.repeat(raw, lengths), 0.0),
        returns=np.repeat(returns, lengths) if token_values else returns,
        weights=trained * (np.repeat(1.0 / lengths, lengths) if config.aggregate == "turn" else np.ones(len(trained))),
        trained=trained,
        valued=valued,
    )


def turn_means(per_token: npt.NDArray[Any], lengths: Index) -> Array:
    """Average over the tokens of each response: ``(tokens,)`` in, ``(turns,)`` out."""
    if not len(lengths):
        return np.zeros(0)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    return np.asarray(np.add.reduceat(np.asarray(per_token, np.float64), starts) / lengths)


def rewards_with_kl(rewards: npt.NDArray[Any], kl: npt.NDArray[Any], beta: float) -> Array:
    """Equation (1), section 2.2: ``R(s, a) = r(s, a) - beta * log[pi(a|c) / rho(a|c)]`` per turn.

    Args:
        rewards: rewards of the environment, ``(turns,)``.
        kl: ``turn_means(log pi - log rho)``. The paper takes the geometric mean of the token probabilities, because
            their product would favour short responses (section 2.2).
        beta: 0.05 in the paper.
    """
    return np.asarray(rewards, np.float64) - beta * np.asarray(kl, np.float64)


def bootstrapped(rewards: Array, values: Array, truncated: Mask, last: Mask) -> Array:
    """Replace the reward by V(c) where the length limit ended an episode's last response. Not in the paper."""
    return np.where(truncated & last, values, rewards)


def returns_to_go(rewards: Array, episodes: Index) -> Array:
    """Equation (2), section 2.2: ``G_t = sum_{i >= t} R_i``, not discounted (gamma is 1), within each episode.

    Args:
        rewards: rewards with KL, ``(turns,)``.
        episodes: episode number of each turn, ``(turns,)``, ascending.
    """
    returns = rewards.copy()
    for turn in range(len(returns) - 2, -1, -1):
        if episodes[turn] == episodes[turn + 1]:
            returns[turn] += returns[turn + 1]
    return returns


def advantages(estimator: str, returns: Array, values: Array, lengths: Index) -> Array:
    """Equation (3), first part, section 2.2: ``A_t = G_t - V(c_t)``, one number for all tokens of a response.

    Args:
        estimator: ``turn_value`` (the paper); ``token_value`` (its ablation: V is read before every token, so the
            result is over tokens); ``reinforce`` (no baseline).
        returns: G, ``(turns,)``.
        values: V, ``(turns,)``; for ``token_value`` ``(tokens,)``; not read by ``reinforce``.
        lengths: sampled tokens per turn, ``(turns,)``.
    """
    if estimator == "turn_value":
        return returns - values
    if estimator == "token_value":
        return np.asarray(np.repeat(returns, lengths) - values)
    if estimator == "reinforce":
        return returns.copy()
    raise ValueError(f"estimator: expected 'turn_value', 'token_value' or 'reinforce', got {estimator!r}")


def normalised(values: Array, weights: Array, total: Callable[[Array], Array] = lambda sums: sums) -> Array:
    """Equation (3), second part: scale to mean 0 and standard deviation 1 under ``weights``, over all processes.

    The paper says "normalized" and does not say over what. A single value is returned as it is.

    Args:
        values: values of this process.
        weights: 1 per value for statistics over turns, the response's length for statistics over tokens. Values with
            weight 0 are not read and are 0 in the result.
        total: function that sums an array over all processes.
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


def minibatch_normalised(targets: Targets, flat: FlatBatch, mine: Mask, token_values: bool) -> Array:
    """Return advantages normalised over one minibatch; all processes call it at once.

    Args:
        targets: targets of the batch; masked responses do not count.
        flat: the batch.
        mine: turns of this process in the minibatch, ``(turns,)``.
        token_values: compute statistics over tokens instead of turns.
    """
    tokens = np.repeat(mine, flat.lengths)
    places = np.flatnonzero(tokens) if token_values else flat.starts[mine]
    scaled = normalised(targets.advantages[places], targets.trained[places].astype(np.float64), parallel.total)
    result = targets.advantages.copy()
    result[tokens] = scaled if token_values else np.repeat(scaled, flat.lengths[mine])
    return result


def importance_factor(numerator: Tensor, behaviour: Tensor) -> Tensor:
    """Equation (4): ``stop_gradient(min(pi_x / pi_b, 1))`` per token, for responses sampled with older weights."""
    return (numerator.detach() - behaviour).clamp(-LARGEST_LOG_RATIO, 0.0).exp()


def policy_loss(
    logprobs: Tensor,
    old: Tensor,
    behaviour: Tensor,
    advantages: Tensor,
    weights: Tensor,
    count: float,
    clip: float = 0.2,
    importance: str = "old",
    stale: Tensor | None = None,
) -> tuple[Tensor, dict[str, Tensor]]:
    """Equation (5): ``-sum w min(q A, clip(q, 1 - eps, 1 + eps) A) / count`` with ``q = pi / pi_old * factor``.

    The paper prints the factor as a part of the ratio, so the clip applies to both.

    Args:
        logprobs: log pi of the sampled tokens, ``(tokens,)``; the only argument that may have a gradient.
        old: log pi_old: scores of the same tokens at the start of the update.
        behaviour: log pi_b, as the generator reported it when it sampled the token.
        advantages: A of the response, for each of its tokens.
        weights: 1 for a mean over tokens; 1 / length of the response for a mean over responses.
        count: divisor of the sum: the tokens, or the responses, of the minibatch in all processes.
        clip: eps; 0.2 in the paper.
        importance: pi_x of the factor. ``theta`` is pi, as the paper prints it; ``old`` is pi_old, which keeps the
            ratio at pi / pi_old; ``none`` is no factor.
        stale: tokens sampled with weights older than pi_old, ``(tokens,)``; all where None. The factor of other tokens
            is 1: for them pi_b is pi_old, and a factor made of the generator's rounding (large in bfloat16) would take
            the gradient of tokens with a negative advantage only, because r < 1 - eps is clipped there.

    Returns:
        The loss, and sums over tokens: ratio, clipped, approx_kl (k3, pi_old to pi), importance, importance_squared.
    """
    refuse_gradients(old=old, behaviour=behaviour, advantages=advantages, weights=weights)
    log_ratio = (logprobs - old).clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)
    if importance == "none":
        factor = torch.ones_like(old)
    elif importance in ("old", "theta"):
        factor = importance_factor(old if importance == "old" else logprobs, behaviour)
    else:
        raise ValueError(f"importance: expected 'old', 'theta' or 'none', got {importance!r}")
    if stale is not None:
        factor = torch.where(stale, factor, torch.ones_like(factor))
    ratio = log_ratio.exp()
    q = ratio * factor
    unclipped, clipped = q * advantages, q.clamp(1.0 - clip, 1.0 + clip) * advantages
    loss = -(weights * torch.minimum(unclipped, clipped)).sum() / count
    with torch.no_grad():
        sums = {
            "ratio": ratio.sum(),
            "clipped": (clipped < unclipped).sum(),
            "approx_kl": (ratio - 1.0 - log_ratio).sum(),
            "importance": factor.sum(),
            "importance_squared": factor.square().sum(),
        }
    return loss, {name: value.detach() for name, value in sums.items()}


def value_loss(
    values: Tensor, old: Tensor, returns: Tensor, count: float, clip: float = 0.2
) -> tuple[Tensor, dict[str, Tensor]]:
    """Equation (6): ``1/2 sum max[(V - G)^2, (clip(V, V_old - alpha, V_old + alpha) - G)^2] / count``.

    Args:
        values: V(c) now, ``(turns,)``; with a token-level value ``(tokens,)``.
        old: V(c) at the start of the update.
        returns: G: returns with KL, not discounted.
        count: number of values in the minibatch, in all processes.
        clip: alpha; 0.2 in the paper.

    Returns:
        The loss, and the sum ``value_clipped``.
    """
    refuse_gradients(old=old, returns=returns)
    inside = torch.minimum(torch.maximum(values, old - clip), old + clip)
    plain, clipped = (values - returns).square(), (inside - returns).square()
    loss = 0.5 * torch.maximum(plain, clipped).sum() / count
    return loss, {"value_clipped": (clipped > plain).sum().detach()}


def entropy_loss(entropy: Tensor, weights: Tensor, count: float) -> Tensor:
    """Minus the mean entropy of the policy at the sampled tokens, ``(tokens,)``. Not in the paper."""
    return -(weights * entropy).sum() / count


def refuse_gradients(**constants: Tensor) -> None:
    """Raise where a constant of a loss requires a gradient: only new log-probabilities and values may."""
    for name, constant in constants.items():
        if constant.requires_grad:
            raise ValueError(f"{name}: expected a tensor without gradient, got one that requires it; detach it first")
