"""Generator that uses transformers' ``generate``: the fallback for any architecture.

A batch runs until its longest response ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from rlef_agents.ppo.generation.base import Request, check_request
from rlef_agents.ppo.generation.local.sampling import sample, uniforms
from rlef_agents.ppo.generation.model_settings import eval_mode, max_context, using_dtype
from rlef_agents.ppo.trajectory import Completion

__all__ = ["HFGenerator"]


class HFGenerator:
    """Samples from any causal language model of transformers in this process. Nothing is kept between turns.

    For the same seeds it draws the same tokens as `LocalGenerator`.

    Args:
        model: model whose live weights are used. Its ``generation_config`` is ignored, because penalties and truncation
            would change the distribution to one that the learner does not score.
        stop: ids that end a response; the stop token is its last token.
        temperature: divisor of the logits; 0 takes the most likely token.
        slots: maximum number of responses decoded at the same time.
        version: version of the model's current weights.
        dtype: dtype that the layers compute in, except the head; None is the model's own.
        top_p: for evaluation, draw only from the fewest likeliest tokens whose total probability reaches this.
    """

    def __init__(
        self,
        model: Any,
        stop: Sequence[int],
        temperature: float = 1.0,
        slots: int = 64,
        version: int = 0,
        dtype: torch.dtype | None = None,
        top_p: float = 1.0,
    ) -> None:
        self._dtype = dtype
        self._model, self._temperature, self.slots, self._version = model, temperature, slots, version
        self._top_p = top_p
        self._stop = torch.tensor(sorted(stop), dtype=torch.int64, device=model.device)
        self._pending: dict[int, Request] = {}

    def submit(self, request: Request) -> None:
        """See `Generator`."""
        config = self._model.config
        check_request(request, self._pending, config.vocab_size, max_context(config))
        self._pending[request.conversation] = request

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:  # noqa: ARG002
        """See `Generator`. Samples one whole batch, whatever the timeout.

        Raises:
            FloatingPointError: the model's output is not a number.
        """
        requests = list(self._pending.values())[: self.slots]
        if not requests:
            return []
        completions = self._sample(requests)
        for request in requests:
            del self._pending[request.conversation]
        return completions

    def forget(self, conversation: int) -> None:
        """See `Generator`. Nothing is kept."""

    def update(self, version: int) -> None:
        """See `Generator`."""
        self._version = version

    def _sample(self, requests: list[Request]) -> list[tuple[int, Completion]]:
        device = self._model.device
        width = max(len(request.ids) for request in requests)
        ids = torch.zeros(len(requests), width, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, request in enumerate(requests):  # padded on the left, so that all responses begin in the same column
            ids[row, width - len(request.ids) :] = torch.as_tensor(np.asarray(request.ids))
            mask[row, width - len(request.ids) :] = 1
        draw = _Draw(requests, self._temperature, self._top_p, width, device)
        with eval_mode(self._model), using_dtype(self._model, self._dtype), torch.inference_mode():
            self._model.generate(
                ids.to(device),
                attention_mask=mask.to(device),
                generation_config=GenerationConfig(  # type: ignore[no-untyped-call]
                    max_new_tokens=max(request.max_new for request in requests), do_sample=False, pad_token_id=0
                ),
                logits_processor=[draw],
                stopping_criteria=[_Finished(self._stop, draw.limits, width)],
            )
        tokens = torch.stack(draw.tokens, 1).numpy(force=True)
        logprobs = torch.stack(draw.logprobs, 1).numpy(force=True)
        stops = self._stop.numpy(force=True)
        completions = []
        for row, request in enumerate(requests):
            ends = np.flatnonzero(np.isin(tokens[row, : request.max_new], stops))
            length = int(ends[0]) + 1 if len(ends) else request.max_new
            if not np.isfinite(logprobs[row, :length]).all():
                raise FloatingPointError(f"conversation {request.conversation}: the model's output is not a number")
            completion = Completion(
                tokens[row, :length].copy(),
                logprobs[row, :length].copy(),
                np.full(length, self._version, np.int64),
                finished=bool(len(ends)),
            )
            completions.append((request.conversation, completion))
        return completions


class _Draw(LogitsProcessor):  # type: ignore[misc, no-any-unimported, unused-ignore]
    """Draws the token, records its log-probability, and masks all other tokens so that ``generate`` takes it."""

    def __init__(self, requests: list[Request], temperature: float, top_p: float, width: int, device: Any) -> None:
        self.limits = torch.tensor([request.max_new for request in requests], device=device)
        self.tokens: list[torch.Tensor] = []
        self.logprobs: list[torch.Tensor] = []
        shares = np.zeros((int(self.limits.max()), len(requests)))
        for row, request in enumerate(requests):
            shares[: request.max_new, row] = uniforms(request.seed, request.max_new)
        self._shares, self._temperature, self._width = torch.as_tensor(shares, device=device), temperature, width
        self._top_p = top_p

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        shares = self._shares[input_ids.shape[1] - self._width]
        tokens, logprobs = sample(scores.float(), self._temperature, shares, self._top_p)
        self.tokens.append(tokens)
        self.logprobs.append(logprobs)
        return torch.full_like(scores, -torch.inf).scatter_(1, tokens[:, None], 0.0)


class _Finished(StoppingCriteria):  # type: ignore[misc, no-any-unimported, unused-ignore]
    """Ends a row at its own limit or at a sampled stop token; a stop token in the prompt does not count."""

    def __init__(self, stop: torch.Tensor, limits: torch.Tensor, width: int) -> None:
        self._stop, self._limits, self._width = stop, limits, width

    def __call__(self, input_ids: torch.Tensor, *_: Any, **_unused: Any) -> torch.Tensor:
        return torch.isin(input_ids[:, -1], self._stop) | (self._limits <= input_ids.shape[1] - self._width)
