"""Draw tokens. A draw depends on a request's seed and its own distribution, not on the batch that it is part of.

The method is a race of exponential clocks: with independent ``E ~ Exp(1)`` for each token of the vocabulary,
``argmax(p / E)`` is distributed as ``p`` (the Gumbel-max trick without its second logarithm). The clocks are a hash of
the request's key for this position and of the token's index in the vocabulary. So they are the same on every device, in
every row and in every batch, and there is no state of a random generator to keep.

Training samples from the whole vocabulary, because that is what the learner scores. Top-p is for evaluation only; top-k
and min-p are not supported.
"""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["clocks", "sample", "token_keys"]

_LOW_16, _LOW_17, _LOW_31 = (1 << 16) - 1, (1 << 17) - 1, (1 << 31) - 1
_SPREAD = 0x9E3779B1 - (1 << 32)  # odd, so no two indices meet; 2**32 over the golden ratio (Knuth, TAOCP 6.4)
_FACTORS = (0x7FEB352D, 0x846CA68B - (1 << 32))  # multipliers of the hash "lowbias32" (C. Wellons, hash-prospector)


def token_keys(seed: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """Return the random keys of a request's tokens, of shape ``(count, 2)``: one row per token that may be sampled."""
    bounds = np.iinfo(np.int32)
    return np.random.default_rng(abs(seed) * 2 + (seed < 0)).integers(
        bounds.min, bounds.max, (count, 2), dtype=np.int32, endpoint=True
    )


def sample(
    logits: torch.Tensor, temperature: float, keys: torch.Tensor, top_p: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a token for each row.

    Args:
        logits: logits of shape ``(batch, vocabulary)``, float32.
        temperature: divisor of the logits; 0 takes the most likely token.
        keys: random keys of the tokens to draw, of shape ``(batch, 2)``, int32.
        top_p: draw only from the fewest likeliest tokens whose total probability reaches this.

    Returns:
        The tokens, and their log-probabilities at this temperature (at 1 if it is 0), normalised over the tokens that
        can be drawn; each of shape ``(batch,)``.
    """
    probabilities = (logits / temperature if temperature not in (0, 1) else logits).softmax(-1)
    if top_p < 1 and temperature:
        probabilities = likeliest(probabilities, top_p)
    drawn = logits.argmax(-1) if temperature == 0 else (probabilities / clocks(keys, logits.shape[-1])).argmax(-1)
    return drawn, probabilities.gather(-1, drawn[:, None])[:, 0].log()


def likeliest(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """Keep the fewest likeliest of each row whose sum reaches ``top_p``, and scale their sum to 1; set others to 0."""
    falling, places = probabilities.sort(dim=-1, descending=True, stable=True)
    falling = falling.masked_fill(falling.cumsum(-1) - falling >= top_p, 0.0)
    return torch.zeros_like(probabilities).scatter_(-1, places, falling / falling.sum(-1, keepdim=True))


def clocks(keys: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """Return Exp(1) variables of shape ``(batch, vocabulary)`` for keys of shape ``(batch, 2)``."""
    bits = torch.arange(vocabulary, dtype=torch.int32, device=keys.device).mul_(_SPREAD) ^ keys[:, :1]
    bits.mul_(_FACTORS[0])
    bits ^= (bits >> 15).bitwise_and_(_LOW_17)  # the mask removes the sign bits that an arithmetic shift inserts
    bits += keys[:, 1:]
    bits.mul_(_FACTORS[1])
    bits ^= (bits >> 16).bitwise_and_(_LOW_16)
    uniform = bits.bitwise_and_(_LOW_31).float().add_(0.5).mul_(2.0**-31)
    return uniform.neg_().log1p_().neg_()  # most precise near 0, where tokens win; infinite at 1, which never wins
