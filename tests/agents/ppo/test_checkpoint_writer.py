"""Checkpoints that are written while training goes on: of one moment, one at a time, and complete or absent."""

from __future__ import annotations

import errno
import os
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rlef_agents.ppo import stored_state
from rlef_agents.ppo.checkpoint import checkpoints, load_checkpoint, policy_weights
from rlef_agents.ppo.checkpoint_writer import CheckpointWriter
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.stored_state import learner_tensors
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.errors import RLEFError
from tests.agents.ppo.small import learner, random_episodes, sampled_by
from tests.agents.ppo.test_trainer import CONFIG

PATIENCE = 120.0
"""Seconds after which a write that is held gives up, so that a broken program fails and does not hang."""


class Telling(CheckpointWriter):
    """A writer whose writes are held until something waits for them."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.waited_for = threading.Event()

    def wait(self) -> None:
        if self._pending is not None and not self._pending.done():
            self.waited_for.set()
        super().wait()


def held(monkeypatch: pytest.MonkeyPatch, until: Callable[[], threading.Event], then: Callable[[], None]) -> None:
    """Hold writes of other threads until an event; call a function before the write and after it."""
    save = stored_state.save

    def late(*arguments: Any, **named: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            return save(*arguments, **named)
        assert until().wait(PATIENCE)
        until().clear()
        then()
        return save(*arguments, **named)

    monkeypatch.setattr(stored_state, "save", late)


def train(student: Learner, updates: int = 1) -> None:
    for _ in range(updates):
        student.update(sampled_by(student, random_episodes(4, seed=student.version)))


def state(student: Learner) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in learner_tensors(student).items()}


@pytest.mark.parametrize(
    "changes", [{}, {"moments": "bfloat16"}, {"lora_rank": 2}], ids=["all weights", "bfloat16 moments", "lora"]
)
def test_what_is_trained_meanwhile_is_not_written(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "lora_rank" in changes:
        pytest.importorskip("peft")
        warnings.simplefilter("ignore")
    go = threading.Event()
    held(monkeypatch, lambda: go, lambda: None)
    student, writer = learner(**changes), CheckpointWriter(tmp_path, 2, 0)
    train(student)
    writer.save(student, {"number": 1}, None, wait=True)
    train(student)
    wanted, adapters = state(student), {n: t.clone() for n, t in policy_weights(student, trained_only=True).items()}
    path = writer.save(student, {"number": 2}, None, wait=False)
    train(student, 2)
    assert [each.name for each in checkpoints(tmp_path)] == ["update-00000001"], "it has no name before it is complete"
    go.set()
    writer.close()
    assert checkpoints(tmp_path)[-1] == path
    other = learner(**changes)
    assert load_checkpoint(path, other) == {"number": 2}
    assert (other.version, other.steps) == (2, 4)
    found, now = state(other), state(student)
    assert found.keys() == wanted.keys()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in found.items())
    assert not all(torch.equal(tensor, now[name]) for name, tensor in found.items())
    if "lora_rank" in changes:
        stored = load_file(path / "policy" / "adapter_model.safetensors")
        for name, tensor in stored.items():
            key = f"lm.{name}".replace(".lora_A.weight", ".lora_A.default.weight")
            assert torch.equal(tensor, adapters[key.replace(".lora_B.weight", ".lora_B.default.weight")])


def test_a_save_waits_for_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student, writer = learner(), Telling(tmp_path, 3, 0)
    seen: list[list[str]] = []
    held(monkeypatch, lambda: writer.waited_for, lambda: seen.append([each.name for each in tmp_path.glob("[.u]*")]))
    for _ in range(3):
        train(student)
        writer.save(student, {}, None, wait=False)
    writer.wait()
    names = [f"update-0000000{number}" for number in (1, 2, 3)]
    assert [sorted(each) for each in seen] == [
        sorted([*names[:number], f".writing-{names[number]}"]) for number in range(3)
    ]
    assert [each.name for each in checkpoints(tmp_path)] == names
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_is_reported_when_the_write_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student, writer = learner(), CheckpointWriter(tmp_path, 2, 0)
    train(student)
    writer.save(student, {}, None, wait=True)
    train(student)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        writer.save(student, {}, None, wait=False)
        line = r"checkpoint: could not be written \(.*No space left.*\); resume from .*update-00000001 with --resume"
        with pytest.raises(RLEFError, match=line) as caught:
            writer.wait()
    assert "\n" not in str(caught.value)
    assert "update-00000001 with --resume" in writer.last()
    with pytest.raises(RLEFError, match="could not be written"):
        writer.save(student, {}, None, wait=False)
    assert {path.name for path in tmp_path.iterdir()} == {"reference", "update-00000001"}
    load_checkpoint(tmp_path / "update-00000001", learner())


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"save_every": 2, "updates": 5}, [(3, 2), (5, 4)]),
        ({"save_every": 1, "updates": 2}, []),
        ({"save_every": 2, "updates": 3, "async_save": False}, []),
    ],
    ids=["every second", "every one", "synchronous"],
)
def test_a_run_writes_during_one_update_and_keeps_nothing_of_it_before(
    changes: dict[str, Any], wanted: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is seen when a write of another thread is waited for: updates that were made, and those in the metrics."""
    model, tokenizer = shrunk("llama")
    found = []
    config = replace(CONFIG, out=str(tmp_path), deterministic=False, **changes)
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        trainer.checkpoints = writer = Telling(tmp_path / "checkpoints", 9, 0)
        held(
            monkeypatch,
            lambda: writer.waited_for,
            lambda: found.append((trainer.learner.version, len(read_metrics(tmp_path / "metrics.jsonl")))),
        )
        trainer.train()
        kept = [int(each.name.removeprefix("update-")) for each in checkpoints(tmp_path / "checkpoints")]
    assert found == wanted
    every, updates = changes["save_every"], changes["updates"]
    assert kept == sorted({*range(every, updates, every), updates})
