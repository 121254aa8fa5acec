"""Low-rank adapters on a model's linear layers, made by ``peft``."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from rlef_agents.ppo.network import base
from rlef_env.errors import UsageError

__all__ = ["add_lora", "fill_adapter"]


def add_lora(lm: Any, rank: int, alpha: int, seed: int = 0, targets: str = "all-linear", rslora: bool = False) -> Any:
    """Add low-rank adapters to a model's linear layers; only they are trained. Needs ``peft``.

    Args:
        lm: a causal language model of transformers.
        rank: rank of the adapters.
        alpha: adapters are scaled by this number over their rank.
        seed: seed of their weights; PyTorch's global random state stays as it is.
        targets: ``all-linear``, or names of layers separated by spaces.
        rslora: scale by ``alpha`` over the square root of the rank.

    Raises:
        UsageError: peft is not installed, or the model has no such layer.
    """
    try:
        from peft import LoraConfig, TaskType, get_peft_model
    except ImportError as error:
        raise UsageError(
            "lora_rank: expected the package peft to be installed; run: pip install 'rlef-agents[lora]'"
        ) from error
    settings = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=0.0, use_rslora=rslora, task_type=TaskType.CAUSAL_LM,
        target_modules=targets if targets == "all-linear" else targets.split(),
    )  # fmt: skip
    refuse_unknown_targets(lm, targets)
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if torch.cuda.is_available() else []):
        adapted: Any = get_peft_model(lm, settings)
    for name, parameter in base(adapted).named_parameters():
        if "lora_" in name and not parameter.is_meta:
            fill_adapter(name, parameter, seed)
    return adapted


@torch.no_grad()
def fill_adapter(name: str, target: Tensor, seed: int) -> None:
    """Fill an adapter's matrix: random numbers that depend on its name and the seed alone, or zeros for the second."""
    if "lora_A" in name:
        generator = torch.Generator().manual_seed(crc32(f"{seed} {name}".encode()))
        limit = target.shape[1] ** -0.5
        target.copy_(torch.empty(target.shape).uniform_(-limit, limit, generator=generator))
    else:
        target.zero_()


def refuse_unknown_targets(lm: nn.Module, targets: str) -> None:
    """Raise where a name is of no linear layer: peft would accept it beside one that is. The head is not adapted."""
    linear, head_ = (nn.Linear, Conv1D), base(lm).get_output_embeddings()
    names = {
        name.rpartition(".")[2]
        for name, module in lm.named_modules()
        if isinstance(module, linear) and module is not head_
    }
    if targets != "all-linear" and (not targets.split() or set(targets.split()) - names):
        raise UsageError(
            f"lora_targets: expected 'all-linear' or linear layers of the model, {', '.join(sorted(names))}, got "
            f"{targets!r}"
        )
