"""Our own decode loop: slots refilled as responses end, prefixes kept between turns, log-probabilities for free."""

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

_GRAIN = 64  # tokens: capacities are multiples of it, so that they seldom have to grow
_FEW = 8  # while more requests wait, rows are refilled when one in so many is free
_PREFILL_TOKENS = 1 << 14  # at a time, or one request: bounds the memory of activations


@dataclass(slots=True)
class _Job:
    """A request and what has been sampled of its response; ``versions`` covers what was sampled before an update."""

    request: Request
    ids: Ids
    logprobs: Floats
    versions: Ids

    @property
    def limit(self) -> int:
        return len(self.request.ids) + self.request.max_new


class LocalGenerator:
    """Samples from a Llama-like model of transformers (types in ``decoder.MODEL_TYPES``) in this process.

    A response's slot goes to the next request as soon as it ends. What was computed of its tokens is kept, so that the
    conversation's next turn computes only what is new; conversations used least recently are dropped when memory is
    full, and computed again if they come back.

    What is sampled depends on the request alone in exact arithmetic. In floating point, batches of other shapes round
    otherwise (log-probabilities differ by about 1e-6 in fp32), which changes a token only where two race to a tie.

    Args:
        model: its live weights are used; what is copied of them is refreshed by ``update``.
        stop: ids that end a response, each sampled as its last token.
        temperature: what logits are divided by; 0 for the most likely token.
        slots: responses that are decoded at a time, at most.
        kv_tokens: memory for keys and values, in tokens: of responses under way and of kept prefixes together.
        version: of the weights that the model has now.
        dtype: what to compute in; the model's own where None.
        top_p: for evaluation: draw among the likeliest tokens alone that have so much of the probability together.

    Raises:
        ValueError: the model is of another kind, or a number is out of range.
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
        self._waiting: deque[_Job] = deque()
        self._active: list[_Job] = []  # the job of row 0, of row 1, ...
        self._kept: OrderedDict[int, tuple[Ids, torch.Tensor]] = OrderedDict()  # least recently used first
        self._kept_tokens = 0
        self._in_flight: set[int] = set()
        self._max_length = 0  # no active row has more tokens
        self.prefilled = 0
        """Tokens whose keys and values were computed before a response began; kept ones are not among them."""
        with torch.inference_mode():
            self._rows = KVRows(self._decoder, 0, 0)

    def submit(self, request: Request) -> None:
        """See `Generator`. The context and ``max_new`` together must fit the model and ``kv_tokens``."""
        max_context = min(self._decoder.max_context, self._kv_tokens)
        check_request(request, self._in_flight, self._decoder.vocabulary, max_context)
        nothing = np.empty(0, np.int64)
        self._waiting.append(_Job(request, np.asarray(request.ids, np.int64), np.empty(0, np.float32), nothing))
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
        """See `Generator`. A response under way is still returned."""
        if kept := self._kept.pop(conversation, None):
            self._kept_tokens -= len(kept[0])

    @torch.inference_mode()
    def update(self, version: int) -> None:
        """See `Generator`. Responses under way go on with the new weights; their tokens say which they are from."""
        for row in reversed(range(len(self._active))):
            self._waiting.appendleft(self._taken(row))
        self._active.clear()
        self._kept.clear()
        self._kept_tokens = self._max_length = 0
        self._version = version
        self._decoder.refresh()

    def _admit(self) -> list[tuple[int, Completion]]:
        """Give waiting jobs the free rows, and sample the first token of each."""
        segments: list[Segment] = []
        first, prefilled = len(self._active), self.prefilled
        if first and self._rows.count - first < min(len(self._waiting), self._rows.count // _FEW):
            return []  # a few at a time are cheaper to prefill than one by one
        while (
            self._waiting and self.prefilled - prefilled < _PREFILL_TOKENS and self._make_room(self._waiting[0].limit)
        ):
            job = self._waiting.popleft()
            row = len(self._active)
            start = self._restore(job, row)
            tokens = torch.as_tensor(job.ids, device=self._device)
            self._rows.ids[row, : len(tokens)] = tokens
            self._rows.lengths[row], self._rows.limits[row] = len(tokens), job.limit
            keys = token_keys(job.request.seed, job.request.max_new)
            self._rows.keys[row, len(job.request.ids) : job.limit] = torch.as_tensor(keys, device=self._device)
            sampled = len(job.logprobs)
            self._rows.logprobs[row, len(tokens) - sampled : len(tokens)] = torch.as_tensor(job.logprobs)
            segments.append(Segment(row, start, tokens[start:]))
            self._active.append(job)
            self._max_length = max(self._max_length, len(tokens))
            self.prefilled += len(tokens) - start
        if not segments:
            return []
        return self._sampled(self._decoder.prefill(self._rows.pool, segments), first)

    def _step(self) -> list[tuple[int, Completion]]:
        """Sample one token of every active row."""
        rows = self._rows.numbers[: len(self._active)]
        last = self._rows.lengths[: len(rows)] - 1
        return self._sampled(self._decoder.step(self._rows.pool, self._rows.ids[rows, last], last, self._max_length), 0)

    def _sampled(self, logits: torch.Tensor, first: int) -> list[tuple[int, Completion]]:
        """Draw the next token of the rows from ``first`` on; take out those that it completes."""
        rows = self._rows.numbers[first : first + len(logits)]
        at = self._rows.lengths[first : first + len(logits)]
        tokens, logprobs = sample(logits, self._temperature, self._rows.keys[rows, at], self._top_p)
        self._rows.ids[rows, at] = tokens
        self._rows.logprobs[rows, at] = logprobs
        at += 1
        self._max_length += 1
        stopped = torch.isin(tokens, self._stop)
        over = (stopped | (at == self._rows.limits[first : first + len(logits)])).nonzero()[:, 0].tolist()
        if not over:
            return []
        stops = stopped.tolist()
        completions = [self._complete(first + index, stops[index]) for index in over]
        for index in reversed(over):
            self._vacate(first + index)
        self._max_length = int(self._rows.lengths[: len(self._active)].max()) if self._active else 0
        return completions

    def _complete(self, row: int, finished: bool) -> tuple[int, Completion]:
        job = self._taken(row)
        conversation = job.request.conversation
        if not np.isfinite(job.logprobs).all():
            raise FloatingPointError(f"conversation {conversation}: the model's output is not a number")
        self._in_flight.discard(conversation)
        self._keep(conversation, row, job.ids[:-1])  # the last token was never an input
        return conversation, Completion(job.ids[len(job.request.ids) :], job.logprobs, job.versions, finished)

    def _taken(self, row: int) -> _Job:
        """The job of a row with all that has been sampled so far."""
        job = self._active[row]
        prompt, length = len(job.request.ids), int(self._rows.lengths[row])
        return _Job(
            job.request,
            self._rows.ids[row, :length].numpy(force=True).copy(),
            self._rows.logprobs[row, prompt:length].numpy(force=True).copy(),
            np.concatenate([job.versions, np.full(length - prompt - len(job.versions), self._version)]),
        )

    def _vacate(self, row: int) -> None:
        """Free a row; the last one moves there, since active rows are the first ones."""
        last = len(self._active) - 1
        if row != last:
            self._rows.move(last, row)
            self._active[row] = self._active[last]
        self._active.pop()

    def _keep(self, conversation: int, row: int, ids: Ids) -> None:
        """Keep what was computed of a row, if there is room for it."""
        self.forget(conversation)
        room = self._kv_tokens - self._rows.count * self._rows.capacity
        if len(ids) > room:
            return
        self._drop_kept(room - len(ids))
        self._kept[conversation] = ids, self._rows.pool[:, :, row, :, : len(ids)].clone()
        self._kept_tokens += len(ids)

    def _restore(self, job: _Job, row: int) -> int:
        """Put into a row what was kept of the job's conversation; return how many tokens that is."""
        kept = self._kept.get(job.request.conversation)
        self.forget(job.request.conversation)
        if kept is None:
            return 0
        ids, computed = kept
        shared = min(len(ids), len(job.ids) - 1)  # one token at least has to be an input
        differs = np.flatnonzero(ids[:shared] != job.ids[:shared])
        shared = int(differs[0]) if len(differs) else shared
        self._rows.pool[:, :, row, :, :shared] = computed[:, :, :, :shared]
        return shared

    def _drop_kept(self, room: int) -> None:
        while self._kept_tokens > room:
            ids, _ = self._kept.popitem(last=False)[1]
            self._kept_tokens -= len(ids)

    def _make_room(self, length: int) -> bool:
        """See to it that there is a free row for so many tokens; False if that has to wait for active ones to end."""
        if length <= self._rows.capacity and len(self._active) < self._rows.count:
            return True
        capacity = min(-(-max(length, self._rows.capacity) // _GRAIN) * _GRAIN, self._kv_tokens)
        rows = min(self._slots, self._kv_tokens // capacity)
        if len(self._active) >= rows:
            return False
        self._drop_kept(self._kv_tokens - rows * capacity)
        wider = KVRows(self._decoder, rows, capacity)
        wider.copy_rows(self._rows, len(self._active))
        self._rows = wider
        return True
