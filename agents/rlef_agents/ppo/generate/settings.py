"""What a model of transformers brings along that must not decide what is sampled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers import GenerationConfig

__all__ = ["attending", "evaluating", "longest_context"]


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
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
def attending(model: Any, implementation: str) -> Iterator[None]:
    """With another implementation of attention; the model's own is back afterwards."""
    own = model.config._attn_implementation
    model.set_attn_implementation(implementation)
    try:
        yield
    finally:
        model.set_attn_implementation(own)


def longest_context(config: Any) -> int:
    """How many tokens a model takes at most; without end where its configuration does not say."""
    return int(getattr(config, "max_position_embeddings", None) or 1 << 62)
