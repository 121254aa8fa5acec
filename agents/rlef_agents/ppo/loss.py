"""The losses of RLEF (arXiv 2410.02089, appendix on training): policy clipped per token, value clipped per turn.

Pure functions: tensors in, a scalar and sums for metrics out. Every loss is a sum divided by a count that the caller
passes in, taken over all micro-batches and all processes, so that however a batch is split its gradient is the same.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

__all__ = ["IMPORTANCE", "entropy_loss", "importance_factor", "policy_loss", "value_loss"]

IMPORTANCE: Final = ("old", "theta", "none")
LARGEST_LOG_RATIO: Final = 20.0
"""exp beyond it can overflow, and infinity times the zero gradient of a clipped token is NaN."""


def importance_factor(numerator: Tensor, behaviour: Tensor) -> Tensor:
    """``stop_gradient(min(pi_x / pi_b, 1))`` per token: for responses sampled with weights that are not the newest."""
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
    """``-sum w min(r A, clip(r, 1 - eps, 1 + eps) A) / count`` with ``r = pi / pi_old * factor``.

    The factor is a part of r as the paper prints it, so it is inside of the clip, too.

    Args:
        logprobs: log pi of the sampled tokens, ``(tokens,)``; the only argument that may carry a gradient.
        old: log pi_old: of the policy at the start of the update, scored as ``logprobs`` is.
        behaviour: log pi_b: what the sampler said when it drew the token.
        advantages: the response's, for each of its tokens.
        weights: 1 for a mean over tokens, 1 / length of the response for a mean over responses.
        count: what the sum is divided by: all tokens, or all responses, of the minibatch in all processes.
        clip: eps; 0.2 in the paper.
        importance: pi_x in the factor: ``theta`` is what the paper prints, ``old`` keeps pi / pi_old at 1 in the
            first step, ``none`` is no factor.
        stale: which tokens were sampled with weights before those of pi_old, ``(tokens,)``; all where None. The others
            have a factor of 1: for them pi_b is pi_old, and what a sampler's rounding makes of it, in bfloat16 above
            all, would take the gradient of bad tokens alone: r < 1 - eps with a negative advantage is clipped.

    Returns:
        The loss, and sums over tokens: ratio, clipped, approx_kl (k3, pi_old to pi), importance, importance_squared.
    """
    refuse_gradients(old=old, behaviour=behaviour, advantages=advantages, weights=weights)
    log_ratio = (logprobs - old).clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO)
    if importance == "none":
        factor = torch.ones_like(old)
    elif importance in IMPORTANCE:
        factor = importance_factor(old if importance == "old" else logprobs, behaviour)
    else:
        raise ValueError(f"importance: expected one of {', '.join(IMPORTANCE)}; got {importance!r}")
    if stale is not None:
        factor = torch.where(stale, factor, torch.ones_like(factor))
    ratio = log_ratio.exp()
    r = ratio * factor
    unclipped, clipped = r * advantages, r.clamp(1.0 - clip, 1.0 + clip) * advantages
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
    """``1/2 sum max[(V - R)^2, (clip(V, V_old - alpha, V_old + alpha) - R)^2] / count``.

    Args:
        values: V(c) now, ``(turns,)``, or ``(tokens,)`` with a token-level value.
        old: V(c) at the start of the update.
        returns: return-to-go with KL, undiscounted.
        count: how many values the minibatch has in all processes.
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
    """Minus the mean entropy of the policy at the sampled tokens, ``(tokens,)``; not in the paper."""
    return -(weights * entropy).sum() / count


def refuse_gradients(**constants: Tensor) -> None:
    """Everything but the new log-probabilities and values is a constant of the loss."""
    for name, constant in constants.items():
        if constant.requires_grad:
            raise ValueError(f"{name}: expected a tensor without gradient, got one that requires it; detach it first")
