"""Draw tokens so that what is drawn depends on a request's seed and its own distribution, not on the batch it is in.

A race of exponential clocks: with independent ``E ~ Exp(1)`` for each token of the vocabulary, ``argmax(p / E)`` is
distributed as ``p`` (the Gumbel-max trick without its second logarithm). The clocks come from a hash of the request's
key for this token and of the vocabulary's index, so that they are the same on every device, in every row and beside
every neighbour, and no generator's state is carried along.

Training samples from the whole vocabulary, as that is what the learner scores; top-p is for evaluation, and there is no
top-k or min-p.
"""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["clocks", "sample", "token_keys"]

_LOW_16, _LOW_17, _LOW_31 = (1 << 16) - 1, (1 << 17) - 1, (1 << 31) - 1
_SPREAD = 0x9E3779B1 - (1 << 32)  # odd, so no two indices meet; 2**32 over the golden ratio (Knuth, TAOCP 6.4)
_FACTORS = (0x7FEB352D, 0x846CA68B - (1 << 32))  # of the mixer "lowbias32" (C. Wellons, hash-prospector)


def token_keys(seed: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """The keys of a request's tokens, of shape ``(count, 2)``: one row for each token that it may sample."""
    bounds = np.iinfo(np.int32)
    return np.random.default_rng(abs(seed) * 2 + (seed < 0)).integers(
        bounds.min, bounds.max, (count, 2), dtype=np.int32, endpoint=True
    )


def sample(
    logits: torch.Tensor, temperature: float, keys: torch.Tensor, top_p: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a token for each row.

    Args:
        logits: of shape ``(batch, vocabulary)``, in float32.
        temperature: what logits are divided by; 0 takes the most likely token.
        keys: of the tokens to draw, of shape ``(batch, 2)``, int32.
        top_p: draw among the likeliest tokens alone: as few as have so much of the probability together.

    Returns:
        The tokens, and their log-probabilities at this temperature (at 1 where it is 0) and among these tokens, each
        of shape ``(batch,)``.
    """
    probabilities = (logits / temperature if temperature not in (0, 1) else logits).softmax(-1)
    if top_p < 1 and temperature:
        probabilities = likeliest(probabilities, top_p)
    drawn = logits.argmax(-1) if temperature == 0 else (probabilities / clocks(keys, logits.shape[-1])).argmax(-1)
    return drawn, probabilities.gather(-1, drawn[:, None])[:, 0].log()


def likeliest(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """The likeliest of each row, as few as have ``top_p`` together, scaled to 1; the others are 0."""
    falling, places = probabilities.sort(dim=-1, descending=True, stable=True)
    falling = falling.masked_fill(falling.cumsum(-1) - falling >= top_p, 0.0)
    return torch.zeros_like(probabilities).scatter_(-1, places, falling / falling.sum(-1, keepdim=True))


def clocks(keys: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """Exp(1) variables: of keys of shape ``(batch, 2)``, those of shape ``(batch, vocabulary)``."""
    bits = torch.arange(vocabulary, dtype=torch.int32, device=keys.device).mul_(_SPREAD) ^ keys[:, :1]
    bits.mul_(_FACTORS[0])
    bits ^= (bits >> 15).bitwise_and_(_LOW_17)  # a shift of signed integers drags the sign along
    bits += keys[:, 1:]
    bits.mul_(_FACTORS[1])
    bits ^= (bits >> 16).bitwise_and_(_LOW_16)
    uniform = bits.bitwise_and_(_LOW_31).float().add_(0.5).mul_(2.0**-31)
    return uniform.neg_().log1p_().neg_()  # finest near 0, where races are won; infinite at 1, which wins none
