"""Two processes with half of the episodes each do what one process does with all of them."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import latest, load_checkpoint, save_checkpoint
from tests.agents.ppo.small import learner, moved, random_episodes, sampled_by

ROOT = Path(__file__).resolve().parents[3]
SETTINGS: dict[str, Any] = {"value_init": "random", "critic": "separate", "normalise": "turns", "clip_norm": 0.5}


def train(batches: list[list[Any]], parallel_kind: str, folder: Path | None = None) -> dict[str, Any]:
    """Two updates of one step each; what the weights, the metrics and the checkpoint are after it."""
    student = learner("qwen3", parallel=parallel_kind, minibatches=1, lr=1e-3, **SETTINGS)
    metrics = [student.update(sampled_by(student, batch)) for batch in batches]
    result: dict[str, Any] = {"metrics": metrics}
    if folder is not None:
        save_checkpoint(folder, student, {"rank": parallel.rank()})
        # Another learner, elsewhere in weight space, goes on from the checkpoint exactly as this one does.
        other = learner("qwen3", seed=1, parallel=parallel_kind, minibatches=1, lr=1e-3, **SETTINGS)
        newest = latest(folder)
        assert newest is not None
        assert load_checkpoint(newest, other) == {"rank": parallel.rank()}
        batch = sampled_by(student, batches[0])
        for each in (student, other):
            each.update(batch)
        pairs = zip(student.model.parameters(), other.model.parameters(), strict=True)
        result["resumed"] = all(torch.equal(whole(a), whole(b)) for a, b in pairs)
    result["weights"] = {name: whole(p).detach().clone() for name, p in student.model.named_parameters()}
    return result


def whole(parameter: Any) -> torch.Tensor:
    tensor: torch.Tensor = parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter
    return tensor


def batches() -> list[list[Any]]:
    """Uneven halves, so that means of means would show; and one episode without a verdict."""
    made = [random_episodes(9, seed=seed, longest=12) for seed in (1, 2)]
    made[0][4] = dataclasses.replace(made[0][4], has_verdict=False)
    return made


def worker(kind: str, folder: str) -> None:
    """What each of two processes runs."""
    torch.set_num_threads(1)
    parallel.join()
    share = slice(0, 2) if parallel.rank() == 0 else slice(2, 9)
    result = train([batch[share] for batch in batches()], kind, Path(folder) / "checkpoints")
    result["sharded"] = kind
    torch.save(result, Path(folder) / f"{parallel.rank()}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_rows_18_and_19_two_processes_are_as_one(kind: str, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = f"from tests.agents.ppo.test_parallel import worker; worker({kind!r}, {str(tmp_path)!r})"
    shared = {
        **os.environ,
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "OMP_NUM_THREADS": "1",
    }
    shared["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", command], env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)}, cwd=ROOT
        )
        for rank in range(2)
    ]
    try:
        assert [process.wait(timeout=280) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    results = [torch.load(tmp_path / f"{rank}.pt", weights_only=False) for rank in range(2)]
    alone = train(batches(), kind, tmp_path / "alone")
    assert alone["resumed"]
    for result in results:
        assert result["resumed"]
        assert moved(list(alone["weights"].values()), list(result["weights"].values())) < 2e-5
        for ours, theirs in zip(result["metrics"], alone["metrics"], strict=True):
            assert ours.keys() == theirs.keys()
            for name in ours:
                assert ours[name] == pytest.approx(theirs[name], abs=2e-5, rel=1e-3), name
    assert moved(*(list(result["weights"].values()) for result in results)) == 0.0


def test_alone_nothing_is_exchanged() -> None:
    values = np.array([1.0, 2.0])
    assert parallel.total(values) is values
    assert parallel.largest(values) is values
    assert (parallel.world(), parallel.rank()) == (1, 0)
