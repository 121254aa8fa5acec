"""Draw tokens. A draw depends on a request's seed and its own distribution, not on the batch that it is part of.

Each token of a response has a uniform number of its own. The token is the first at which the sum of the weights
``exp(logit)``, in the order of the vocabulary, exceeds that share of the whole sum. Sums are made block by block, and
only one block is summed token by token: over a vocabulary of 50,000 this costs little more than the exponentials.

Training samples from the whole vocabulary, because that is what the learner scores. Top-p is for evaluation only; top-k
and min-p are not supported.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["likeliest", "sample", "uniforms"]

BLOCK: Final = 256
"""Tokens whose weights are summed together."""

MOST: Final = 1 - 2.0**-52
"""Largest share of a sum; the product of both is then smaller than the sum, also when it is rounded."""


def uniforms(seed: int, count: int) -> npt.NDArray[np.float64]:
    """Return a request's random numbers from 0 to 1, of shape ``(count,)``: one for each token that may be sampled."""
    return np.random.default_rng(abs(seed) * 2 + (seed < 0)).random(count)


def sample(
    logits: torch.Tensor, temperature: float, shares: torch.Tensor, top_p: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a token for each row.

    Args:
        logits: logits of shape ``(batch, vocabulary)``, float32.
        temperature: divisor of the logits; 0 takes the most likely token.
        shares: random numbers from 0 to 1 of the tokens to draw, of shape ``(batch,)``, float64.
        top_p: draw only from the fewest likeliest tokens whose total probability reaches this.

    Returns:
        The tokens, and their log-probabilities at this temperature (at 1 if it is 0), normalised over the tokens that
        can be drawn; each of shape ``(batch,)``.
    """
    batch, vocabulary = logits.shape
    blocks = -(-vocabulary // BLOCK)
    weights = logits.new_empty(batch, blocks * BLOCK)
    weights[:, vocabulary:] = 0.0
    part = weights[:, :vocabulary]
    torch.sub(logits, logits.amax(-1, keepdim=True), out=part)
    if temperature not in (0, 1):
        part.div_(temperature)
    part.exp_()
    if top_p < 1 and temperature:
        part, tokens = likeliest(part, top_p)
        place, _ = _find(part.double(), shares)
        whole = part.sum(-1, dtype=torch.float64)
        return _at(tokens, place), (_at(part, place) / whole).log().float()
    by_block = weights.view(batch, blocks, BLOCK)
    sums = by_block.sum(-1).double()
    if temperature:
        block, rest = _find(sums, shares)
        within, _ = _find(by_block[torch.arange(batch, device=logits.device), block].double(), rest)
        drawn = (block * BLOCK + within).clamp_(max=vocabulary - 1)  # beyond it only where weights are not numbers
    else:
        drawn = logits.argmax(-1)
    return drawn, (_at(weights, drawn) / sums.sum(-1)).log().float()


def likeliest(weights: torch.Tensor, top_p: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Select the fewest likeliest of each row whose share of its sum reaches ``top_p``.

    Few tokens are sorted: those lighter than the mean times ``1 - top_p`` have, together, less than this share of the
    sum, so that none of them is needed. Half of that bound leaves room for rounding.

    Returns:
        Their weights in falling order, of equal ones the first of the vocabulary first, and then zeros; and their
        tokens; each of shape ``(batch, number)``.
    """
    sums = weights.sum(-1, keepdim=True, dtype=torch.float64)
    heavy = weights >= weights.amax(-1, keepdim=True).minimum((sums * ((1 - top_p) / 2 / weights.shape[-1])).float())
    rows, columns = heavy.nonzero(as_tuple=True)
    counts = heavy.sum(-1)
    places = torch.arange(len(rows), device=rows.device) - (counts.cumsum(-1) - counts)[rows]
    shape = len(weights), max(1, int(counts.max()))  # none are heavy where they are not numbers
    some, tokens = weights.new_zeros(shape), rows.new_zeros(shape)
    some[rows, places], tokens[rows, places] = weights[rows, columns], columns
    falling, order = some.sort(dim=-1, descending=True, stable=True)
    before = falling.cumsum(-1, dtype=torch.float64) - falling
    return falling.masked_fill(before >= top_p * sums, 0.0), tokens.gather(-1, order)


def _find(weights: torch.Tensor, shares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the first places of rows where their running sum exceeds a share of the whole, and the share within."""
    sums = weights.cumsum(-1)
    wanted = sums[:, -1] * shares.clamp(0.0, MOST)
    found = torch.searchsorted(sums, wanted[:, None], right=True)[:, 0].clamp_(max=weights.shape[-1] - 1)
    own = _at(weights, found)
    return found, (wanted - (_at(sums, found) - own)) / own


def _at(values: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    return values.gather(-1, places[:, None])[:, 0]
