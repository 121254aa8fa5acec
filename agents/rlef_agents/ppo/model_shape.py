"""Numbers that a model's memory depends on, from its configuration alone: no weight is read or downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config

from rlef_agents.ppo.loading import read_model_config
from rlef_env.errors import UsageError

__all__ = ["KNOWN", "ModelShape", "model_shape", "named_shape"]

KNOWN: Final[Mapping[str, tuple[Any, Mapping[str, Any]]]] = {
    "meta-llama/Llama-3.1-8B-Instruct": (
        LlamaConfig,
        {
            "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131072,
        },
    ),
    "meta-llama/Llama-3.1-70B-Instruct": (
        LlamaConfig,
        {
            "vocab_size": 128256, "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80,
            "num_attention_heads": 64, "num_key_value_heads": 8, "max_position_embeddings": 131072,
        },
    ),
    "Qwen/Qwen2.5-Coder-0.5B-Instruct": (
        Qwen2Config,
        {
            "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
            "num_attention_heads": 14, "num_key_value_heads": 2, "max_position_embeddings": 32768,
            "tie_word_embeddings": True,
        },
    ),
    "": (  # of the preset `tiny`, which makes its model
        LlamaConfig,
        {
            "vocab_size": 512, "hidden_size": 96, "intermediate_size": 264, "num_hidden_layers": 3,
            "num_attention_heads": 3, "num_key_value_heads": 3, "max_position_embeddings": 1024,
            "tie_word_embeddings": True,
        },
    ),
}  # fmt: skip
"""Architectures of the presets' models, as in the ``config.json`` of each, so that nothing is downloaded."""


@dataclass(frozen=True, slots=True)
class ModelShape:
    """Sizes of a causal language model; all counts are of weights, not bytes.

    Attributes:
        vocabulary: number of tokens.
        width: number of features.
        layers: number of layers.
        heads: number of query heads.
        kv_heads: number of key and value heads.
        head_dim: features of a head.
        mlp: features inside of a layer's MLP.
        layer: weights of one layer.
        matrices: those of them that are weights of linear layers.
        joined: those of them that the local decoder copies, because it joins matrices with the same input.
        largest: weights of the largest matrix.
        ends: inputs and outputs of a layer's linear layers; an adapter has its rank times as many weights.
        embedding: weights outside of the layers, without a head of its own.
        head: weights of the head; 0 where it is the embedding.
    """

    vocabulary: int
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    mlp: int
    layer: int
    matrices: int
    joined: int
    largest: int
    ends: int
    embedding: int
    head: int

    @property
    def backbone(self) -> int:
        """Weights of the model without a head of its own."""
        return self.layers * self.layer + self.embedding

    @property
    def parameters(self) -> int:
        """Weights of the whole model."""
        return self.backbone + self.head


def named_shape(name: str) -> ModelShape:
    """Return the shape of a model by its name or folder; those in ``KNOWN`` are not looked up.

    Raises:
        UsageError: there is no such model, or it is no causal language model.
    """
    if name in KNOWN:
        kind, values = KNOWN[name]
        return model_shape(kind(**values))
    return model_shape(read_model_config(name))


def model_shape(config: Any) -> ModelShape:
    """Return the shape of the model that a configuration of transformers describes.

    Raises:
        ValueError: it describes no causal language model.
        UsageError: its weights are not in a list of layers.
    """
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    lists = [inner for inner in model.modules() if isinstance(inner, nn.ModuleList)]
    layers: Any = max(lists, key=count, default=())
    if not len(layers):
        raise UsageError(f"model: expected one with a list of layers, got {type(model).__name__}")
    layer = max(layers, key=count)
    linear = [part.weight for part in layer.modules() if type(part).__name__ in ("Linear", "Conv1D")]
    joined = [
        part.weight
        for name, part in layer.named_modules()
        if name.rpartition(".")[2] in ("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj")
    ]
    head = model.get_output_embeddings()
    tied = head is None or head.weight is model.get_input_embeddings().weight
    heads = config.num_attention_heads
    in_layers, heads_own = count(layers), 0 if tied else count(head)
    return ModelShape(
        vocabulary=config.vocab_size,
        width=config.hidden_size,
        layers=len(layers),
        heads=heads,
        kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
        mlp=getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        layer=count(layer),
        matrices=sum(weight.numel() for weight in linear),
        joined=sum(weight.numel() for weight in joined),
        largest=max(parameter.numel() for parameter in model.parameters()),
        ends=sum(sum(weight.shape) for weight in linear),
        embedding=count(model) - in_layers - heads_own,
        head=heads_own,
    )


def count(module: nn.Module) -> int:
    """Return the number of a module's weights; a shared weight counts once."""
    return sum(parameter.numel() for parameter in module.parameters())
