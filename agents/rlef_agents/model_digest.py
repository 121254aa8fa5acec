"""A hash of what a model answers with: its weights, its tokenizer and its chat template."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import torch

__all__ = ["model_digest"]

SAMPLED: Final = 4096
"""Numbers of each tensor that count, evenly spaced: training changes all of a tensor, and 8 billion take long."""


def model_digest(model: Any, tokenizer: Any, template: str | None = None) -> str:
    """Return 16 hexadecimal digits, equal for equal models, wherever and in whichever format they are stored.

    Args:
        model: model of transformers.
        tokenizer: its fast tokenizer; None if unknown.
        template: chat template that replaces the tokenizer's own.
    """
    total = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        total.update(f"{name} {tuple(tensor.shape)}\n".encode())
        flat = tensor.detach().reshape(-1)
        sampled = flat[:: max(1, flat.numel() // SAMPLED)].to("cpu", torch.float32)
        total.update(sampled.contiguous().numpy().tobytes())
    if tokenizer is not None:
        total.update(tokenizer.backend_tokenizer.to_str().encode())
        total.update(str(tokenizer.chat_template if template is None else template).encode())
    return total.hexdigest()[:16]
