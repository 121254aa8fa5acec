"""AdamW over float32 weights, with moments of several types; its learning rates, and clipping of gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.stored_adamw import StoredAdamW
from rlef_env.errors import UsageError

__all__ = ["adamw", "clip_gradients", "gradient_norm", "learning_rates", "make_optimiser", "moment_bytes", "warmed"]


def make_optimiser(
    policy: Sequence[nn.Parameter], critic: Sequence[nn.Parameter], config: TrainConfig
) -> torch.optim.Optimizer:
    """Create the optimiser of a training run; each of its groups has ``network``: ``policy`` or ``critic``.

    Raises:
        UsageError: its package is not installed.
    """
    groups = decayed({"policy": policy, "critic": critic}, config.weight_decay)
    betas, eps = (config.adam_beta1, config.adam_beta2), config.adam_eps
    if config.optimiser == "adamw_8bit":
        if find_spec("bitsandbytes") is None:
            raise UsageError(
                "optimiser: expected the package bitsandbytes to be installed for 'adamw_8bit'; run: pip install "
                "bitsandbytes"
            )
        from bitsandbytes.optim import AdamW8bit  # type: ignore[import-not-found]

        made: torch.optim.Optimizer = AdamW8bit(groups, lr=config.lr, betas=betas, eps=eps)
        return made
    if config.moments == "bfloat16" or config.offload_moments:
        return StoredAdamW(groups, config.lr, betas, eps, getattr(torch, config.moments), config.offload_moments)
    return torch.optim.AdamW(groups, lr=config.lr, betas=betas, eps=eps)


def moment_bytes(config: TrainConfig) -> float:
    """Return the bytes that the optimiser keeps for each trained weight, on the weight's device.

    Weights of fewer than 4,096 elements have float32 moments with ``adamw_8bit``, which is not counted.
    """
    if config.optimiser == "adamw_8bit":
        return 2.0 * (1.0 + 4.0 / 256)  # a byte each, and a float32 scale for each 256 of them
    if config.offload_moments:
        return 0.0
    return 4.0 if config.moments == "bfloat16" else 8.0


def adamw(
    networks: Mapping[str, Iterable[nn.Parameter]],
    lr: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
) -> torch.optim.AdamW:
    """Create torch's AdamW over the parameters of named networks; only matrices decay, not norms and biases.

    Raises:
        TypeError: a weight is not float32.
    """
    return torch.optim.AdamW(decayed(networks, weight_decay), lr=lr, betas=betas, eps=eps)


def decayed(networks: Mapping[str, Iterable[nn.Parameter]], weight_decay: float) -> list[dict[str, Any]]:
    """Return groups of parameters for an optimiser, with ``network`` and ``weight_decay``, which is 0 for vectors."""
    groups: list[dict[str, Any]] = []
    for network, parameters in networks.items():
        every = list(parameters)
        for parameter in every:
            if parameter.dtype != torch.float32:
                raise TypeError(f"optimiser: expected float32 weights, got {parameter.dtype}: it loses small steps")
        matrices, others = [p for p in every if p.dim() > 1], [p for p in every if p.dim() <= 1]
        groups += [
            {"params": matrices, "weight_decay": weight_decay, "network": network},
            {"params": others, "weight_decay": 0.0, "network": network},
        ]
    return [group for group in groups if group["params"]]


def learning_rates(config: TrainConfig, step: int) -> dict[str, float]:
    """Return the learning rate of each network at an optimiser step: warm-up, then by ``schedule`` to ``lr_final``.

    The policy's warm-up begins at its own first step, after the steps of the critic alone (``critic_steps``), during
    which its rate is 0.
    """
    steps = max(config.updates * config.minibatches * config.epochs - 1, 1)
    decay = 1.0 if config.lr_final is None or not config.lr else config.lr_final / config.lr
    progress = min(step / steps, 1.0)
    if config.schedule == "cosine":
        progress = 0.5 * (1.0 - math.cos(math.pi * progress))
    factor = 1.0 + progress * (decay - 1.0)
    critic_lr = config.lr if config.critic_lr is None else config.critic_lr
    return {
        "policy": config.lr * factor * warmed(step - config.critic_steps, config.warmup),
        "critic": critic_lr * factor * warmed(step, config.warmup),
    }


def warmed(step: int, warmup: int) -> float:
    """Share of the learning rate at a network's own step under linear warm-up; 0 before its step 0."""
    return min(1.0, max(step + 1, 0) / max(warmup, 1))


def gradient_norm(parameters: Iterable[nn.Parameter]) -> float:
    """Norm of all gradients together, of whole weights or of shards."""
    norm: Any = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
    return float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm)


def clip_gradients(parameters: Iterable[nn.Parameter], norm: float, limit: float) -> None:
    """Scale gradients whose norm is above ``limit`` down to it; 0 is no limit."""
    if limit and norm > limit:
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(limit / norm)
