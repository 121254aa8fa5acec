"""Several processes with one result: sums over all of them, and weights whole (``ddp``) or in shards (``fsdp``).

``torchrun`` starts the processes, and ``join`` connects them. Each process has its own episodes. Losses are divided by
counts over all processes, so gradients are summed, never averaged, and equal those of one process with all episodes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn
from torch.distributed import ProcessGroup
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

__all__ = [
    "broadcast", "broadcast_tensor", "copy_whole", "gathered", "in_first", "join", "largest", "layers_of", "leave",
    "on_this_machine", "quantiles", "rank", "same", "second_group", "shard", "sum_gradients", "total", "wait_for_all",
    "world",
]  # fmt: skip

T = TypeVar("T")
EDGES: Final = np.geomspace(1e-9, 1e3, 1024)
MESSAGE: Final = 64 * 2**20  # bytes; a copy of this size is made, so not all gradients are one message
TIMEOUT: Final = timedelta(hours=4)  # a process may play or save for long; torchrun stops those that are lost


def join() -> None:
    """Connect to the other processes of ``torchrun``; do nothing without it."""
    if "RANK" in os.environ and not distributed.is_initialized():
        gpus = torch.cuda.is_available()
        if gpus:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))  # "cuda" means this device from here on
        distributed.init_process_group("nccl" if gpus else "gloo", timeout=TIMEOUT)


def leave() -> None:
    """Disconnect the processes of ``torchrun``; another launcher disconnects its own."""
    if distributed.is_initialized() and distributed.is_torchelastic_launched():
        distributed.destroy_process_group()


def world() -> int:
    """Return the number of processes."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Return the number of this process, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def on_this_machine() -> int:
    """Return the number of processes on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if distributed.is_initialized() else 1


def wait_for_all() -> None:
    """Wait until all processes have called this."""
    if world() > 1:
        distributed.barrier()


def second_group() -> ProcessGroup | None:
    """Create another group of all processes, for messages of a second thread; all processes call it at once.

    Messages of two threads in one group would meet each other's. None where processes are not connected.
    """
    return distributed.new_group(backend="gloo", timeout=TIMEOUT) if distributed.is_initialized() else None


def in_first(action: Callable[[], None], group: ProcessGroup | None = None) -> None:
    """Run an action in the first process, while the others wait; if it fails, all raise.

    Args:
        action: what to do.
        group: group of all processes whose messages are used; None: the first group.

    Raises:
        OSError: in the other processes; the first raises its own error.
    """
    failed = rank() == 0
    try:
        if rank() == 0:
            action()
            failed = False
    finally:
        failed = gathered(failed, group)[0]
    if failed:
        raise OSError("the first process could not read or write; see its error")


def gathered(mine: T, group: ProcessGroup | None = None) -> list[T]:
    """Return the value of each process, in their order; ``group`` as for ``in_first``."""
    if world() == 1:
        return [mine]
    everyones: list[Any] = [None] * world()
    distributed.all_gather_object(everyones, mine, group=group)
    return everyones


def total(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the sum of an array over all processes."""
    return _reduced(values, distributed.ReduceOp.SUM) if world() > 1 else values


def largest(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the largest value of each entry over all processes."""
    return _reduced(values, distributed.ReduceOp.MAX) if world() > 1 else values


def quantiles(sizes: npt.NDArray[np.float64], shares: Sequence[float]) -> list[float]:
    """Return quantiles of numbers in all processes, from a histogram: at most 3 % too large, never too small.

    Args:
        sizes: numbers of this process, 0 or more; those below 1e-9 count as 1e-9.
        shares: quantiles, such as 0.5 for the median. Without numbers they are 0.
    """
    counts = np.cumsum(total(np.bincount(np.searchsorted(EDGES, sizes), minlength=len(EDGES) + 1).astype(np.float64)))
    top = float(largest(np.array([sizes.max(initial=0.0)], np.float64))[0])
    if not counts[-1]:
        return [0.0] * len(shares)
    ends = np.append(EDGES, np.inf)
    return [min(float(ends[np.searchsorted(counts, share * counts[-1])]), top) for share in shares]


@torch.no_grad()
def broadcast(module: nn.Module) -> None:
    """Give all processes the weights and buffers of the first."""
    if world() > 1:
        for tensor in (*module.parameters(), *module.buffers()):
            distributed.broadcast(tensor.detach(), 0)


def broadcast_tensor(tensor: Tensor) -> None:
    """Give all processes a tensor of the first."""
    if world() > 1:
        distributed.broadcast(tensor, 0)


@torch.no_grad()
def same(parameters: Iterable[nn.Parameter]) -> bool:
    """Return whether all processes have the same float32 weights, by checksums of their bits."""
    if world() == 1:
        return True
    sums = [int(parameter.detach().contiguous().view(torch.int32).sum(dtype=torch.int64)) for parameter in parameters]
    return len(set(gathered(tuple(sums)))) == 1


@torch.no_grad()
def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Sum gradients over all processes, in messages of ``MESSAGE`` bytes or one large weight; None counts as zeros."""
    if world() == 1:
        return
    some: list[Tensor] = []
    size = 0
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        size += parameter.grad.nbytes
        if size > MESSAGE:
            sum_tensors(some)
            some, size = [], parameter.grad.nbytes
        some.append(parameter.grad)
    sum_tensors(some)


def sum_tensors(tensors: Sequence[Tensor]) -> None:
    """Replace tensors by their sums over all processes, in one message."""
    if len(tensors) == 1 and tensors[0].is_contiguous():
        distributed.all_reduce(tensors[0])
    elif tensors:
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        for tensor, total in zip(tensors, torch.split(flat, [each.numel() for each in tensors]), strict=True):
            tensor.copy_(total.view_as(tensor))


def shard(
    module: nn.Module,
    networks: Iterable[nn.Module],
    fill: Callable[[nn.Module], None] = lambda _: None,
    matrices: Iterable[nn.Module] = (),
) -> None:
    """Split the weights of a module over all processes (FSDP2): each layer of its networks, matrices, and the rest.

    Weights are gathered in float32, whatever layers compute in. FSDP's own mixed precision also rounds norms and the
    residual stream: shards would then train another function than whole copies do, and than generators sample from.

    Args:
        module: the module.
        networks: parts of it that have layers.
        fill: called with each part before it is split, to fill weights that are not in memory.
        matrices: parts outside of the layers, such as embeddings, that are whole only while they are used.
    """
    policy = MixedPrecisionPolicy(reduce_dtype=torch.float32)
    for network in networks:
        for layer in layers_of(network):
            fill(layer)
            fully_shard(layer, mp_policy=policy)
    for matrix in matrices:
        fill(matrix)
        fully_shard(matrix)
    fill(module)
    fully_shard(module, reshard_after_forward=True)


def layers_of(network: nn.Module) -> Sequence[nn.Module]:
    """Return the layers of a network: the list of modules that has most of its weights."""
    lists = [inner for inner in network.modules() if isinstance(inner, nn.ModuleList)]
    found: Any = max(lists, key=lambda inner: sum(p.numel() for p in inner.parameters()), default=())
    return list(found)


@torch.no_grad()
def copy_whole(source: nn.Module, target: nn.Module) -> None:
    """Copy weights, whole or in shards, into a module with whole weights; all processes call it at once."""
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
