"""Our own decode loop: it refills slots as responses end, keeps prefixes between turns, records log-probabilities."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch

from rlef_agents.ppo.generation.base import Request, check_request
from rlef_agents.ppo.generation.local.decoder import Decoder, Part, Segment
from rlef_agents.ppo.generation.local.kv_memory import KEPT_SHARE, KVMemory, Rows, free_memory, tokens_in
from rlef_agents.ppo.generation.local.sampling import sample, uniforms
from rlef_agents.ppo.generation.local.shared_beginnings import Beginnings
from rlef_agents.ppo.trajectory import Completion, Ids

__all__ = ["LocalGenerator"]

REFILL_SHARE: Final = 8
"""If more requests are pending, slots are refilled once one in this many is free."""

PREFILL_TOKENS: Final = 1 << 14
"""Tokens, or one request, prefilled at a time: limits the memory of activations."""

MAX_OVERTAKEN: Final = 64
"""Requests that begin while an earlier one has no memory; then no other begins before it does."""

SHARED_SHARE: Final = 0.25
"""Smallest share of a context that is copied from another row: attention to a copied beginning is slower."""

FREE_SHARE: Final = 0.5
"""Share of the free memory that keys and values take by default."""


class Partial:
    """A request and what has been sampled of its response.

    Attributes:
        request: the request.
        ids: sampled tokens.
        logprobs: their log-probabilities.
        versions: versions of the weights of those that were sampled before the last update.
        rows, row: where its keys and values are; None if it waits.
        kept: tokens of its context that were not computed again.
        number: how many requests began before it.
        overtaken: how many later requests began while it waited for memory.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.prompt = np.asarray(request.ids, np.int64)
        self.shares = uniforms(request.seed, request.max_new)
        self.ids: list[int] = []
        self.logprobs: list[float] = []
        self.versions: list[int] = []
        self.rows: Rows[Any] | None = None
        self.row = self.kept = self.number = self.overtaken = 0

    @property
    def length(self) -> int:
        """Number of tokens of prompt and response."""
        return len(self.prompt) + len(self.ids)

    def tokens(self) -> Ids:
        """Return prompt and response, of shape ``(length,)``."""
        return np.concatenate([self.prompt, np.array(self.ids, np.int64)])

    def record_version(self, version: int) -> None:
        """Note that all tokens without a version were sampled with this one."""
        self.versions += [version] * (len(self.ids) - len(self.versions))


class LocalGenerator:
    """Samples from a Llama-like model of transformers (types in ``decoder.MODEL_TYPES``) in this process.

    As soon as a response ends, its slot goes to the next request; those that continue a kept conversation come first.
    The keys and values of a response are kept, so that the next turn of the conversation computes only the new tokens.
    Contexts that begin alike, such as the prompts of a problem's samples, are computed once and copied to other rows.
    When memory is full, the least recently used conversations are dropped; if they continue, they are computed again.
    If responses outgrow the memory, those that began last wait until others end, and are then computed again.

    In exact arithmetic, sampled tokens depend on the request alone. In floating point, batches of other shapes round
    differently: log-probabilities differ by about 1e-6 in float32, which changes a token only in a near tie.

    Args:
        model: model whose live weights are used; ``update`` refreshes copies of them.
        stop: ids that end a response; the stop token is its last token.
        temperature: divisor of the logits; 0 takes the most likely token.
        slots: maximum number of responses decoded at the same time.
        kv_tokens: largest number of tokens, of pending responses and kept prefixes together, whose keys and values are
            in memory, which is allocated as it is needed.
        memory: bytes for keys and values; None is half of the memory that is free now.
        version: version of the model's current weights.
        dtype: dtype to compute in; None is the model's own.
        top_p: for evaluation, draw only from the fewest likeliest tokens whose total probability reaches this.

    Raises:
        ValueError: the model is not supported, or a number is out of range.
    """

    def __init__(
        self,
        model: Any,
        stop: Sequence[int],
        temperature: float = 1.0,
        slots: int = 64,
        kv_tokens: int = 1 << 17,
        version: int = 0,
        dtype: torch.dtype | None = None,
        top_p: float = 1.0,
        memory: int | None = None,
    ) -> None:
        if not (temperature >= 0 and slots >= 1 and kv_tokens >= 1):
            raise ValueError(
                "LocalGenerator: expected temperature >= 0, slots >= 1 and kv_tokens >= 1, "
                f"got {temperature}, {slots} and {kv_tokens}"
            )
        self._decoder = Decoder(model, dtype)
        self._device = self._decoder.device
        self._stop = set(stop)
        self._temperature, self.slots, self._version = temperature, slots, version
        self._top_p = top_p
        if memory is None:
            memory = int(free_memory(self._device) * FREE_SHARE)
        self.kv_tokens = min(tokens_in(self._decoder, memory), kv_tokens)
        """Number of tokens whose keys and values fit into the memory."""
        self._memory: KVMemory[Partial] = KVMemory(self._decoder, self.kv_tokens)
        self._waiting: deque[Partial] = deque()
        self._in_flight: set[int] = set()
        self._begun = 0
        self.prefilled = 0
        """Number of tokens computed before their response began, not counting kept prefixes and copies."""
        self.restored = 0
        """Number of tokens of kept prefixes that were not computed again."""
        self.copied = 0
        """Number of tokens whose keys and values were copied from another row."""

    def submit(self, request: Request) -> None:
        """See `Generator`. Context and ``max_new`` together must fit into the model's context and ``kv_tokens``."""
        max_context = min(self._decoder.max_context, self._memory.tokens)
        check_request(request, self._in_flight, self._decoder.vocabulary, max_context)
        self._waiting.append(Partial(request))
        self._in_flight.add(request.conversation)

    @torch.inference_mode()
    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:
        """See `Generator`.

        Raises:
            RuntimeError: the model's weights have changed and ``update`` was not called.
            FloatingPointError: the model's output is not a number.
        """
        self._decoder.check_fresh()
        end = None if timeout is None else time.monotonic() + timeout
        while self._waiting or self._memory.rows:
            if completions := self._admit() or self._step():
                return completions
            if end is not None and time.monotonic() >= end:
                break
        return []

    def forget(self, conversation: int) -> None:
        """See `Generator`. A pending response is still returned."""
        self._memory.forget(conversation)

    @torch.inference_mode()
    def update(self, version: int) -> None:
        """See `Generator`."""
        active = sorted(self._memory.items(), key=lambda each: each.number)
        self._memory.clear()
        self._waiting.extendleft(reversed(active))
        for each in self._waiting:
            each.rows = None
            each.record_version(self._version)
        self._version = version
        self._decoder.refresh()

    def _admit(self) -> list[tuple[int, Completion]]:
        """Give rows to waiting requests, and sample the first token of each."""
        free = self.slots - sum(len(rows.items) for rows in self._memory.rows)
        if not self._waiting or free < (
            min(len(self._waiting), self.slots // REFILL_SHARE) if self._memory.rows else 1
        ):
            return []  # prefilling several at a time is cheaper than one by one
        segments: list[Segment] = []
        begun: list[Partial] = []
        blocked: Partial | None = None
        beginnings: Beginnings[torch.Tensor] = Beginnings()
        for each in self._memory.items():
            beginnings.add(each.tokens()[:-1], _row(each))  # the last token was not an input yet
        tokens = 0
        for partial in sorted(self._waiting, key=lambda each: not self._memory.keeps(each.request.conversation)):
            if len(begun) == free or tokens >= PREFILL_TOKENS or (blocked and blocked.overtaken >= MAX_OVERTAKEN):
                break
            ids, conversation = partial.tokens(), partial.request.conversation
            prefix = self._memory.take(conversation)
            if not self._memory.place(partial, len(ids), KEPT_SHARE if self._memory.rows else 0.0):
                if prefix is not None:
                    self._memory.put_back(conversation, prefix)
                blocked = blocked or partial
                continue
            row, start, source = _row(partial), 0, None
            if prefix is not None:
                start = prefix.shared(ids)
                row[:, :, :, :start] = prefix.values[:, :, :, :start]
                self.restored += start
            else:
                source, equal = beginnings.longest(ids[:-1])
                if source is not None and equal >= SHARED_SHARE * len(ids):
                    start = equal
                    self.copied += equal
                else:
                    source = None
            partial.kept = 0 if prefix is None else start
            beginnings.add(ids, row)
            segments.append(Segment(row, start, torch.as_tensor(ids[start:], device=self._device), source))
            tokens += len(ids) - start
            partial.number = self._begun = self._begun + 1
            begun.append(partial)
            if blocked is not None:
                blocked.overtaken += 1
        if not begun:
            return []
        for partial in begun:
            self._waiting.remove(partial)
        self.prefilled += tokens
        return self._draw(self._decoder.prefill(segments), begun)

    def _step(self) -> list[tuple[int, Completion]]:
        """Sample one token of every active response."""
        self._make_room()
        active = self._memory.items()
        if not active:
            return []
        parts = [
            Part(rows.pool, len(rows.items), max(each.length for each in rows.items)) for rows in self._memory.rows
        ]
        last = torch.tensor([each.ids[-1] for each in active], device=self._device)
        positions = torch.tensor([each.length - 1 for each in active], device=self._device)
        return self._draw(self._decoder.step(parts, last, positions), active)

    def _make_room(self) -> None:
        """Give longer rows to responses that outgrow theirs; those that began last wait if memory is full."""
        for partial in sorted(self._memory.items(), key=lambda each: each.number):
            while partial.rows is not None and partial.length > partial.rows.capacity:
                if not self._memory.grow(partial):
                    latest = max(self._memory.items(), key=lambda each: each.number)
                    self._memory.remove(latest)
                    self._waiting.appendleft(latest)

    def _draw(self, logits: torch.Tensor, partials: Sequence[Partial]) -> list[tuple[int, Completion]]:
        """Draw the next token of each response; remove and return the responses that it completes."""
        shares = torch.tensor([each.shares[len(each.ids)] for each in partials], device=self._device)
        tokens, logprobs = sample(logits, self._temperature, shares, self._top_p)
        ended = []
        for partial, token, logprob in zip(partials, tokens.tolist(), logprobs.tolist(), strict=True):
            partial.ids.append(token)
            partial.logprobs.append(logprob)
            if token in self._stop or len(partial.ids) == partial.request.max_new:
                ended.append(partial)
        return [self._complete(partial) for partial in ended]

    def _complete(self, partial: Partial) -> tuple[int, Completion]:
        conversation = partial.request.conversation
        logprobs = np.array(partial.logprobs, np.float32)
        if not np.isfinite(logprobs).all():
            raise FloatingPointError(f"conversation {conversation}: the model's output is not a number")
        partial.record_version(self._version)
        self._memory.keep(conversation, partial.tokens()[:-1], partial)  # the last token was never an input
        self._in_flight.discard(conversation)
        versions = np.array(partial.versions, np.int64)
        finished = partial.ids[-1] in self._stop
        return conversation, Completion(np.array(partial.ids, np.int64), logprobs, versions, finished, partial.kept)


def _row(partial: Partial) -> torch.Tensor:
    """Return the keys and values of a response's row, of shape ``(layers, 2, heads, capacity, head size)``."""
    assert partial.rows is not None
    pool: torch.Tensor = partial.rows.pool
    return pool[:, :, partial.row]
