"""Temporarily replace a transformers model's own settings that would change the distribution being sampled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import torch
from transformers import GenerationConfig

__all__ = ["eval_mode", "max_context", "unsupported_rope", "using_attention", "using_dtype"]


@contextmanager
def eval_mode(model: Any) -> Iterator[None]:
    """Disable dropout and the model's own generation settings; restore both afterwards."""
    training, config = model.training, model.generation_config
    model.eval()
    model.generation_config = GenerationConfig()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        model.generation_config = config
        model.train(training)


@contextmanager
def using_attention(model: Any, implementation: str) -> Iterator[None]:
    """Use another implementation of attention; restore the model's own afterwards."""
    own = model.config._attn_implementation
    model.set_attn_implementation(implementation)
    try:
        yield
    finally:
        model.set_attn_implementation(own)


@contextmanager
def using_dtype(model: Any, dtype: torch.dtype | None) -> Iterator[None]:
    """Compute layers in another dtype, as the learner does: under autocast, except for the head, which stays float32.

    Each call of the model enters autocast itself, because autocast applies to one thread and continuous batching calls
    the model in its own thread.

    Args:
        model: model whose ``forward``, and its head's, are replaced and afterwards restored.
        dtype: dtype to compute in; None or the weights' own changes nothing.
    """
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = model.get_output_embeddings()
    if dtype is None or dtype == head.weight.dtype:
        yield
        return
    kind, forward, head_forward = model.device.type, model.forward, head.forward

    @wraps(forward)
    def autocast(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast(kind, dtype=dtype, cache_enabled=False):
            return forward(*args, **kwargs)

    @wraps(head_forward)
    def full_precision(features: torch.Tensor) -> Any:
        with torch.autocast(kind, enabled=False):
            return head_forward(features.to(head.weight.dtype))

    model.forward, head.forward = autocast, full_precision
    try:
        yield
    finally:
        del model.forward, head.forward


def unsupported_rope(config: Any) -> str | None:
    """Return the reason why a model's rotary embeddings (RoPE) are not supported; None if they are.

    ``dynamic`` and ``longrope`` choose their frequencies by the largest position in a row. Packed with a long sequence,
    a short one would be scored by a different function than it was sampled from.
    """
    given = getattr(config, "rope_parameters", None) or {}
    kinds = {str(each.get("rope_type")) for each in (given, *given.values()) if isinstance(each, dict)}
    found = sorted(kinds & {"dynamic", "longrope"})
    return f"expected rotary embeddings that do not change with the length, got {found[0]!r}" if found else None


def max_context(config: Any) -> int:
    """Return the maximum number of tokens of a model's context; unlimited if its configuration has no maximum."""
    return int(getattr(config, "max_position_embeddings", None) or 1 << 62)
