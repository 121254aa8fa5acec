"""Peak memory of training processes, measured by the kernel, and what the plan says of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import begin_checkpoint
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.construction import FileSource, empty_model
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.memory_plan import plan_memory
from rlef_agents.ppo.model_shape import model_shape
from tests.agents.ppo.small import episode, learner, random_episodes, sampled_by, turn

TOKENS = 192
SHAPE: dict[str, Any] = {
    "vocab_size": 8192, "hidden_size": 384, "intermediate_size": 1056, "num_hidden_layers": 6, "num_attention_heads": 6,
    "num_key_value_heads": 3, "max_position_embeddings": 512, "eos_token_id": 1, "bos_token_id": None,
}  # fmt: skip
"""A Llama with 16 million weights."""


def settings(**changes: Any) -> TrainConfig:
    return TrainConfig(
        **{
            "parallel": "fsdp",
            "generator": "vllm",
            "servers": "http://nowhere",
            "evaluate_every": 0,
            "async_save": False,
            "minibatches": 1,
            "token_budget": TOKENS,
            "context": TOKENS,
            "warmup": 0,
            "lr": 1e-6,
            **changes,
        }
    )


def made(folder: Path) -> None:
    """Save the model that is measured."""
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**SHAPE)).save_pretrained(folder)


def measured(folder: Path, config: TrainConfig) -> dict[str, int]:
    """Return the bytes that a learner and two updates added to this process, and those of the plan."""
    shape_config = LlamaConfig.from_pretrained(folder)
    # Everything that is allocated once: libraries' buffers, threads, connections.
    small = learner(parallel=config.parallel, dtype=config.dtype)
    small.update(sampled_by(small, random_episodes(4)))
    del small
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    if config.parallel == "fsdp" and parallel.world() > 1:
        model = empty_model(shape_config, folder)
        names = [name for name, _ in model.named_parameters()]
        student = Learner(model, config, FileSource(folder, names, torch.device("cpu")))
    else:
        student = Learner(LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32), config)
    random, draft = np.random.default_rng(parallel.rank()), None
    for number in range(2):
        if number and config.async_save:  # held as long as the checkpoint of the first update is written
            draft = begin_checkpoint(folder / "checkpoints", student, {}, None, keep=1, copy=True)
        batch = [
            episode(
                turn(random.integers(0, 8192, TOKENS // 2).tolist(), random.integers(0, 8192, TOKENS // 2).tolist())
            )
            for _ in range(2)
        ]
        student.update(sampled_by(student, batch))
    del draft
    plan = plan_memory(model_shape(shape_config), config, parallel.world(), gpu=False)
    return {"peak": resident("VmHWM") - before, "planned": plan.peak}


def resident(name: str) -> int:
    """Return a field of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    parallel.join()
    found = measured(Path(sys.argv[1]), settings(**json.loads(sys.argv[2])))
    Path(sys.argv[3], f"{parallel.rank()}.json").write_text(json.dumps(found))
    if parallel.world() > 1:
        torch.distributed.destroy_process_group()
