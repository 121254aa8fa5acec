"""What a model of transformers brings along that must not decide what is sampled."""

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
    """Without dropout and without the model's own settings of generation; both are as before afterwards."""
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
    """With another implementation of attention; the model's own is back afterwards."""
    own = model.config._attn_implementation
    model.set_attn_implementation(implementation)
    try:
        yield
    finally:
        model.set_attn_implementation(own)


@contextmanager
def using_dtype(model: Any, dtype: torch.dtype | None) -> Iterator[None]:
    """With layers in another type, as the learner computes them: under autocast, but for the head, which is float32.

    Each call of the model enters autocast itself, as it holds for one thread, and continuous batching calls from its
    own.

    Args:
        model: its ``forward`` and that of its head are replaced, and are back afterwards.
        dtype: nothing is done where it is None or the weights' own.
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
    def whole(features: torch.Tensor) -> Any:
        with torch.autocast(kind, enabled=False):
            return head_forward(features.to(head.weight.dtype))

    model.forward, head.forward = autocast, whole
    try:
        yield
    finally:
        del model.forward, head.forward


def unsupported_rope(config: Any) -> str | None:
    """Why a model's rotary embeddings are refused; None where they are not.

    ``dynamic`` and ``longrope`` choose their frequencies by the largest position of a row: packed with a long sequence,
    a short one is scored as another function than it was sampled from.
    """
    given = getattr(config, "rope_parameters", None) or {}
    kinds = {str(each.get("rope_type")) for each in (given, *given.values()) if isinstance(each, dict)}
    found = sorted(kinds & {"dynamic", "longrope"})
    return f"expected rotary embeddings that do not change with the length, got {found[0]!r}" if found else None


def max_context(config: Any) -> int:
    """How many tokens a model takes at most; without end where its configuration does not say."""
    return int(getattr(config, "max_position_embeddings", None) or 1 << 62)
