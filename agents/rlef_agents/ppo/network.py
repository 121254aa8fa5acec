"""The parts of a causal language model of transformers, the types of its weights, and its features of a packed row."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from rlef_agents.ppo import parallel
from rlef_agents.ppo.packing import PACKED_ATTENTION, PackedBatch
from rlef_agents.ppo.token_scores import score_tokens

__all__ = ["backbone", "base", "frozen_copy", "head", "policy_logprobs", "run", "set_types", "width"]


def base(lm: Any) -> Any:
    """Return the transformers model inside a peft model, or the model itself."""
    return lm.get_base_model() if hasattr(lm, "get_base_model") else lm


def backbone(lm: Any) -> Any:
    """Return the model without its head."""
    return base(lm).base_model


def head(lm: Any) -> nn.Module:
    """Return the layer from features to logits."""
    layer: nn.Module = base(lm).get_output_embeddings()
    return layer


def width(lm: Any) -> int:
    """Return the number of features."""
    return int(base(lm).get_input_embeddings().weight.shape[1])


def run(network: Any, batch: PackedBatch, dtype: torch.dtype) -> Tensor:
    """Compute the features of a packed row, ``(length, width)``."""
    if network.config._attn_implementation != PACKED_ATTENTION:
        raise RuntimeError(
            f"attention: expected {PACKED_ATTENTION!r}, got {network.config._attn_implementation!r}: packed sequences "
            "would attend to each other; set it back after changing it"
        )
    anything = torch.empty(1, 1, 1, 1, device=batch.ids.device)  # four axes: a mask that transformers leaves as it is
    # No cache of cast weights: with shards it would keep a whole copy, and each weight is used once.
    kind, bfloat16 = batch.ids.device.type, dtype == torch.bfloat16
    with torch.autocast(kind, dtype=torch.bfloat16, enabled=bfloat16, cache_enabled=False):
        features: Tensor = network(
            input_ids=batch.ids[None],
            position_ids=batch.positions[None],
            attention_mask=anything,
            use_cache=False,
            segments=batch.segments,
            continues=batch.continues,
        ).last_hidden_state
    return features[0]


def policy_logprobs(
    lm: nn.Module, batch: PackedBatch, temperature: float = 1.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Compute log-probabilities of the sampled tokens, ``(tokens,)``, by a model that ``prepare`` was called on."""
    features = run(backbone(lm), batch, dtype)
    return score_tokens(head(lm), features[batch.predictors], batch.labels, temperature)[0]


def frozen_copy(lm: Any, dtype: torch.dtype) -> Any:
    """Return a copy that is not trained, with matrices of layers in the type that layers compute in."""
    halves = matrices(lm) if dtype == torch.bfloat16 else set()
    copies: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach().to(dtype if weight in halves else weight.dtype, copy=True), False)
        for weight in lm.parameters()
    }
    return copy.deepcopy(lm, copies).requires_grad_(False).eval()


def set_types(lm: Any, dtype: torch.dtype, trained: bool = False) -> None:
    """Make weights float32, or bfloat16 where that changes no result: matrices of layers that compute in it.

    Autocast rounds these matrices to bfloat16 before each product anyway.

    Args:
        lm: a causal language model of transformers, or a peft model around one.
        dtype: type that its layers compute in.
        trained: also those that are trained, because the model is a copy that only samples.
    """
    halves = matrices(base(lm)) if dtype == torch.bfloat16 else set()
    for tensor in (*lm.parameters(), *lm.buffers()):
        if tensor.is_floating_point():
            half = tensor in halves and (trained or not tensor.requires_grad)
            tensor.data = tensor.data.to(torch.bfloat16 if half else torch.float32)


def matrices(lm: Any) -> set[Tensor]:
    """Return the weights and biases of linear layers inside of the layers, without adapters."""
    return {
        parameter
        for layer in parallel.layers_of(backbone(lm))
        for name, inner in layer.named_modules()
        if type(inner).__name__ in ("Linear", "Conv1D") and "lora_" not in name
        for parameter in inner.parameters(recurse=False)
    }
