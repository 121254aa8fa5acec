"""Several processes, one result: sums over all of them, and weights whole (``ddp``) or in shards (``fsdp``).

Start them with ``torchrun``, which ``join`` picks up. Each process brings its own episodes. Losses are divided by
counts over all processes, so gradients are summed, never averaged, and equal those of one process with all episodes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed, nn
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

__all__ = ["join", "largest", "rank", "shard", "sum_gradients", "total", "world"]


def join() -> None:
    """Join the processes that ``torchrun`` started with this one; nothing happens without it."""
    if "RANK" in os.environ and not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def world() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def total(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sum of an array over all processes."""
    return _reduced(values, distributed.ReduceOp.SUM) if world() > 1 else values


def largest(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The largest of each entry over all processes."""
    return _reduced(values, distributed.ReduceOp.MAX) if world() > 1 else values


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Sum gradients over all processes, in one message; a process without a gradient has zeros."""
    if world() == 1:
        return
    trained = list(parameters)
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in trained])
    distributed.all_reduce(flat)
    for parameter, gradient in zip(trained, torch.split(flat, [p.numel() for p in trained]), strict=True):
        parameter.grad = gradient.view_as(parameter).clone()


def shard(module: nn.Module, networks: Iterable[nn.Module], dtype: torch.dtype) -> None:
    """Split the weights of a module over all processes (FSDP2): each layer of its networks, and what remains.

    Layers are gathered in the type that they compute in; what remains (embeddings, heads) in float32.
    """
    policy = MixedPrecisionPolicy(param_dtype=dtype if dtype != torch.float32 else None, reduce_dtype=torch.float32)
    for network in networks:
        lists = [inner for inner in network.modules() if isinstance(inner, nn.ModuleList)]
        layers: Any = max(lists, key=lambda inner: sum(p.numel() for p in inner.parameters()), default=())
        for layer in layers:
            fully_shard(layer, mp_policy=policy)
    fully_shard(module, reshard_after_forward=True)


def _reduced(values: npt.NDArray[np.float64], operation: Any) -> npt.NDArray[np.float64]:
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    tensor = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(tensor, operation)
    result: npt.NDArray[np.float64] = tensor.cpu().numpy()
    return result
