"""Runs that kill themselves at a chosen call, and continue: ``python -m tests.agents.ppo.killed_runs OUT POINT...``.

All runs are forks of one process, which has loaded the libraries and made the model.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rlef_agents.ppo import checkpoint, stored_state
from rlef_agents.ppo.checkpoint import latest
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.generation.local.generator import LocalGenerator
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk

CONFIG = TrainConfig(
    model="shrunk", dataset="procedural/hidden_step?short=true&steps=2&count=20", episodes=4, minibatches=2, updates=3,
    max_new=8, context=2048, lr=1e-3, warmup=2, device="cpu", save_every=1, evaluate_every=0, deterministic=True,
)  # fmt: skip

POINTS: dict[str, tuple[Any, str, int, int]] = {
    # Where the process dies: before which call, between these two numbers of calls. The reference and the first
    # checkpoint are the first two that are written; from the second update on there is something to lose.
    "shards are written": (stored_state, "save", 3, 4),
    "shards have no table yet": (stored_state.FileSystemWriter, "finish", 3, 4),
    "files go to disk": (checkpoint, "to_disk", 20, 40),
    "the name is given": (Path, "rename", 3, 4),
    "the old one is deleted": (shutil, "rmtree", 1, 1),
    "weights go to the generator": (LocalGenerator, "update", 2, 3),
    "rollout": (LocalGenerator, "poll", 3, 4),
    "an optimiser step": (Learner, "_take_step", 3, 6),
}


def dies(owner: Any, name: str, call: int) -> None:
    """Replace a function by one that kills this process at a call of it."""
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*values: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*values, **named)

    setattr(owner, name, counted)


def in_fork(action: Callable[[], None]) -> int:
    """Run an action in a fork of this process; return its status as ``os.waitpid`` does."""
    number = os.fork()
    if number == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitpid(number, 0)[1]


def played(out: Path, model: Any, tokenizer: Any, resume: bool = False) -> None:
    """Run to the end, and store the weights."""
    config = replace(CONFIG, out=str(out))
    with Trainer(config, copy.deepcopy(model), tokenizer, workers=1, resume=resume, quiet=True) as trainer:
        trainer.train()
        torch.save(trainer.learner.model.state_dict(), out / "weights.pt")


def main(out: Path, points: list[str]) -> None:
    """Write what happened at each point to ``found.json``."""
    torch.set_num_threads(1)
    model, tokenizer = shrunk("llama")
    assert in_fork(lambda: played(out / "whole", model, tokenizer)) == 0
    whole = torch.load(out / "whole" / "weights.pt", weights_only=True)
    found = {}
    for number, point in enumerate(points):
        owner, name, low, high = POINTS[point]
        call = int(np.random.default_rng(number).integers(low, high + 1))
        folder = out / str(number)

        def killed(owner: Any = owner, name: str = name, call: int = call, folder: Path = folder) -> None:
            dies(owner, name, call)
            played(folder, model, tokenizer)

        status = in_fork(killed)
        metrics = (folder / "metrics.jsonl").read_text().splitlines() if (folder / "metrics.jsonl").exists() else []
        last = latest(folder / "checkpoints")
        kept = 0 if last is None else int(last.name.removeprefix("update-"))
        assert in_fork(lambda folder=folder: played(folder, model, tokenizer, resume=True)) == 0  # type: ignore[misc]
        again = torch.load(folder / "weights.pt", weights_only=True)
        found[point] = {
            "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "done": len(metrics),
            "kept": kept,
            "equal": all(torch.equal(tensor, again[key]) for key, tensor in whole.items()),
            "left": [each.name for each in (folder / "checkpoints").glob(".*")],
        }
    (out / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
