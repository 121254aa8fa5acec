"""Tensors of a learner in a folder of torch's distributed checkpoint: each process writes and reads its own shards.

What is stored depends only on what is trained, not on how many processes train it: a folder can be read by another
number of processes, in shards or whole. Frozen weights are not stored.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed
from torch.distributed import ProcessGroup
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.staging import BlockingAsyncStager
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from rlef_agents.ppo import parallel
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.stored_adamw import StoredAdamW
from rlef_env.errors import DataError

__all__ = ["base_sum", "copied", "learner_tensors", "read_into", "read_learner", "stored_names", "write_tensors"]

MODEL, OPTIMISER = "model.", "optimiser."

# For good, and not by ``catch_warnings``, which changes the filters of all threads. Alone is what is meant.
warnings.filterwarnings("ignore", "torch.distributed is disabled")


def learner_tensors(learner: Learner) -> dict[str, Tensor]:
    """Return trained weights and the optimiser's state by name: those of this process, not copies."""
    return {**trained_tensors(learner), **optimiser_tensors(learner)}


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies in the machine's memory, whole or in shards as they are."""
    copies: dict[str, Tensor] = BlockingAsyncStager().stage(dict(tensors))
    return copies


def read_learner(folder: Path, learner: Learner) -> None:
    """Read what ``write_tensors`` wrote of ``learner_tensors`` into a learner; all processes call it at once.

    Raises:
        DataError: the folder is incomplete, or of another model.
    """
    found = stored_tensors(folder)
    there = {name: size for name, (size, _) in found.items()}
    types = {name: dtype for name, (_, dtype) in found.items()}
    weights = trained_tensors(learner)
    stored = {name: size for name, size in there.items() if name.startswith(MODEL)}
    if wrong := sorted(stored.keys() ^ weights.keys()):
        raise DataError(f"{folder}: expected the weights of the model of this run; {wrong[0]} is in only one of them")
    for name, tensor in weights.items():
        if stored[name] != tensor.shape:
            raise DataError(
                f"{folder}: expected the weights of the model of this run; {name} has the shape {tuple(stored[name])} "
                f"there and {tuple(tensor.shape)} here"
            )
    restored: dict[str, Tensor] = {}
    states: dict[Tensor, dict[str, Tensor]] = {}
    fused = any(group.get("fused") for group in learner.optimiser.param_groups)
    for name, parameter in learner.model.named_parameters():
        prefix = f"{OPTIMISER}{name}."
        for key in (key for key in there if key.startswith(prefix)):
            whole, dtype = there[key] == parameter.shape, types[key]
            if whole and isinstance(learner.optimiser, StoredAdamW):
                made = learner.optimiser.stored(parameter)
            elif whole:
                made = torch.zeros_like(parameter, dtype=dtype, requires_grad=False)
            else:
                made = torch.zeros(there[key], dtype=dtype, device=parameter.device if fused else "cpu")
            restored[key] = made
            states.setdefault(parameter, {})[key.removeprefix(prefix)] = restored[key]
    read_into(folder, {**weights, **restored})
    learner.optimiser.state.clear()  # weights that have not moved yet have no state
    learner.optimiser.state.update(states)


def write_tensors(folder: Path, tensors: Mapping[str, Tensor], group: ProcessGroup | None = None) -> None:
    """Write tensors, whole or in shards; all processes call it at once, with the same names.

    Args:
        folder: folder to write.
        tensors: tensors by name.
        group: group of all processes whose messages are used; None: the first group.

    Raises:
        OSError: a process cannot write its share; all processes raise.
    """
    alone = not distributed.is_initialized()
    try:
        save(dict(tensors), storage_writer=FileSystemWriter(folder), process_group=group, no_dist=alone)
    except CheckpointException as error:
        raise OSError(first_failure(error)) from error


def read_into(folder: Path, tensors: Mapping[str, Tensor], alone: bool = False) -> None:
    """Read tensors in place, by their names.

    Args:
        folder: folder that ``write_tensors`` wrote.
        tensors: tensors to overwrite, whole or in shards.
        alone: only this process reads; otherwise all processes call it at once.

    Raises:
        DataError: a tensor is missing, or has another shape.
    """
    alone = alone or not distributed.is_initialized()
    try:
        load(dict(tensors), storage_reader=FileSystemReader(folder), no_dist=alone)
    except CheckpointException as error:
        raise DataError(f"{folder}: expected tensors of this run; {first_failure(error)}") from error


def stored_names(folder: Path) -> set[str]:
    """Return the names of the tensors in a folder; errors as ``stored_tensors``."""
    return set(stored_tensors(folder))


def stored_tensors(folder: Path) -> dict[str, tuple[torch.Size, torch.dtype]]:
    """Return the names, shapes and types of the tensors in a folder.

    Raises:
        DataError: it is no folder that ``write_tensors`` wrote.
    """
    try:
        metadata: Any = FileSystemReader(folder).read_metadata().state_dict_metadata
    except (OSError, EOFError, ValueError, RuntimeError, CheckpointException) as error:
        raise DataError(f"{folder}: expected a checkpoint of a training run; {error}") from error
    return {name: (each.size, each.properties.dtype) for name, each in metadata.items()}


def base_sum(learner: Learner) -> int:
    """Return a checksum of the frozen weights, of the same value however they are divided among processes."""
    total = 0
    for parameter in learner.model.parameters():
        if not parameter.requires_grad:
            local: Any = parameter.to_local() if hasattr(parameter, "to_local") else parameter
            bits = local.detach().contiguous().view(torch.int16 if local.dtype.itemsize == 2 else torch.int32)
            total += int(bits.sum(dtype=torch.int64)) if bits.numel() else 0
    return sum(parallel.gathered(total)) if learner.sharded else total


def trained_tensors(learner: Learner) -> dict[str, Tensor]:
    """Return the trained weights by name, and the buffers that belong to the model's state."""
    trained = {name: p.detach() for name, p in learner.model.named_parameters() if p.requires_grad}
    kept = learner.model.state_dict().keys()
    trained.update((name, buffer) for name, buffer in learner.model.named_buffers() if name in kept)
    return {MODEL + name: tensor for name, tensor in trained.items()}


def optimiser_tensors(learner: Learner) -> dict[str, Tensor]:
    """Return the optimiser's state of each weight that has moved."""
    names: dict[Tensor, str] = {parameter: name for name, parameter in learner.model.named_parameters()}
    return {
        f"{OPTIMISER}{names[parameter]}.{key}": value
        for parameter, state in learner.optimiser.state.items()
        for key, value in state.items()
        if isinstance(value, Tensor)
    }


def first_failure(error: CheckpointException) -> str:
    """Return the reason of the first process that failed, in one line."""
    raised = next((wrapped[0] for wrapped in error.failures.values()), None)
    return str(error if raised is None else raised).partition("\n")[0]
