"""Generator that uses transformers' continuous batching: paged keys and values, made for GPUs with flash kernels.

It calls one-shot ``generate_batch``, because a persistent manager keeps blocks that were computed with older weights,
and log-probabilities are then wrong by nats after an update. A batch has a single seed; so, unlike with the other
generators, the random draws of a request depend on the other requests of its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from transformers import AttentionInterface, GenerationConfig
from transformers.generation.configuration_utils import ContinuousBatchingConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from rlef_agents.ppo.generation.base import Request, check_request
from rlef_agents.ppo.generation.model_settings import eval_mode, max_context, using_attention, using_dtype
from rlef_agents.ppo.trajectory import Completion

__all__ = ["BatchingGenerator"]

MAX_REQUESTS: Final = 256
"""Number of requests that keep a GPU busy; more wait for pages."""


class BatchingGenerator:
    """Samples from a model of transformers in this process, all pending requests in one batch.

    Args:
        model: model whose live weights are used. Its ``generation_config`` is ignored.
        stop: ids that end a response; the stop token is its last token.
        temperature: divisor of the logits; 0 takes the most likely token.
        version: version of the model's current weights.
        batching: further arguments of transformers' ``ContinuousBatchingConfig``: sizes of pages and batches.
        dtype: dtype that the layers compute in, except the head; None is the model's own.
        top_p: for evaluation, draw only from the fewest likeliest tokens whose total probability reaches this.
    """

    def __init__(
        self,
        model: Any,
        stop: Sequence[int],
        temperature: float = 1.0,
        version: int = 0,
        batching: dict[str, Any] | None = None,
        dtype: torch.dtype | None = None,
        top_p: float = 1.0,
    ) -> None:
        self._dtype, self._top_p = dtype, top_p
        self._model, self._stop, self._temperature, self._version = model, sorted(stop), temperature, version
        self._batching = batching or {}
        self.slots = MAX_REQUESTS
        self._pending: dict[int, Request] = {}

    def submit(self, request: Request) -> None:
        """See `Generator`."""
        config = self._model.config
        check_request(request, self._pending, config.vocab_size, max_context(config))
        self._pending[request.conversation] = request

    def poll(self, timeout: float | None = None) -> list[tuple[int, Completion]]:  # noqa: ARG002
        """See `Generator`. Samples all pending requests that have the same limit, whatever the timeout.

        Raises:
            RuntimeError: transformers returned fewer responses than requests, or an error instead of a response.
            FloatingPointError: the model's output is not a number.
        """
        if not self._pending:
            return []
        limit = next(iter(self._pending.values())).max_new
        requests = [request for request in self._pending.values() if request.max_new == limit]
        completions = self._sample(requests, limit)
        for request in requests:
            del self._pending[request.conversation]
        return completions

    def forget(self, conversation: int) -> None:
        """See `Generator`. Nothing is kept."""

    def update(self, version: int) -> None:
        """See `Generator`."""
        self._version = version

    def _sample(self, requests: list[Request], limit: int) -> list[tuple[int, Completion]]:
        seeds = [abs(request.seed) for request in requests]
        # The learner sets its own attention for packed sequences, which does not work with pages.
        with (
            eval_mode(self._model),
            using_attention(self._model, "sdpa"),
            using_dtype(self._model, self._dtype),
            cache_dtype_for_keys_and_values(),
            torch.random.fork_rng(),
        ):
            results = self._model.generate_batch(
                [np.asarray(request.ids).tolist() for request in requests],
                generation_config=GenerationConfig(  # type: ignore[no-untyped-call]
                    max_new_tokens=limit,
                    do_sample=self._temperature > 0,
                    temperature=self._temperature or 1.0,
                    top_k=0,
                    top_p=self._top_p,
                    eos_token_id=self._stop or -1,
                    pad_token_id=0,
                ),
                continuous_batching_config=ContinuousBatchingConfig(
                    **self._batching,
                    return_logprobs=True,
                    seed=int(np.random.SeedSequence(seeds).generate_state(1)[0]) >> 1,
                ),
                progress_bar=False,
                warmup=False,
            )
        errors = [result.error for result in results.values() if result.error]
        if len(results) != len(requests) or errors:
            raise RuntimeError(
                f"generate_batch: expected {len(requests)} responses, got {len(results)}, of which {len(errors)} are "
                f"errors{': ' + str(errors[0]) if errors else ''}; see transformers' log for the reason"
            )
        return [
            (request.conversation, self._completion(request, result))
            for request, result in zip(requests, results.values(), strict=True)
        ]

    def _completion(self, request: Request, result: Any) -> Completion:
        ids = np.array(result.generated_tokens, np.int64)
        logprobs = np.array(result.logprobs, np.float32)
        if result.prompt_ids != np.asarray(request.ids).tolist() or not 1 <= len(ids) == len(logprobs):
            raise RuntimeError(
                f"conversation {request.conversation}: expected generate_batch to return its prompt and one log-prob "
                f"for each of 1 or more ids, got {len(ids)} ids, {len(logprobs)} log-probs or another prompt"
            )
        if not np.isfinite(logprobs).all():
            raise FloatingPointError(f"conversation {request.conversation}: the model's output is not a number")
        return Completion(ids, logprobs, np.full(len(ids), self._version, np.int64), finished=ids[-1] in self._stop)


@contextmanager
def cache_dtype_for_keys_and_values() -> Iterator[None]:
    """Cast keys and values to the dtype of their pages. Under autocast, some of them are float32 and others are not."""

    def attention(module: Any, query: Any, key: Any, value: Any, *others: Any, **kwargs: Any) -> Any:
        cache = kwargs.get("cache")
        if cache is not None:
            key, value = key.to(cache.dtype), value.to(cache.dtype)
        return sdpa_attention_forward(module, query, key, value, *others, **kwargs)

    AttentionInterface.register("sdpa", attention)
    try:
        yield
    finally:
        AttentionInterface.register("sdpa", sdpa_attention_forward)
