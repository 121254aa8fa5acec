"""Several processes, one result: sums over all of them, and weights whole (``ddp``) or in shards (``fsdp``).

Start them with ``torchrun``, which ``join`` picks up. Each process brings its own episodes. Losses are divided by
counts over all processes, so gradients are summed, never averaged, and equal those of one process with all episodes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed, nn
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

__all__ = [
    "broadcast", "copy_whole", "gathered", "join", "largest", "leave", "on_this_machine", "quantiles", "rank", "same",
    "shard", "sum_gradients", "total", "wait_for_all", "world",
]  # fmt: skip

T = TypeVar("T")
EDGES: Final = np.geomspace(1e-9, 1e3, 1024)
PATIENCE: Final = timedelta(hours=4)  # one's episodes may take long, or its checkpoint; torchrun ends what is lost


def join() -> None:
    """Join the processes that ``torchrun`` started with this one; nothing happens without it."""
    if "RANK" in os.environ and not distributed.is_initialized():
        gpus = torch.cuda.is_available()
        if gpus:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))  # what "cuda" means from here on
        distributed.init_process_group("nccl" if gpus else "gloo", timeout=PATIENCE)


def leave() -> None:
    """The end of what ``join`` began under ``torchrun``; what else began it ends it."""
    if distributed.is_initialized() and distributed.is_torchelastic_launched():
        distributed.destroy_process_group()


def world() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Which of them this is."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def on_this_machine() -> int:
    """How many of them are on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if distributed.is_initialized() else 1


def wait_for_all() -> None:
    """Until all processes are here."""
    if world() > 1:
        distributed.barrier()


def gathered(mine: T) -> list[T]:
    """What each process brings, in their order."""
    if world() == 1:
        return [mine]
    everyones: list[Any] = [None] * world()
    distributed.all_gather_object(everyones, mine)
    return everyones


def total(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sum of an array over all processes."""
    return _reduced(values, distributed.ReduceOp.SUM) if world() > 1 else values


def largest(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The largest of each entry over all processes."""
    return _reduced(values, distributed.ReduceOp.MAX) if world() > 1 else values


def quantiles(sizes: npt.NDArray[np.float64], shares: Sequence[float]) -> list[float]:
    """Quantiles of numbers in all processes, from a histogram: at most 3 % too large, never too small.

    Args:
        sizes: this process's, 0 or more; below 1e-9 they count as that.
        shares: such as 0.5 for the median. Quantiles of nothing are 0.
    """
    counts = np.cumsum(total(np.bincount(np.searchsorted(EDGES, sizes), minlength=len(EDGES) + 1).astype(np.float64)))
    most = float(largest(np.array([sizes.max(initial=0.0)], np.float64))[0])
    if not counts[-1]:
        return [0.0] * len(shares)
    ends = np.append(EDGES, np.inf)
    return [min(float(ends[np.searchsorted(counts, share * counts[-1])]), most) for share in shares]


@torch.no_grad()
def broadcast(module: nn.Module) -> None:
    """Give all processes the weights and buffers of the first."""
    if world() > 1:
        for tensor in (*module.parameters(), *module.buffers()):
            distributed.broadcast(tensor.detach(), 0)


@torch.no_grad()
def same(parameters: Iterable[nn.Parameter]) -> bool:
    """Whether all processes have the same float32 weights, by checksums of their bits."""
    if world() == 1:
        return True
    sums = [int(parameter.detach().contiguous().view(torch.int32).sum(dtype=torch.int64)) for parameter in parameters]
    return len(set(gathered(tuple(sums)))) == 1


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Sum gradients over all processes, in one message; a process without a gradient has zeros."""
    if world() == 1:
        return
    trained = list(parameters)
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in trained])
    distributed.all_reduce(flat)
    for parameter, gradient in zip(trained, torch.split(flat, [p.numel() for p in trained]), strict=True):
        parameter.grad = gradient.view_as(parameter).clone()


def shard(module: nn.Module, networks: Iterable[nn.Module]) -> None:
    """Split the weights of a module over all processes (FSDP2): each layer of its networks, and what remains.

    Weights are gathered in float32, whatever layers compute in. FSDP's own mixed precision rounds norms and the
    residual stream, too: shards would then train another function than whole copies do, and than what samples.
    """
    policy = MixedPrecisionPolicy(reduce_dtype=torch.float32)
    for network in networks:
        lists = [inner for inner in network.modules() if isinstance(inner, nn.ModuleList)]
        layers: Any = max(lists, key=lambda inner: sum(p.numel() for p in inner.parameters()), default=())
        for layer in layers:
            fully_shard(layer, mp_policy=policy)
    fully_shard(module, reshard_after_forward=True)


@torch.no_grad()
def copy_whole(source: nn.Module, target: nn.Module) -> None:
    """Copy weights that may be in shards into a module of the same kind that has them whole; all processes at once."""
    there = dict(target.named_parameters())
    for name, parameter in source.named_parameters():
        weights: Any = parameter
        there[name].copy_(weights.full_tensor() if hasattr(weights, "full_tensor") else weights)


def _reduced(values: npt.NDArray[np.float64], operation: Any) -> npt.NDArray[np.float64]:
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    tensor = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(tensor, operation)
    result: npt.NDArray[np.float64] = tensor.cpu().numpy()
    return result
