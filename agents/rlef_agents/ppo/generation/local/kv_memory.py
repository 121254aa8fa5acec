"""Memory for keys and values: rows of pending responses, allocated as they are needed, and kept prefixes.

Rows of equal capacity share a tensor, so that one call computes their attention; capacities are powers of two, so that
a short response does not pay for a long one.
"""

from __future__ import annotations

import mmap
import os
from collections import OrderedDict
from math import prod
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import torch

from rlef_agents.ppo.generation.local.decoder import Decoder
from rlef_agents.ppo.trajectory import Ids

__all__ = ["KVMemory", "Prefix", "Rows", "free_memory", "tokens_in"]

MIN_CAPACITY: Final = 256
"""Smallest capacity of a row, in tokens."""

TENSOR_TOKENS: Final = 1 << 14
"""Tokens of a tensor of rows, or one row where its capacity is larger."""

KEPT_SHARE: Final = 0.5
"""Share of the memory in which kept prefixes are safe from requests that begin. A conversation that continues soon then
finds its prefix, while others wait."""


class Placed(Protocol):
    """What is placed in a row: it knows its row and its number of tokens."""

    rows: Rows[Any] | None
    row: int

    @property
    def length(self) -> int: ...


Item = TypeVar("Item", bound=Placed)


class Rows(Generic[Item]):
    """A tensor of rows; the used ones are the first. On a CPU only these are resident.

    Attributes:
        capacity: number of tokens that fit into each row.
        count: number of rows.
        pool: keys and values, of shape ``(layers, 2, rows, heads, capacity, head size)``.
        items: what the used rows hold.
    """

    def __init__(self, decoder: Decoder, capacity: int) -> None:
        self.capacity, self.count = capacity, max(1, TENSOR_TOKENS // capacity)
        self.items: list[Item] = []
        shape = (decoder.layers, 2, self.count, decoder.kv_heads, capacity, decoder.head_dim)
        # Zeros, because values behind a row's end are masked by weights of 0, and 0 times NaN is NaN.
        if decoder.device.type == "cpu":
            size = prod(shape) * decoder.dtype.itemsize
            self._pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self.pool = torch.frombuffer(self._pages, dtype=decoder.dtype).view(shape)
        else:
            self.pool = torch.zeros(shape, dtype=decoder.dtype, device=decoder.device)

    @property
    def held(self) -> int:
        """Number of tokens that memory is in use for."""
        return self.capacity * (len(self.items) if self.pool.device.type == "cpu" else self.count)

    def release(self, row: int) -> None:
        """Give the memory of a row back to the system; it then reads as zeros."""
        if self.pool.device.type != "cpu":
            return
        size = self.pool[0, 0, 0].numel() * self.pool.itemsize
        for tensor in range(row, self.pool.numel() * self.pool.itemsize // size, self.count):
            first = -(-tensor * size // mmap.PAGESIZE) * mmap.PAGESIZE  # whole pages only
            whole = ((tensor + 1) * size - first) // mmap.PAGESIZE * mmap.PAGESIZE
            if whole > 0:
                self._pages.madvise(mmap.MADV_DONTNEED, first, whole)


class Prefix(NamedTuple):
    """Kept keys and values of tokens, of shape ``(layers, 2, heads, tokens, head size)``."""

    ids: Ids
    values: torch.Tensor

    def shared(self, ids: Ids) -> int:
        """Return how many tokens another sequence begins with, at most all but its last, which must be an input."""
        length = min(len(self.ids), len(ids) - 1)
        differs = np.flatnonzero(self.ids[:length] != ids[:length])
        return int(differs[0]) if len(differs) else length


class KVMemory(Generic[Item]):
    """Keys and values of at most ``tokens`` tokens.

    Args:
        decoder: decoder that determines their shape and dtype.
        tokens: size of the memory.

    Attributes:
        rows: tensors with used rows.
    """

    def __init__(self, decoder: Decoder, tokens: int) -> None:
        self._decoder, self.tokens = decoder, tokens
        self.rows: list[Rows[Item]] = []
        self._kept: OrderedDict[int, Prefix] = OrderedDict()  # least recently used first
        self._kept_tokens = 0

    @property
    def held(self) -> int:
        """Number of tokens that memory is in use for."""
        return self._kept_tokens + sum(rows.held for rows in self.rows)

    def items(self) -> list[Item]:
        """What is placed, in the order of rows."""
        return [item for rows in self.rows for item in rows.items]

    def place(self, item: Item, length: int, keep: float = 0.0) -> bool:
        """Give an item a row; return False if there is no memory for it now.

        Args:
            item: what to place; it gets ``rows`` and ``row``.
            length: number of tokens that must fit.
            keep: kept prefixes are dropped for it until this share of the memory is left to them.
        """
        capacity = min(max(MIN_CAPACITY, 1 << (length - 1).bit_length()), self.tokens)
        found = next((rows for rows in self.rows if rows.capacity == capacity and len(rows.items) < rows.count), None)
        lazily = self._decoder.device.type == "cpu"
        needed = capacity if lazily else 0 if found else max(TENSOR_TOKENS, capacity)
        self._drop(self.tokens - needed, keep)
        if self.held + needed > self.tokens:
            return False
        if found is None:
            found = Rows(self._decoder, capacity)
            self.rows.append(found)
        item.rows, item.row = found, len(found.items)
        found.items.append(item)
        return True

    def grow(self, item: Item) -> bool:
        """Move an item to a row in which its tokens fit; return False if there is no memory for it now."""
        before, row = item.rows, item.row
        assert before is not None
        if not self.place(item, item.length):
            return False
        assert item.rows is not None
        item.rows.pool[:, :, item.row, :, : before.capacity] = before.pool[:, :, row]
        self._close_gap(before, row)
        return True

    def remove(self, item: Item) -> None:
        """Free an item's row."""
        assert item.rows is not None
        self._close_gap(item.rows, item.row)
        item.rows = None

    def _close_gap(self, rows: Rows[Item], row: int) -> None:
        """Move the last used row into a freed one, so that the used rows remain the first ones."""
        last = rows.items.pop()
        if row < len(rows.items):
            rows.pool[:, :, row, :, : last.length] = rows.pool[:, :, len(rows.items), :, : last.length]
            rows.items[row], last.row = last, row
        rows.release(len(rows.items))
        if not rows.items:
            self.rows.remove(rows)

    def keep(self, conversation: int, ids: Ids, item: Item) -> None:
        """Free an item's row, and keep the keys and values of these tokens if there is memory.

        The least recently used kept ones are dropped for it.
        """
        assert item.rows is not None
        values = item.rows.pool[:, :, item.row, :, : len(ids)].clone()
        self.remove(item)
        self.forget(conversation)
        self._drop(self.tokens - len(ids))
        if self.held + len(ids) <= self.tokens:
            self.put_back(conversation, Prefix(ids, values))

    def keeps(self, conversation: int) -> bool:
        """Whether a prefix of a conversation is kept."""
        return conversation in self._kept

    def take(self, conversation: int) -> Prefix | None:
        """Remove and return the prefix of a conversation."""
        prefix = self._kept.get(conversation)
        self.forget(conversation)
        return prefix

    def put_back(self, conversation: int, prefix: Prefix) -> None:
        """Keep a prefix that was just taken."""
        self._kept[conversation] = prefix
        self._kept_tokens += len(prefix.ids)

    def forget(self, conversation: int) -> None:
        """Drop the prefix of a conversation, if one is kept."""
        if kept := self._kept.pop(conversation, None):
            self._kept_tokens -= len(kept.ids)

    def clear(self) -> None:
        """Free everything."""
        self.rows.clear()
        self._kept.clear()
        self._kept_tokens = 0

    def _drop(self, room: int, keep: float = 0.0) -> None:
        while self._kept and self.held > room and self._kept_tokens > keep * self.tokens:
            self.forget(next(iter(self._kept)))


def tokens_in(decoder: Decoder, memory: int) -> int:
    """Return the number of tokens whose keys and values fit into this many bytes."""
    size = decoder.layers * 2 * decoder.kv_heads * decoder.head_dim * decoder.dtype.itemsize
    return max(1, memory // size)


def free_memory(device: torch.device) -> int:
    """Return the bytes of memory that are free on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) << 10
    except (OSError, StopIteration):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
