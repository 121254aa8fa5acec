"""The memory of responses under way: one row each, in tensors made in advance."""

from __future__ import annotations

import torch

from rlef_agents.ppo.generation.local.decoder import Decoder

__all__ = ["KVRows"]


class KVRows:
    """Rows of a common capacity; those in use are always the first ones.

    Args:
        decoder: says what keys and values look like.
        count: how many rows.
        capacity: tokens that fit into each.

    Attributes:
        numbers: 0, 1, ..., of shape ``(count,)``.
        pool: keys and values, of shape ``(layers, 2, count, heads, capacity, head size)``.
        ids: context and sampled tokens, of shape ``(count, capacity)``.
        logprobs: of sampled tokens, at their places, of shape ``(count, capacity)``.
        keys: what decides how a token is drawn, at its place, of shape ``(count, capacity, 2)``.
        lengths: how many tokens a row holds, of shape ``(count,)``.
        limits: at how many it is over, of shape ``(count,)``.
    """

    def __init__(self, decoder: Decoder, count: int, capacity: int) -> None:
        device = decoder.device
        pool = (decoder.layers, 2, count, decoder.kv_heads, capacity, decoder.head_dim)
        self.count, self.capacity = count, capacity
        self.numbers = torch.arange(count, device=device)
        # Zeros, because what lies behind a row's end is masked by weights of 0, and 0 times NaN is NaN.
        self.pool = torch.zeros(pool, dtype=decoder.dtype, device=device)
        self.ids = torch.zeros(count, capacity, dtype=torch.int64, device=device)
        self.logprobs = torch.zeros(count, capacity, device=device)
        self.keys = torch.zeros(count, capacity, 2, dtype=torch.int32, device=device)
        self.lengths = torch.zeros(count, dtype=torch.int64, device=device)
        self.limits = torch.zeros(count, dtype=torch.int64, device=device)

    def copy_rows(self, other: KVRows, count: int) -> None:
        """Take over the first rows of smaller ones."""
        self.pool[:, :, :count, :, : other.capacity] = other.pool[:, :, :count]
        for mine, theirs in ((self.ids, other.ids), (self.logprobs, other.logprobs), (self.keys, other.keys)):
            mine[:count, : other.capacity] = theirs[:count]
        self.lengths[:count], self.limits[:count] = other.lengths[:count], other.limits[:count]

    def move(self, source: int, target: int) -> None:
        """Put a row's content into another row."""
        length = int(self.lengths[source])
        self.pool[:, :, target, :, :length] = self.pool[:, :, source, :, :length]
        for table in (self.ids, self.logprobs, self.keys, self.lengths, self.limits):
            table[target] = table[source]
