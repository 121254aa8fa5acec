"""Log-probability and entropy of sampled tokens from features: head, softmax and their gradient, some tokens at a time.

The gradient of a token's log-probability by its logits is the token itself less the softmax, so only one number a token
comes from the loss. Where the head is not trained (adapters), its product with the softmax is computed in the forward
pass, and no logits are kept. Else those of a few tokens are kept, and those of more are computed again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from rlef_agents.ppo.products import linear

__all__ = ["logits_at_once", "logits_of", "score_tokens"]

HEAD_CHUNK: Final = 2048
"""Tokens up to which numbers as large as the logits are kept: a gigabyte with a vocabulary of 128,256."""

LOGITS_AT_ONCE: Final = 1 << 23
"""Largest number of logits computed at a time."""


def score_tokens(
    head: nn.Module, features: Tensor, labels: Tensor, temperature: float, entropy_gradient: bool = False
) -> tuple[Tensor, Tensor]:
    """Compute log-probability and entropy of each label, ``(tokens,)`` each, with few logits in memory at a time.

    Args:
        head: layer from features to logits.
        features: features that predict the labels, ``(tokens, width)``.
        labels: sampled tokens, ``(tokens,)``.
        temperature: divisor of the logits.
        entropy_gradient: give the entropy a gradient, too.
    """
    weight: Any = head.weight
    plain = type(head) is nn.Linear and type(weight) is nn.Parameter and head.bias is None
    if plain and not entropy_gradient and weight.dtype == torch.float32:
        with torch.autocast(features.device.type, enabled=False):
            scores = _Scores.apply if torch.is_grad_enabled() else _scores
            found: tuple[Tensor, Tensor] = scores(features.float(), weight, labels, temperature)
        return found
    pieces = []
    for part, wanted in zip(torch.split(features, HEAD_CHUNK), torch.split(labels, HEAD_CHUNK), strict=True):
        if torch.is_grad_enabled() and len(features) > HEAD_CHUNK:
            pieces.append(checkpoint(_score, head, part, wanted, temperature, entropy_gradient, use_reentrant=False))
        else:
            pieces.append(_score(head, part, wanted, temperature, entropy_gradient))
    logprobs, entropy = zip(*pieces, strict=True)
    return torch.cat(logprobs), torch.cat(entropy)


def logits_at_once(tokens: int, vocabulary: int, trained: bool) -> int:
    """Return the largest number of floats as large as logits in memory, for the scores of tokens and their gradient.

    Args:
        tokens: number of tokens of a micro-batch.
        vocabulary: number of logits of a token.
        trained: whether the head is trained.
    """
    piece = min(tokens, max(1, LOGITS_AT_ONCE // vocabulary)) * vocabulary
    return 3 * piece + (tokens * vocabulary if trained and tokens <= HEAD_CHUNK else 0)


def logits_of(head: nn.Module, features: Tensor) -> Tensor:
    """Apply the head in float32, whatever type the features have."""
    with torch.autocast(features.device.type, enabled=False):
        logits: Tensor = head(features.float())
    return logits


def _score(
    head: nn.Module, features: Tensor, labels: Tensor, temperature: float, entropy_gradient: bool
) -> tuple[Tensor, Tensor]:
    every = (logits_of(head, features) / temperature).log_softmax(-1)
    logprobs = every.gather(-1, labels[:, None]).squeeze(-1)
    every = every if entropy_gradient else every.detach()
    return logprobs, -(every.exp() * every).sum(-1)


class _Scores(torch.autograd.Function):
    """``_score`` of a head without bias; only the log-probabilities have a gradient."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, labels: Tensor, temperature: float
    ) -> tuple[Tensor, Tensor]:
        to_features, to_head = ctx.needs_input_grad[:2]
        ctx.temperature = temperature
        slopes = torch.empty_like(features) if to_features and not to_head else None
        kept: list[Tensor] | None = [] if to_head and len(features) <= HEAD_CHUNK else None
        logprobs, entropy = _scores(features, weight, labels, temperature, slopes, kept)
        ctx.save_for_backward(slopes, *((features, weight, labels, *(kept or ())) if to_head else ()))
        ctx.mark_non_differentiable(entropy)
        return logprobs, entropy

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        slopes, *others = ctx.saved_tensors
        if not others:
            return None if slopes is None else slopes * gradient[:, None], None, None, None
        features, weight, labels, *kept = others
        to_features = torch.empty_like(features) if ctx.needs_input_grad[0] else None
        to_weight = torch.zeros_like(weight)
        for number, rows in enumerate(_pieces(len(features), weight)):
            powers = kept[number] if kept else _powers(features[rows], weight, labels[rows], ctx.temperature).powers
            scale = gradient[rows] / ctx.temperature
            part = powers * (-scale / powers.sum(-1))[:, None]
            part[torch.arange(len(part), device=part.device), labels[rows]] += scale
            if to_features is not None:
                to_features[rows] = linear(part, weight.t())
            to_weight += linear(part.t(), features[rows].t())
        return to_features, to_weight, None, None


def _scores(
    features: Tensor,
    weight: Tensor,
    labels: Tensor,
    temperature: float,
    slopes: Tensor | None = None,
    kept: list[Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute log-probability and entropy; fill ``slopes``, the gradients of log-probabilities by features.

    The exponentials of the logits are appended to ``kept``.
    """
    logprobs, entropy = (torch.empty(len(features), device=features.device) for _ in range(2))
    for rows in _pieces(len(features), weight):
        powers, total, logprobs[rows], entropy[rows] = _powers(features[rows], weight, labels[rows], temperature)
        if slopes is not None:
            slopes[rows] = (weight[labels[rows]] - linear(powers, weight.t()) / total[:, None]) / temperature
        if kept is not None:
            kept.append(powers)
    return logprobs, entropy


class _Powers(NamedTuple):
    """Exponentials of logits less their maximum ``(tokens, vocabulary)``, their sum, log-probability and entropy."""

    powers: Tensor
    total: Tensor
    logprobs: Tensor
    entropy: Tensor


def _powers(features: Tensor, weight: Tensor, labels: Tensor, temperature: float) -> _Powers:
    logits = linear(features, weight)
    if temperature != 1.0:
        logits /= temperature
    logits -= logits.amax(-1, keepdim=True)
    powers = logits.exp()
    total = powers.sum(-1)
    log_sum = total.log()
    mean = torch.linalg.vecdot(powers, logits) / total
    return _Powers(powers, total, logits.gather(-1, labels[:, None])[:, 0] - log_sum, log_sum - mean)


def _pieces(tokens: int, weight: Tensor) -> list[slice]:
    size = max(1, LOGITS_AT_ONCE // len(weight))
    return [slice(start, min(start + size, tokens)) for start in range(0, tokens, size)]
