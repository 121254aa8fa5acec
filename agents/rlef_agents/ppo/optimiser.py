"""AdamW over float32 weights, its learning rates, and clipping of gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from rlef_agents.ppo.config import TrainConfig

__all__ = ["adamw", "clip_gradients", "gradient_norm", "learning_rates", "make_optimiser", "warmed"]


def make_optimiser(
    policy: Sequence[nn.Parameter], critic: Sequence[nn.Parameter], config: TrainConfig
) -> torch.optim.AdamW:
    """Create the optimiser of a training run; each of its groups has ``network``: ``policy`` or ``critic``."""
    return adamw(
        {"policy": policy, "critic": critic},
        config.lr,
        config.weight_decay,
        betas=(config.adam_beta1, config.adam_beta2),
        eps=config.adam_eps,
    )


def adamw(
    networks: Mapping[str, Iterable[nn.Parameter]],
    lr: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.95),
    eps: float = 1e-8,
) -> torch.optim.AdamW:
    """Create AdamW over the parameters of named networks; only matrices decay, not norms and biases.

    Raises:
        TypeError: a weight is not float32.
    """
    groups = []
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
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr, betas=betas, eps=eps)


def learning_rates(config: TrainConfig, step: int) -> dict[str, float]:
    """Return the learning rate of each network at an optimiser step: warm-up, then linear to ``lr_final``.

    The policy's warm-up begins at its own first step, after the steps of the critic alone (``critic_steps``), during
    which its rate is 0.
    """
    steps = max(config.updates * config.minibatches * config.epochs - 1, 1)
    decay = 1.0 if config.lr_final is None or not config.lr else config.lr_final / config.lr
    factor = 1.0 + min(step / steps, 1.0) * (decay - 1.0)
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
