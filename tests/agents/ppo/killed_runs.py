"""Runs that kill themselves at a chosen call, and continue: ``python -m tests.agents.ppo.killed_runs OUT POINT...``.

All runs are forks of one process, which has loaded the libraries and made the model. So is the stand-in for a server,
which samples for some of them.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from tests.agents.ppo.generation.vllm_server import FakeVLLM

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

BEHIND_POINTS: dict[str, tuple[Any, str, int, int]] = {
    # The same in a run that writes every second checkpoint's distance behind: of updates 2 and 4, during 3 and 5.
    "shards are written behind": (stored_state, "save", 3, 3),
    "files go to disk behind": (checkpoint, "to_disk", 20, 24),
    "the name is given behind": (Path, "rename", 3, 3),
}

SERVER_POINTS = {
    # Where the process dies while a server handles its request to load the weights of the second update.
    "weights are sent, and not loaded": "before",
    "weights are loaded, and results of older ones kept": "after",
}

ORDER = "order"
"""File in a run's folder that tells the server to kill the run: its process, and one of ``SERVER_POINTS``."""


class KillingServer(FakeVLLM):
    """The stand-in for a server, which kills a run in the middle of a request that it waits for."""

    def _respond(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        order = Path(body["kwargs"]["weights_path"]).parents[1] / ORDER if path == "/collective_rpc" else None
        if order is None or not order.exists() or not body["kwargs"]["weights_path"].endswith("version-2"):
            return super()._respond(path, body)
        process, when = order.read_text().split()
        order.unlink()
        answer = super()._respond(path, body) if when == "after" else (200, b"{}")
        os.kill(int(process), signal.SIGKILL)
        return answer


@contextmanager
def serving(model: Any) -> Iterator[str]:
    """Serve a model in a fork of this process, which ends with the context, or with this process; yield its address."""
    server = KillingServer(model)
    read, write = os.pipe()
    number = os.fork()
    if number == 0:
        try:
            os.close(write)
            server._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a killed run reads no answer
            with server:
                os.read(read, 1)
        finally:
            os._exit(0)
    try:
        yield server.url
    finally:
        os.close(write)
        os.waitpid(number, 0)


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


def changed(point: str, url: str) -> dict[str, Any]:
    """Return the settings of a point's run that ``CONFIG`` does not have."""
    if point in SERVER_POINTS:
        return {"servers": url, "generator": "vllm"}
    return {"save_every": 2, "updates": 5} if point in BEHIND_POINTS else {}


def played(out: Path, model: Any, tokenizer: Any, changes: dict[str, Any], resume: bool = False) -> None:
    """Run to the end, and store the weights."""
    config = replace(CONFIG, out=str(out), **changes)
    with Trainer(config, copy.deepcopy(model), tokenizer, workers=1, resume=resume, quiet=True) as trainer:
        trainer.train()
        torch.save(trainer.learner.model.state_dict(), out / "weights.pt")


def main(out: Path, points: list[str]) -> None:
    """Write what happened at each point to ``found.json``."""
    torch.set_num_threads(1)
    model, tokenizer = shrunk("llama")
    found = {}
    with serving(model) as url:
        whole: dict[str, dict[str, torch.Tensor]] = {}
        for number, point in enumerate(points):
            changes, folder = changed(point, url), out / str(number)
            if str(changes) not in whole:
                whole[str(changes)] = finished(out / f"whole{number}", model, tokenizer, changes)

            def killed(
                number: int = number, point: str = point, changes: dict[str, Any] = changes, folder: Path = folder
            ) -> None:
                if point in SERVER_POINTS:
                    folder.mkdir()
                    (folder / ORDER).write_text(f"{os.getpid()} {SERVER_POINTS[point]}")
                else:
                    owner, name, low, high = {**POINTS, **BEHIND_POINTS}[point]
                    dies(owner, name, int(np.random.default_rng(number).integers(low, high + 1)))
                played(folder, model, tokenizer, changes)

            status = in_fork(killed)
            metrics = (folder / "metrics.jsonl").read_text().splitlines() if (folder / "metrics.jsonl").exists() else []
            last = latest(folder / "checkpoints")
            again = finished(folder, model, tokenizer, changes, resume=True)
            found[point] = {
                "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
                "done": len(metrics),
                "kept": 0 if last is None else int(last.name.removeprefix("update-")),
                "every": changes.get("save_every", CONFIG.save_every),
                "equal": all(torch.equal(tensor, again[key]) for key, tensor in whole[str(changes)].items()),
                "left": [each.name for each in (folder / "checkpoints").glob(".*")],
            }
    (out / "found.json").write_text(json.dumps(found))


def finished(
    out: Path, model: Any, tokenizer: Any, changes: dict[str, Any], resume: bool = False
) -> dict[str, torch.Tensor]:
    """Run to the end in a fork, and return the weights."""
    assert in_fork(lambda: played(out, model, tokenizer, changes, resume)) == 0
    weights: dict[str, torch.Tensor] = torch.load(out / "weights.pt", weights_only=True)
    return weights


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
