"""Memory for pending responses: one row each, in preallocated tensors."""

from __future__ import annotations

import torch

from rlef_agents.ppo.generation.local.decoder import Decoder

__all__ = ["KVRows"]


class KVRows:
    """Rows of equal capacity. The rows in use are always the first ones.

    Args:
        decoder: decoder that determines the shape and dtype of keys and values.
        count: number of rows.
        capacity: number of tokens that fit into each row.

    Attributes:
        numbers: 0, 1, ..., of shape ``(count,)``.
        pool: keys and values, of shape ``(layers, 2, count, heads, capacity, head size)``.
        ids: context and sampled tokens, of shape ``(count, capacity)``.
        logprobs: log-probabilities of sampled tokens, at their positions, of shape ``(count, capacity)``.
        keys: random keys that decide how a token is drawn, at its position, of shape ``(count, capacity, 2)``.
        lengths: number of tokens in a row, of shape ``(count,)``.
        limits: number of tokens at which a row ends, of shape ``(count,)``.
    """

    def __init__(self, decoder: Decoder, count: int, capacity: int) -> None:
        device = decoder.device
        pool = (decoder.layers, 2, count, decoder.kv_heads, capacity, decoder.head_dim)
        self.count, self.capacity = count, capacity
        self.numbers = torch.arange(count, device=device)
        # Zeros, because values behind a row's end are masked by weights of 0, and 0 times NaN is NaN.
        self.pool = torch.zeros(pool, dtype=decoder.dtype, device=device)
        self.ids = torch.zeros(count, capacity, dtype=torch.int64, device=device)
        self.logprobs = torch.zeros(count, capacity, device=device)
        self.keys = torch.zeros(count, capacity, 2, dtype=torch.int32, device=device)
        self.lengths = torch.zeros(count, dtype=torch.int64, device=device)
        self.limits = torch.zeros(count, dtype=torch.int64, device=device)

    def copy_rows(self, other: KVRows, count: int) -> None:
        """Copy the first rows of a smaller ``KVRows``."""
        self.pool[:, :, :count, :, : other.capacity] = other.pool[:, :, :count]
        for mine, theirs in ((self.ids, other.ids), (self.logprobs, other.logprobs), (self.keys, other.keys)):
            mine[:count, : other.capacity] = theirs[:count]
        self.lengths[:count], self.limits[:count] = other.lengths[:count], other.limits[:count]

    def move(self, source: int, target: int) -> None:
        """Copy a row's content into another row."""
        length = int(self.lengths[source])
        self.pool[:, :, target, :, :length] = self.pool[:, :, source, :, :length]
        for table in (self.ids, self.logprobs, self.keys, self.lengths, self.limits):
            table[target] = table[source]
