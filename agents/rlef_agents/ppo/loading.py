"""Loading of a model in float32, the type in which it is trained and evaluated."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlef_env.errors import UsageError

__all__ = ["read_model"]


def read_model(name: str, device: str = "auto") -> tuple[Any, Any]:
    """Load a causal language model with float32 weights, and its tokenizer.

    Args:
        name: a name or folder for ``from_pretrained``.
        device: ``auto`` takes a GPU if there is one.

    Raises:
        UsageError: there is no such model, it cannot be read, or there is no GPU for it.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError("device: expected 'auto' or 'cpu', because PyTorch finds no GPU here, got 'cuda'")
    place = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
        return model.to(place), AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise UsageError(
            f"model: expected a name or folder of transformers, got {name!r}: {first[:300]} (without a network, "
            f"download it elsewhere, with `hf download {name}`, and pass its folder)"
        ) from error
