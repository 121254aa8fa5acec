"""Our own decode loop: it refills slots as responses end, keeps prefixes between turns, records log-probabilities."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from rlef_agents.ppo.generation.base import Request, check_request
from rlef_agents.ppo.generation.local.decoder import Decoder, Segment
from rlef_agents.ppo.generation.local.kv_rows import KVRows
from rlef_agents.ppo.generation.local.sampling import sample, token_keys
from rlef_agents.ppo.trajectory import Completion, Floats, Ids

__all__ = ["LocalGenerator"]

_CAPACITY_STEP = 64  # tokens; row capacities are multiples of it, so that they rarely have to grow
_REFILL_SHARE = 8  # if more requests are pending, rows are refilled once one in this many is free
_PREFILL_TOKENS = 1 << 14  # tokens, or one request, prefilled at a time: limits the memory of activations


@dataclass(slots=True)
class _Partial:
    """A request with the tokens sampled so far; ``versions`` covers only those that were sampled before an update."""

    request: Request
    ids: Ids
    logprobs: Floats
    versions: Ids

    @property
    def limit(self) -> int:
        return len(self.request.ids) + self.request.max_new


class LocalGenerator:
    """Samples from a Llama-like model of transformers (types in ``decoder.MODEL_TYPES``) in this process.

    As soon as a response ends, its slot goes to the next request. Its keys and values are kept, so that the next turn
    of the conversation computes only the new tokens. When memory is full, the least recently used conversations are
    dropped; if they continue, they are computed again.

    In exact arithmetic, sampled tokens depend on the request alone. In floating point, batches of other shapes round
    differently: log-probabilities differ by about 1e-6 in float32, which changes a token only in a near tie.

    Args:
        model: model whose live weights are used; ``update`` refreshes copies of them.
        stop: ids that end a response; the stop token is its last token.
        temperature: divisor of the logits; 0 takes the most likely token.
        slots: maximum number of responses decoded at the same time.
        kv_tokens: memory for keys and values, in tokens, for pending responses and kept prefixes together.
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
    ) -> None:
        if not (temperature >= 0 and slots >= 1 and kv_tokens >= 1):
            raise ValueError(
                "LocalGenerator: expected temperature >= 0, slots >= 1 and kv_tokens >= 1, "
                f"got {temperature}, {slots} and {kv_tokens}"
            )
        self._decoder = Decoder(model, dtype)
        self._device = self._decoder.device
        self._stop = torch.tensor(sorted(stop), dtype=torch.int64, device=self._device)
        self._temperature, self._slots, self._kv_tokens, self._version = temperature, slots, kv_tokens, version
        self._top_p = top_p
        self._waiting: deque[_Partial] = deque()
        self._active: list[_Partial] = []  # the responses in row 0, row 1, ...
        self._kept: OrderedDict[int, tuple[Ids, torch.Tensor]] = OrderedDict()  # least recently used first
        self._kept_tokens = 0
        self._in_flight: set[int] = set()
        self._max_length = 0  # upper bound of the lengths of active rows
        self.prefilled = 0
        """Number of tokens computed before their response began, not counting kept prefixes."""
        with torch.inference_mode():
            self._rows = KVRows(self._decoder, 0, 0)

    def submit(self, request: Request) -> None:
        """See `Generator`. Context and ``max_new`` together must fit into the model's context and ``kv_tokens``."""
        max_context = min(self._decoder.max_context, self._kv_tokens)
        check_request(request, self._in_flight, self._decoder.vocabulary, max_context)
        nothing = np.empty(0, np.int64)
        self._waiting.append(_Partial(request, np.asarray(request.ids, np.int64), np.empty(0, np.float32), nothing))
        self._in_flight.add(request.conversation)

    @torch.inference_mode()
    def poll(self) -> list[tuple[int, Completion]]:
        """See `Generator`.

        Raises:
            RuntimeError: the model's weights have changed and ``update`` was not called.
            FloatingPointError: the model's output is not a number.
        """
        self._decoder.check_fresh()
        while self._waiting or self._active:
            if completions := self._admit() or self._step():
                return completions
        return []

    def forget(self, conversation: int) -> None:
        """See `Generator`. A pending response is still returned."""
        if kept := self._kept.pop(conversation, None):
            self._kept_tokens -= len(kept[0])

    @torch.inference_mode()
    def update(self, version: int) -> None:
        """See `Generator`."""
        for row in reversed(range(len(self._active))):
            self._waiting.appendleft(self._partial(row))
        self._active.clear()
        self._kept.clear()
        self._kept_tokens = self._max_length = 0
        self._version = version
        self._decoder.refresh()

    def _admit(self) -> list[tuple[int, Completion]]:
        """Put waiting requests into free rows, and sample the first token of each."""
        segments: list[Segment] = []
        first, prefilled = len(self._active), self.prefilled
        if first and self._rows.count - first < min(len(self._waiting), self._rows.count // _REFILL_SHARE):
            return []  # prefilling several at a time is cheaper than one by one
        while (
            self._waiting and self.prefilled - prefilled < _PREFILL_TOKENS and self._make_room(self._waiting[0].limit)
        ):
            partial = self._waiting.popleft()
            request, limit = partial.request, partial.limit
            row = len(self._active)
            start = self._restore(partial, row)
            tokens = torch.as_tensor(partial.ids, device=self._device)
            self._rows.ids[row, : len(tokens)] = tokens
            self._rows.lengths[row], self._rows.limits[row] = len(tokens), limit
            keys = token_keys(request.seed, request.max_new)
            self._rows.keys[row, len(request.ids) : limit] = torch.as_tensor(keys, device=self._device)
            sampled = len(partial.logprobs)
            self._rows.logprobs[row, len(tokens) - sampled : len(tokens)] = torch.as_tensor(partial.logprobs)
            segments.append(Segment(row, start, tokens[start:]))
            self._active.append(partial)
            self._max_length = max(self._max_length, len(tokens))
            self.prefilled += len(tokens) - start
        if not segments:
            return []
        return self._draw(self._decoder.prefill(self._rows.pool, segments), first)

    def _step(self) -> list[tuple[int, Completion]]:
        """Sample one token of every active row."""
        rows = self._rows.numbers[: len(self._active)]
        last = self._rows.lengths[: len(rows)] - 1
        return self._draw(self._decoder.step(self._rows.pool, self._rows.ids[rows, last], last, self._max_length), 0)

    def _draw(self, logits: torch.Tensor, first: int) -> list[tuple[int, Completion]]:
        """Draw the next token of the rows from ``first`` on; remove and return the responses that it completes."""
        rows = self._rows.numbers[first : first + len(logits)]
        at = self._rows.lengths[first : first + len(logits)]
        tokens, logprobs = sample(logits, self._temperature, self._rows.keys[rows, at], self._top_p)
        self._rows.ids[rows, at] = tokens
        self._rows.logprobs[rows, at] = logprobs
        at += 1
        self._max_length += 1
        stopped = torch.isin(tokens, self._stop)
        ended = (stopped | (at == self._rows.limits[first : first + len(logits)])).nonzero()[:, 0].tolist()
        if not ended:
            return []
        stops = stopped.tolist()
        completions = [self._complete(first + index, stops[index]) for index in ended]
        for index in reversed(ended):
            self._vacate(first + index)
        self._max_length = int(self._rows.lengths[: len(self._active)].max()) if self._active else 0
        return completions

    def _complete(self, row: int, finished: bool) -> tuple[int, Completion]:
        whole = self._partial(row)
        conversation, prompt = whole.request.conversation, len(whole.request.ids)
        if not np.isfinite(whole.logprobs).all():
            raise FloatingPointError(f"conversation {conversation}: the model's output is not a number")
        self._in_flight.discard(conversation)
        self._keep(conversation, row, whole.ids[:-1])  # the last token was never an input
        return conversation, Completion(whole.ids[prompt:], whole.logprobs, whole.versions, finished)

    def _partial(self, row: int) -> _Partial:
        """Return the response in a row with all tokens sampled so far."""
        begun = self._active[row]
        prompt, length = len(begun.request.ids), int(self._rows.lengths[row])
        return _Partial(
            begun.request,
            self._rows.ids[row, :length].numpy(force=True).copy(),
            self._rows.logprobs[row, prompt:length].numpy(force=True).copy(),
            np.concatenate([begun.versions, np.full(length - prompt - len(begun.versions), self._version)]),
        )

    def _vacate(self, row: int) -> None:
        """Free a row by moving the last active row there, so that active rows remain the first ones."""
        last = len(self._active) - 1
        if row != last:
            self._rows.move(last, row)
            self._active[row] = self._active[last]
        self._active.pop()

    def _keep(self, conversation: int, row: int, ids: Ids) -> None:
        """Keep the keys and values of a row, if there is room."""
        self.forget(conversation)
        room = self._kv_tokens - self._rows.count * self._rows.capacity
        if len(ids) > room:
            return
        self._drop_kept(room - len(ids))
        self._kept[conversation] = ids, self._rows.pool[:, :, row, :, : len(ids)].clone()
        self._kept_tokens += len(ids)

    def _restore(self, partial: _Partial, row: int) -> int:
        """Copy the kept keys and values of a conversation into a row; return the number of tokens."""
        kept = self._kept.get(partial.request.conversation)
        self.forget(partial.request.conversation)
        if kept is None:
            return 0
        ids, computed = kept
        shared = min(len(ids), len(partial.ids) - 1)  # at least one token must be an input
        differs = np.flatnonzero(ids[:shared] != partial.ids[:shared])
        shared = int(differs[0]) if len(differs) else shared
        self._rows.pool[:, :, row, :, :shared] = computed[:, :, :, :shared]
        return shared

    def _drop_kept(self, room: int) -> None:
        while self._kept_tokens > room:
            ids, _ = self._kept.popitem(last=False)[1]
            self._kept_tokens -= len(ids)

    def _make_room(self, length: int) -> bool:
        """Provide a free row for this many tokens; return False if none is possible until an active row ends."""
        if length <= self._rows.capacity and len(self._active) < self._rows.count:
            return True
        steps = -(-max(length, self._rows.capacity) // _CAPACITY_STEP)
        capacity = min(steps * _CAPACITY_STEP, self._kv_tokens)
        rows = min(self._slots, self._kv_tokens // capacity)
        if len(self._active) >= rows:
            return False
        self._drop_kept(self._kv_tokens - rows * capacity)
        wider = KVRows(self._decoder, rows, capacity)
        wider.copy_rows(self._rows, len(self._active))
        self._rows = wider
        return True
