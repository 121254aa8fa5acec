"""Checkpoints: complete or absent, and a run that resumes from one continues as if it had never stopped.

A checkpoint is a folder ``update-00000042``. It is written under another name and renamed when every byte is on disk,
so a folder with this name is complete, and a run that is killed at any moment finds the one before. It contains

    policy/             files for ``from_pretrained``: the model (or adapter), its configuration, the tokenizer
    weights.pt          all weights of policy and critic
    reference.pt        the reference, where it is a network of its own
    state.pt            optimiser, counters, random states, and what the caller adds
    config.toml         the configuration of the run
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config_file import dump_config
from rlef_agents.ppo.learner import Learner
from rlef_env.errors import DataError

__all__ = [
    "CANNOT_WRITE",
    "checkpoints",
    "latest",
    "load_checkpoint",
    "policy_weights",
    "save_checkpoint",
    "save_policy",
]

CANNOT_WRITE: Final = (OSError, RuntimeError, SafetensorError)
"""Exceptions that a full disk causes: in Python's own files, in PyTorch's, and in safetensors'."""

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)
UNSEEN = StateDictOptions(full_state_dict=True, cpu_offload=True, strict=False)


def save_checkpoint(
    folder: Path, learner: Learner, extra: Mapping[str, Any] | None = None, tokenizer: Any = None, keep: int = 2
) -> Path:
    """Write a checkpoint; all processes call it at once.

    Args:
        folder: folder of the run's checkpoints.
        learner: learner to save.
        extra: data that the caller needs to resume: numbers, texts, tensors, and lists and dictionaries of these. Each
            process gets its own back.
        tokenizer: tokenizer to write into ``policy/``.
        keep: number of checkpoints to keep; older ones are deleted after the new one is complete.

    Returns:
        The new checkpoint.

    Raises:
        OSError: the checkpoint cannot be written, for example to a full disk; earlier ones are untouched.
    """
    target = folder / f"update-{learner.version:08d}"
    weights, optimiser = _whole_state(learner)
    reference = _reference_state(learner)
    mine = {"random": _random_state(), "learner_random": learner.random.bit_generator.state, "extra": dict(extra or {})}
    everyones = parallel.gathered(mine)
    if parallel.rank() == 0:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".writing-*"):
            shutil.rmtree(left)
        writing = folder / f".writing-{target.name}"
        writing.mkdir()
        try:
            save_policy(writing / "policy", learner, weights, tokenizer)
            torch.save(weights, writing / "weights.pt")
            if reference is not None:
                torch.save(reference, writing / "reference.pt")
            state = {"version": learner.version, "steps": learner.steps, "optimiser": optimiser, "processes": everyones}
            torch.save(state, writing / "state.pt")
            (writing / "config.toml").write_text(dump_config(learner.config), encoding="utf-8")
            for path in sorted(writing.rglob("*")):
                _to_disk(path)
            _to_disk(writing)
            if target.exists():  # written before the run resumed from an earlier one
                target.rename(folder / f".writing-over-{target.name}")
            writing.rename(target)
            _to_disk(folder)
        except BaseException:
            shutil.rmtree(writing, ignore_errors=True)
            raise
        for old in [*checkpoints(folder)[:-keep], *folder.glob(".writing-*")]:
            shutil.rmtree(old)
    parallel.wait_for_all()
    return target


def load_checkpoint(path: Path, learner: Learner) -> dict[str, Any]:
    """Load a checkpoint into a learner with the same settings; all processes call it at once.

    Args:
        path: one of ``checkpoints``.
        learner: learner whose weights, optimiser and counters are replaced; so are this process's random states.

    Returns:
        ``extra``, as this process saved it.

    Raises:
        DataError: it is no checkpoint, or was written by another number of processes or for another model.
    """
    try:
        state = torch.load(path / "state.pt", map_location="cpu", weights_only=True)
        weights = torch.load(path / "weights.pt", map_location="cpu", weights_only=True)
        stored = path / "reference.pt"
        reference = torch.load(stored, map_location="cpu", weights_only=True) if stored.exists() else None
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: expected a checkpoint of a training run; {error}") from error
    if len(state["processes"]) != parallel.world():
        raise DataError(
            f"{path}: expected as many processes as wrote it, {len(state['processes'])}, got {parallel.world()}"
        )
    groups = [
        {key: value for key, value in group.items() if key != "params"} for group in learner.optimiser.param_groups
    ]
    try:
        _load_whole(learner, weights, state["optimiser"])
        if reference is not None and learner.reference is not None:
            set_model_state_dict(learner.reference, reference, options=WHOLE)
    except (RuntimeError, KeyError, ValueError) as error:
        raise DataError(f"{path}: expected the weights of the model of this run; {error}") from error
    for group, own in zip(learner.optimiser.param_groups, groups, strict=True):
        group.update(own)  # settings of this run, which may differ from the saved ones: weight decay, for example
    learner.version, learner.steps = state["version"], state["steps"]
    mine = state["processes"][parallel.rank()]
    learner.random.bit_generator.state = mine["learner_random"]
    _set_random_state(mine["random"])
    extra: dict[str, Any] = mine["extra"]
    return extra


def checkpoints(folder: Path) -> list[Path]:
    """Return all checkpoints in a folder, oldest first."""
    return sorted(folder.glob("update-*"))


def latest(folder: Path) -> Path | None:
    """Return the newest checkpoint in a folder, or None."""
    return next(reversed(checkpoints(folder)), None)


def policy_weights(learner: Learner) -> dict[str, Any]:
    """Return the policy's weights by their names in ``learner.model``; all processes call it at once.

    Weights in shards are gathered in the first process; the others return none.
    """
    lm: Any = learner.model.lm
    weights = get_model_state_dict(lm, options=WHOLE) if learner.sharded else lm.state_dict()
    return {f"lm.{name}": tensor for name, tensor in weights.items()}


def save_policy(path: Path, learner: Learner, weights: Mapping[str, Any], tokenizer: Any = None) -> None:
    """Write the policy as transformers' ``save_pretrained`` does; with LoRA the adapter, as peft does."""
    lm: Any = learner.model.lm
    own = {name.removeprefix("lm."): tensor for name, tensor in weights.items() if name.startswith("lm.")}
    lm.save_pretrained(path, state_dict=own)
    if tokenizer is not None:
        tokenizer.save_pretrained(path)


def _whole_state(learner: Learner) -> tuple[dict[str, Any], dict[str, Any]]:
    if learner.sharded:
        return (
            get_model_state_dict(learner.model, options=WHOLE),
            get_optimizer_state_dict(learner.model, learner.optimiser, options=WHOLE),
        )
    return learner.model.state_dict(), learner.optimiser.state_dict()


def _load_whole(learner: Learner, weights: dict[str, Any], optimiser: dict[str, Any]) -> None:
    if learner.sharded:
        set_model_state_dict(learner.model, weights, options=WHOLE)
        # Before the policy's first step (critic_steps) the optimiser has no state for it, which is not an error.
        unseen = not optimiser["state"].keys() >= {name for name, _ in learner.model.policy_parameters()}
        set_optimizer_state_dict(learner.model, learner.optimiser, optimiser, options=UNSEEN if unseen else WHOLE)
        for parameter in learner.policy if unseen else ():
            learner.optimiser.state.pop(parameter, None)
    else:
        learner.model.load_state_dict(weights)
        learner.optimiser.load_state_dict(optimiser)


def _reference_state(learner: Learner) -> dict[str, Any] | None:
    if learner.reference is None or learner.reference.lm is None:
        return None
    return get_model_state_dict(learner.reference, options=WHOLE) if learner.sharded else learner.reference.state_dict()


def _random_state() -> dict[str, Any]:
    state: dict[str, Any] = {"torch": torch.get_rng_state(), "python": list(random.getstate()[1])}
    kind, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)
    state["numpy"] = [str(kind), [int(key) for key in keys], int(place), int(has_gauss), float(gauss)]
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _set_random_state(state: Mapping[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    random.setstate((3, tuple(state["python"]), None))
    kind, keys, place, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), place, has_gauss, gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
