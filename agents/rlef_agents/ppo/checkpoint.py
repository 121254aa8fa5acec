"""Checkpoints: complete or absent, and a run that resumes from one continues as if it had never stopped.

A checkpoint is a folder ``update-00000042``. It is written under another name and renamed when every byte is on disk,
so a folder with this name is complete, and a run that is killed at any moment finds the one before. Weights may be
copied first and written while training goes on: ``begin_checkpoint`` and ``finish_checkpoint``. It contains

    weights/            trained weights and the optimiser's state; each process writes its shards (``stored_state``)
    policy/             configuration and tokenizer for ``from_pretrained``; with LoRA also the adapters. The weights
                        are in ``weights/``; ``complete_policy`` adds them
    state.pt            counters, random states, and what the caller adds
    config.toml         the configuration of the run

Beside them, ``reference/`` has the weights of the policy before training, where they are kept in memory: they never
change, so the first checkpoint writes them, once.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor
from torch.distributed import ProcessGroup
from transformers import AutoConfig, AutoModelForCausalLM

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config_file import dump_config
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.network import base
from rlef_agents.ppo.stored_state import (
    base_sum,
    copied,
    learner_tensors,
    read_into,
    read_learner,
    write_tensors,
)
from rlef_env.errors import DataError

__all__ = [
    "CANNOT_WRITE", "Draft", "begin_checkpoint", "checkpoints", "complete_policy", "finish_checkpoint", "latest",
    "load_checkpoint", "policy_weights", "save_checkpoint", "save_policy",
]  # fmt: skip

CANNOT_WRITE: Final = (OSError, RuntimeError, SafetensorError)
"""Exceptions that a full disk causes: in Python's own files, in PyTorch's, and in safetensors'."""

REFERENCE: Final = "reference"


@dataclass(frozen=True, slots=True)
class Draft:
    """A checkpoint under another name: all but the weights is written, and will not change.

    Attributes:
        writing: its folder.
        target: its folder when it is complete.
        weights: trained weights and the optimiser's state by name, which are to be written.
        keep: number of checkpoints to keep.
    """

    writing: Path
    target: Path
    weights: Mapping[str, Tensor]
    keep: int


def save_checkpoint(
    folder: Path, learner: Learner, extra: Mapping[str, Any] | None = None, tokenizer: Any = None, keep: int = 2
) -> Path:
    """Write a checkpoint; all processes call it at once.

    Args:
        folder: folder of the run's checkpoints.
        learner: learner to save.
        extra: data that the caller needs to resume: numbers, texts, tensors, and lists and dictionaries of these. Each
            process gets its own back, or the first's where their number changes.
        tokenizer: tokenizer to write into ``policy/``.
        keep: number of checkpoints to keep; older ones are deleted after the new one is complete.

    Returns:
        The new checkpoint.

    Raises:
        OSError: the checkpoint cannot be written, for example to a full disk; earlier ones are untouched.
    """
    return finish_checkpoint(begin_checkpoint(folder, learner, extra, tokenizer, keep, copy=False))


def begin_checkpoint(
    folder: Path, learner: Learner, extra: Mapping[str, Any] | None, tokenizer: Any, keep: int, copy: bool
) -> Draft:
    """Write all but the weights, and the reference if it is not there; all processes call it at once.

    Args:
        folder: as for ``save_checkpoint``, as are the next four.
        learner: learner to save.
        extra: data that the caller needs to resume.
        tokenizer: tokenizer to write.
        keep: number of checkpoints to keep.
        copy: copy weights and the optimiser's state to the machine's memory, so that the learner can be trained before
            ``finish_checkpoint`` is done.

    Raises:
        OSError: something cannot be written; earlier checkpoints are untouched.
    """
    reference = reference_tensors(learner)
    if reference and not checkpoints(folder):  # an older one is of a run that had no checkpoint yet
        writing = new_folder(folder, REFERENCE)
        with removed_on_failure(writing):
            write_tensors(writing, reference)
            parallel.in_first(lambda: give_name(writing, folder / REFERENCE))
    everyones = parallel.gathered({"random": random_state(), "extra": dict(extra or {})})
    frozen = base_sum(learner)
    adapters = policy_weights(learner, trained_only=True) if learner.config.lora_rank else None
    target = folder / f"update-{learner.version:08d}"
    writing = new_folder(folder, target.name)

    def write_rest() -> None:
        if adapters is None:
            save_configuration(writing / "policy", learner, tokenizer)
        else:
            save_policy(writing / "policy", learner, adapters, tokenizer)
        state = {
            "version": learner.version,
            "steps": learner.steps,
            "learner_random": learner.random.bit_generator.state,
            "frozen": frozen,
            "processes": everyones,
        }
        torch.save(state, writing / "state.pt")
        (writing / "config.toml").write_text(dump_config(learner.config), encoding="utf-8")

    with removed_on_failure(writing):
        parallel.in_first(write_rest)
        weights = learner_tensors(learner)
        return Draft(writing, target, copied(weights) if copy else weights, keep)


def finish_checkpoint(draft: Draft, group: ProcessGroup | None = None) -> Path:
    """Write the weights, give the checkpoint its name, and delete old ones; all processes call it at once.

    Args:
        draft: what ``begin_checkpoint`` returned.
        group: group of all processes whose messages are used; in a second thread, one that no other thread uses.

    Returns:
        The new checkpoint.

    Raises:
        OSError: it cannot be written; earlier ones are untouched, and nothing of it is left.
    """
    folder = draft.target.parent

    def delete_old() -> None:
        for old in [*checkpoints(folder)[: -draft.keep], *folder.glob(".writing-*")]:
            shutil.rmtree(old)

    with removed_on_failure(draft.writing):
        write_tensors(draft.writing / "weights", draft.weights, group)
        parallel.in_first(lambda: give_name(draft.writing, draft.target), group)
    parallel.in_first(delete_old, group)
    return draft.target


def load_checkpoint(path: Path, learner: Learner) -> dict[str, Any]:
    """Load a checkpoint into a learner with the same settings; all processes call it at once.

    The number of processes may differ from the one that wrote it. Where it is the same, each process also gets back the
    states of its random generators.

    Args:
        path: one of ``checkpoints``.
        learner: learner whose weights, optimiser and counters are replaced; so are this process's random states.

    Returns:
        ``extra``, as this process saved it; with another number of processes, as the first did.

    Raises:
        DataError: it is no checkpoint, or is of another model.
    """
    try:
        state = torch.load(path / "state.pt", map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"{path}: expected a checkpoint of a training run; {error}") from error
    if state["frozen"] != base_sum(learner):
        raise DataError(
            f"{path}: expected the weights of the model of this run; its adapters were trained on another base"
        )
    read_learner(path / "weights", learner)
    if reference := reference_tensors(learner):
        read_into(path.parent / REFERENCE, reference)
    learner.version, learner.steps = state["version"], state["steps"]
    learner.random.bit_generator.state = state["learner_random"]
    as_before = len(state["processes"]) == parallel.world()
    mine = state["processes"][parallel.rank() if as_before else 0]
    if as_before:
        set_random_state(mine["random"])
    extra: dict[str, Any] = mine["extra"]
    return extra


def checkpoints(folder: Path) -> list[Path]:
    """Return all checkpoints in a folder, oldest first."""
    return sorted(folder.glob("update-*"))


def latest(folder: Path) -> Path | None:
    """Return the newest checkpoint in a folder, or None."""
    return next(reversed(checkpoints(folder)), None)


def policy_weights(learner: Learner, dtype: torch.dtype | None = None, trained_only: bool = False) -> dict[str, Tensor]:
    """Return the policy's weights on the CPU by their names in ``learner.model``; all processes call it at once.

    Shards are gathered one weight at a time, for the first process; the others return none.

    Args:
        learner: learner that owns the weights.
        dtype: type of the result; the weights' own where None.
        trained_only: leave out frozen weights.
    """
    found: dict[str, Tensor] = {}
    for name, parameter in learner.model.lm.named_parameters():
        if parameter.requires_grad or not trained_only:
            whole: Any = parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter
            if parallel.rank() == 0:
                found[f"lm.{name}"] = whole.detach().to("cpu", dtype)
    return found


def save_policy(path: Path, learner: Learner, weights: Mapping[str, Any], tokenizer: Any = None) -> None:
    """Write the policy as transformers' ``save_pretrained`` does; with LoRA the adapter, as peft does."""
    lm: Any = learner.model.lm
    own = {name.removeprefix("lm."): tensor for name, tensor in weights.items() if name.startswith("lm.")}
    lm.save_pretrained(path, state_dict=own)
    if tokenizer is not None:
        tokenizer.save_pretrained(path)


def complete_policy(path: Path) -> Path:
    """Add the weights to the ``policy/`` of a checkpoint, if they are not there; return this folder.

    Raises:
        DataError: it is no checkpoint.
    """
    policy = path / "policy"
    if any(policy.glob("*.safetensors*")):
        return policy
    model: Any = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]
        AutoConfig.from_pretrained(policy), dtype=torch.float32
    )
    read_into(path / "weights", {f"model.lm.{name}": p.detach() for name, p in model.named_parameters()}, alone=True)
    writing = path / f".writing-policy-{os.getpid()}"  # processes of an evaluation may do this at the same time
    model.save_pretrained(writing)
    for file in sorted(writing.glob("*.safetensors*"), key=lambda file: file.suffix == ".json"):  # the index last
        file.replace(policy / file.name)
    shutil.rmtree(writing)
    return policy


def new_folder(folder: Path, name: str) -> Path:
    """Make an empty folder to write to, which ``give_name`` will rename; all processes call it at once."""
    writing = folder / f".writing-{name}"

    def make() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".writing-*"):
            shutil.rmtree(left)
        writing.mkdir()

    parallel.in_first(make)
    return writing


def give_name(writing: Path, target: Path) -> None:
    """Rename a folder when every byte of it is on disk."""
    for path in sorted(writing.rglob("*")):
        to_disk(path)
    to_disk(writing)
    if target.exists():  # written before the run resumed from an earlier one
        target.rename(target.parent / f".writing-over-{target.name}")
    writing.rename(target)
    to_disk(target.parent)


@contextmanager
def removed_on_failure(writing: Path) -> Iterator[None]:
    """Remove a folder if what follows fails; it fails in all processes, or in none."""
    try:
        yield
    except BaseException:
        if parallel.rank() == 0:
            shutil.rmtree(writing, ignore_errors=True)
        raise


def save_configuration(path: Path, learner: Learner, tokenizer: Any) -> None:
    """Write what ``from_pretrained`` needs beside weights."""
    lm: Any = base(learner.model.lm)
    lm.config.save_pretrained(path)
    if getattr(lm, "generation_config", None) is not None:
        lm.generation_config.save_pretrained(path)
    if tokenizer is not None:
        tokenizer.save_pretrained(path)


def reference_tensors(learner: Learner) -> dict[str, Tensor]:
    """Return the weights of the reference by name; none where it is the policy without its adapters."""
    if learner.reference is None or learner.reference.lm is None:
        return {}
    return {name: parameter.detach() for name, parameter in learner.reference.lm.named_parameters()}


def random_state() -> dict[str, Any]:
    """Return the states of the random generators of this process."""
    state: dict[str, Any] = {"torch": torch.get_rng_state(), "python": list(random.getstate()[1])}
    kind, keys, place, has_gauss, gauss = np.random.get_state(legacy=True)
    state["numpy"] = [str(kind), [int(key) for key in keys], int(place), int(has_gauss), float(gauss)]
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: Mapping[str, Any]) -> None:
    """Set the random generators of this process to the states that ``random_state`` returned."""
    torch.set_rng_state(state["torch"])
    random.setstate((3, tuple(state["python"]), None))
    kind, keys, place, has_gauss, gauss = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), place, has_gauss, gauss))
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


def to_disk(path: Path) -> None:
    """Wait until a file or the names in a folder are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
