"""Building a model that is divided among processes, without a whole copy of it in any of them.

The model is made without weights (on PyTorch's ``meta`` device). Then each layer in turn gets memory, is filled and is
divided (``parallel.shard``), so that a process holds its shards and one whole layer. Weights come from the files of
the model, which each process reads (``FileSource``), or from a model that the first process has (``ModuleSource``).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from safetensors import safe_open
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, GenerationConfig

from rlef_agents.ppo import parallel
from rlef_env.errors import UsageError

__all__ = [
    "SMALL", "FileSource", "Filler", "ModuleSource", "Source", "empty_copy", "empty_model", "is_empty", "small_version",
]  # fmt: skip

SMALL: Final[Mapping[str, int]] = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
"""Sizes of a small version of a model."""


class Source(Protocol):
    """Weights of a model by name."""

    device: torch.device
    """Device on which the model shall be."""

    def fill(self, name: str, target: Tensor) -> None:
        """Copy a weight into a tensor; all processes call it at once, with the same names in the same order."""


class FileSource:
    """Weights in the safetensors files of a model's folder.

    Args:
        folder: the folder.
        names: names of the weights that will be asked for.
        device: device on which the model shall be.

    Raises:
        UsageError: the folder has no such files, or not all of these weights under these names.
    """

    def __init__(self, folder: Path, names: Sequence[str], device: torch.device) -> None:
        self.device = device
        self._files = files_of_weights(folder)
        if missing := [name for name in names if name not in self._files]:
            raise UsageError(
                f"model: expected {missing[0]} among the weights in {str(folder)!r}, as its class names it in "
                "transformers, got none; load it with from_pretrained and save it again with save_pretrained, or set "
                "parallel=ddp"
            )

    def fill(self, name: str, target: Tensor) -> None:
        """See `Source`. Only this weight is in memory."""
        with safe_open(self._files[name], "pt") as file:
            target.copy_(file.get_tensor(name))


class ModuleSource:
    """Weights of a model that the first process has; the other processes' own weights are not used.

    Args:
        module: the model.
    """

    def __init__(self, module: nn.Module) -> None:
        self._there = dict(module.named_parameters())
        self.device = next(module.parameters()).device

    def fill(self, name: str, target: Tensor) -> None:
        """See `Source`."""
        if parallel.rank() == 0:
            target.copy_(self._there[name].detach())
        parallel.broadcast_tensor(target)


def files_of_weights(folder: Path) -> dict[str, Path]:
    """Return the file of each weight in a model's folder, or in the cache of the Hugging Face hub.

    Raises:
        UsageError: there are no safetensors files.
    """
    index, single = folder / "model.safetensors.index.json", folder / "model.safetensors"
    if index.is_file():
        named: Mapping[str, str] = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return {name: folder / file for name, file in named.items()}
    if not single.is_file():
        raise UsageError(
            f"model: expected model.safetensors in {str(folder)!r}, from which each process reads its share, got none; "
            "load it with from_pretrained and save it again with save_pretrained, or set parallel=ddp"
        )
    with safe_open(single, "pt") as file:
        return dict.fromkeys(file.keys(), single)


def empty_model(config: Any, folder: Path) -> Any:
    """Return a model of transformers whose weights are on the ``meta`` device; its buffers are real.

    Args:
        config: configuration of the model.
        folder: its folder, for the settings of ``generate``.
    """
    with parameters_on_meta():
        model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    if (folder / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(folder)
    return model.eval()


def small_version(config: Any) -> Any:
    """Return the configuration of a model with the same architecture, two layers and few features."""
    small = copy.deepcopy(config)
    layers = small.num_hidden_layers
    for name, value in SMALL.items():
        if hasattr(small, name):
            setattr(small, name, value)
    if getattr(small, "head_dim", None):
        small.head_dim = SMALL["hidden_size"] // SMALL["num_attention_heads"]
    for name, value in vars(small).items():
        if isinstance(value, list) and len(value) == layers:  # a setting per layer
            setattr(small, name, value[: SMALL["num_hidden_layers"]])
    return small


def empty_copy(module: Any) -> Any:
    """Return a copy of a module whose weights are on the ``meta`` device; weights that are shared stay shared."""
    memory: dict[int, Any] = {
        id(weight): nn.Parameter(torch.empty_like(weight, device="meta"), weight.requires_grad)
        for weight in module.parameters()
    }
    return copy.deepcopy(module, memory)


def is_empty(module: nn.Module) -> bool:
    """Return whether a module's weights are on the ``meta`` device."""
    return next(module.parameters()).is_meta


class Filler:
    """Gives memory to weights on the ``meta`` device and fills them, part by part of a module.

    Args:
        device: where to put them.
        fillers: what fills each weight.
    """

    def __init__(self, device: torch.device, fillers: Mapping[nn.Parameter, Callable[[Tensor], object]]) -> None:
        self._device, self._fillers = device, fillers
        self._made: dict[nn.Parameter, nn.Parameter] = {}  # a shared weight is filled once

    @torch.no_grad()
    def __call__(self, part: nn.Module) -> None:
        """Fill the empty weights of a part; all processes call it at once."""
        for inner in part.modules():
            for name, weight in inner.named_parameters(recurse=False):
                if weight.is_meta:
                    setattr(inner, name, self._filled(weight))

    def _filled(self, weight: nn.Parameter) -> nn.Parameter:
        if weight not in self._made:
            tensor = torch.empty_like(weight, device=self._device, requires_grad=False)
            self._fillers[weight](tensor)
            self._made[weight] = nn.Parameter(tensor, weight.requires_grad)
        return self._made[weight]


@contextmanager
def parameters_on_meta() -> Iterator[None]:
    """Put the parameters of new modules on the ``meta`` device, and leave their buffers where they are."""
    register = nn.Module.register_parameter

    def empty(module: nn.Module, name: str, param: nn.Parameter | None) -> None:
        if param is not None and not param.is_meta:  # one that is shared stays the same object
            param = nn.Parameter(param.to("meta"), param.requires_grad)
        register(module, name, param)

    nn.Module.register_parameter = empty  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]
