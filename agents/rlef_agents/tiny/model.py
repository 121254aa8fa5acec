"""The small model: an ordinary Llama with random weights."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

__all__ = ["make_model"]


def make_model(tokenizer: Any, width: int = 96, layers: int = 3, context: int = 1024, seed: int = 0) -> Any:
    """Return a ``LlamaForCausalLM`` for a tokenizer, by default with 0.39 million parameters.

    Args:
        tokenizer: tokenizer that determines the size of the vocabulary and the special tokens.
        width: number of features; an attention head has 32 of them.
        layers: number of layers.
        context: maximum number of tokens.
        seed: seed of the weights. The state of PyTorch's own random generator does not change.
    """
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=11 * width // 4,
        num_hidden_layers=layers,
        num_attention_heads=width // 32,
        num_key_value_heads=width // 32,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        initializer_range=width**-0.5,  # with the usual 0.02 a model this small needs ten times as long to subtract
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
