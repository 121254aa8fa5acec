"""Checkpoints: complete or absent, and exact."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlef_agents.ppo.checkpoint import checkpoints, complete_policy, latest, load_checkpoint, save_checkpoint
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.stored_state import stored_names
from rlef_env.errors import DataError
from tests.agents.ppo.small import learner, model, moved, random_episodes, sampled_by, tokenizer, weights

ROOT = Path(__file__).resolve().parents[3]


def train(student: Learner, updates: int) -> list[float]:
    """Train on episodes drawn with the global random states, as a run draws its own."""
    drawn = []
    for _ in range(updates):
        seed = int(torch.randint(1000, ())) + int(np.random.randint(1000)) + random.randrange(1000)
        drawn.append(student.update(sampled_by(student, random_episodes(4, seed)))["policy_loss"])
    return drawn


def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def begun_otherwise(seed: int, changes: dict[str, Any]) -> Learner:
    """Make a learner with other trained weights; a frozen base is the same, as that of the run is."""
    if "lora_rank" not in changes:
        return learner(seed=seed, **changes)
    other = learner(**changes)
    with torch.no_grad():
        for number, parameter in enumerate([*other.policy, *other.critic]):
            parameter.add_(0.01 * (seed + number))
    return other


@pytest.mark.parametrize(
    "changes",
    [
        {"deterministic": True},
        {"critic": "shared", "entropy": 0.01, "epochs": 2},
        {"lora_rank": 2},
        {"critic_steps": 8},  # the checkpoint is of the sixth step, before the policy's first
        {"estimator": "reinforce"},
    ],
    ids=["separate", "shared", "lora", "critic first", "no critic"],
)
def test_row_33_six_updates_are_three_and_three_more_to_the_bit(changes: dict[str, Any], tmp_path: Path) -> None:
    if "lora_rank" in changes:
        pytest.importorskip("peft")
        warnings.simplefilter("ignore")
    whole = learner(**changes)
    seed_everything(0)
    six = train(whole, 6)
    first = learner(**changes)
    seed_everything(0)
    train(first, 3)
    save_checkpoint(tmp_path, first, {"cursor": [3, "row"]})
    second = begun_otherwise(9, changes)
    seed_everything(9)
    newest = latest(tmp_path)
    assert newest is not None
    assert load_checkpoint(newest, second) == {"cursor": [3, "row"]}
    assert train(second, 3) == six[3:]
    assert moved(weights(whole), weights(second)) == 0.0
    assert (second.version, second.steps) == (whole.version, whole.steps)
    # Saving does not change the run that continues.
    seed_everything(9)
    third = begun_otherwise(8, changes)
    load_checkpoint(newest, third)
    assert train(third, 3) == six[3:]


def test_the_reference_of_a_resumed_run_is_the_start_not_the_checkpoint(tmp_path: Path) -> None:
    student = learner()
    train(student, 2)
    other = learner(seed=4)
    load_checkpoint(save_checkpoint(tmp_path, student), other)
    episodes = random_episodes(3)
    np.testing.assert_array_equal(student.score(episodes).reference, other.score(episodes).reference)
    assert np.abs(other.score(episodes).old - other.score(episodes).reference).max() > 0.0


def test_the_policy_is_an_ordinary_checkpoint_of_transformers(tmp_path: Path) -> None:
    student = learner("qwen3")
    train(student, 1)
    made = tokenizer()
    path = save_checkpoint(tmp_path, student, tokenizer=made)
    assert not list((path / "policy").glob("*.safetensors")), "the weights are not written twice"
    assert complete_policy(path) == path / "policy" == complete_policy(path)
    again = AutoModelForCausalLM.from_pretrained(path / "policy")
    prompt = torch.tensor([[1, 2, 3]])
    assert torch.equal(again(prompt).logits, student.model.lm.eval()(prompt).logits)
    assert again.lm_head.weight is again.model.embed_tokens.weight
    stored = AutoTokenizer.from_pretrained(path / "policy")
    assert stored.encode("print(<|im_end|>") == made.encode("print(<|im_end|>")
    assert stored.chat_template == made.chat_template
    assert load_config(path / "config.toml") == student.config


def test_adapters_are_stored_as_peft_does(tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    warnings.simplefilter("ignore")
    student = learner(lora_rank=2)
    train(student, 2)
    path = save_checkpoint(tmp_path, student)
    merged = peft.PeftModel.from_pretrained(model(), path / "policy").merge_and_unload().eval()
    prompt = torch.tensor([[1, 2, 3]])
    torch.testing.assert_close(merged(prompt).logits, student.model.lm.eval()(prompt).logits)


def test_adapters_of_another_base_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("peft")
    warnings.simplefilter("ignore")
    path = save_checkpoint(tmp_path, learner(lora_rank=2))
    stored = {file.name for file in (path / "policy").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors"} <= stored
    assert not any("base" in name or "embed" in name for name in stored_names(path / "weights") if "lora" not in name)
    load_checkpoint(path, learner(lora_rank=2))
    with pytest.raises(DataError, match="its adapters were trained on another base"):
        load_checkpoint(path, learner(seed=1, lora_rank=2))


def test_the_reference_is_written_once(tmp_path: Path) -> None:
    student = learner()
    first = save_checkpoint(tmp_path, student)
    written = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "reference").iterdir()}
    train(student, 1)
    save_checkpoint(tmp_path, student)
    assert {file.name: file.stat().st_mtime_ns for file in (tmp_path / "reference").iterdir()} == written
    weights_in = sum(file.stat().st_size for file in (first / "weights").iterdir())
    trained = sum(parameter.numel() for parameter in (*student.policy, *student.critic))
    assert weights_in < 4 * trained + 200_000, "before the first step: weights alone, and the tables of the format"


def test_only_the_newest_stay(tmp_path: Path) -> None:
    student = learner()
    for _ in range(4):
        train(student, 1)
        save_checkpoint(tmp_path, student, keep=2)
    assert [path.name for path in checkpoints(tmp_path)] == ["update-00000003", "update-00000004"]
    save_checkpoint(tmp_path, student, {"again": True}, keep=2)
    assert load_checkpoint(checkpoints(tmp_path)[-1], student) == {"again": True}
    assert {path.name for path in tmp_path.iterdir()} == {"reference", "update-00000003", "update-00000004"}
    assert latest(tmp_path / "nowhere") is None


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    student = learner()
    train(student, 1)
    save_checkpoint(tmp_path, student)
    train(student, 1)
    fsync = os.fsync
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(tmp_path, student)
    assert {path.name for path in tmp_path.iterdir()} == {"reference", "update-00000001"}
    load_checkpoint(tmp_path / "update-00000001", learner())


KILLED = """
import sys; from pathlib import Path
from rlef_agents.ppo.checkpoint import save_checkpoint
from tests.agents.ppo.small import learner
student = learner()
for student.version in range(1, 10**6):
    save_checkpoint(Path(sys.argv[1]), student, {"version": student.version})
    print(student.version, flush=True)
"""


def test_the_newest_checkpoint_is_complete_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    for _ in range(3):
        done = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)  # while it writes the next one
    process.wait()
    process.stdout.close()
    newest = latest(tmp_path)
    assert newest is not None
    student = learner()
    assert load_checkpoint(newest, student)["version"] == student.version >= done
    train(student, 1)
    save_checkpoint(tmp_path, student)
    assert not list(tmp_path.glob(".writing-*"))


def test_anything_but_a_checkpoint_of_this_run_is_refused(tmp_path: Path) -> None:
    student = learner()
    with pytest.raises(DataError, match="expected a checkpoint"):
        load_checkpoint(tmp_path, student)
    path = save_checkpoint(tmp_path, student)
    before = weights(learner("qwen3"))
    other = learner("qwen3")
    with pytest.raises(DataError, match="expected the weights of the model of this run"):
        load_checkpoint(path, other)
    assert len(before) == len(weights(other))
