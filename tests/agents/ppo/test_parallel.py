"""Two processes with half of the episodes each give the results of one process with all of them."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlef_agents.ppo import parallel, token_scores
from rlef_agents.ppo.checkpoint import latest, load_checkpoint, save_checkpoint
from rlef_agents.ppo.checkpoint_writer import CheckpointWriter
from rlef_agents.ppo.checks import SAMPLED, ReplicaMismatchError
from rlef_agents.ppo.generation import Request
from rlef_agents.ppo.generators import GeneratorFactory, unsharded_copy
from rlef_agents.ppo.learner import Learner
from rlef_agents.ppo.trajectory import TokenEpisode, TokenTurn
from tests.agents.ppo.generation.models import VOCABULARY, sample_all
from tests.agents.ppo.generation.models import model as shaken
from tests.agents.ppo.small import config, learner, model, moved, random_episodes, sampled_by
from tests.ports import lasting_port

ROOT = Path(__file__).resolve().parents[3]
SETTINGS: dict[str, Any] = {"value_init": "random", "critic": "separate", "normalise": "turns", "clip_norm": 0.5}


def train(batches: list[list[Any]], parallel_kind: str, folder: Path | None = None) -> dict[str, Any]:
    """Make two updates of one step each; return weights and metrics, and check the checkpoint."""
    student = learner("qwen3", parallel=parallel_kind, minibatches=1, lr=1e-3, **SETTINGS)
    metrics = [student.update(sampled_by(student, batch)) for batch in batches]
    result: dict[str, Any] = {"metrics": metrics}
    if folder is not None:
        writer = CheckpointWriter(folder, 2, 0)
        writer.save(student, {"best": 0.5}, None, wait=False)
        batch = sampled_by(student, batches[0])
        student.update(batch)  # while the checkpoint is written
        writer.close()
        # Another learner with other weights resumes from the checkpoint exactly as this one continued.
        other = learner("qwen3", seed=1, parallel=parallel_kind, minibatches=1, lr=1e-3, **SETTINGS)
        newest = latest(folder)
        assert newest is not None
        assert load_checkpoint(newest, other) == {"best": 0.5}
        other.update(batch)
        pairs = zip(student.model.parameters(), other.model.parameters(), strict=True)
        result["resumed"] = all(torch.equal(whole(a), whole(b)) for a, b in pairs)
    result["weights"] = {name: whole(p).detach().clone() for name, p in student.model.named_parameters()}
    return result


def whole(parameter: Any) -> torch.Tensor:
    tensor: torch.Tensor = parameter.full_tensor() if hasattr(parameter, "full_tensor") else parameter
    return tensor


def batches() -> list[list[Any]]:
    """Uneven halves, so that means of means would differ; and one episode without a verdict."""
    made = [random_episodes(9, seed=seed, max_length=12) for seed in (1, 2)]
    made[0][4] = dataclasses.replace(made[0][4], has_verdict=False)
    return made


def worker(kind: str, folder: str) -> None:
    """Run in each of two processes."""
    torch.set_num_threads(1)
    parallel.join()
    share = slice(0, 2) if parallel.rank() == 0 else slice(2, 9)
    result = train([batch[share] for batch in batches()], kind, Path(folder) / "checkpoints")
    torch.save(result, Path(folder) / f"{parallel.rank()}.pt")
    torch.distributed.destroy_process_group()


def in_two_processes(call: str, folder: Path) -> list[Any]:
    """Run a call of this module in two connected processes; return the results that they saved."""
    command = f"import tests.agents.ppo.test_parallel as here; here.{call}"
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(lasting_port()), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", command],
            env={**os.environ, **shared, "PYTHONPATH": path, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            cwd=ROOT,
        )
        for rank in range(2)
    ]
    try:
        assert [process.wait(timeout=850) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / f"{rank}.pt", weights_only=False) for rank in range(2)]


def assert_as_one(results: list[dict[str, Any]], alone: dict[str, Any], close: float = 2e-5) -> None:
    for result in results:
        assert moved(list(alone["weights"].values()), list(result["weights"].values())) < close
        for ours, theirs in zip(result["metrics"], alone["metrics"], strict=True):
            assert ours.keys() == theirs.keys()
            for name in ours:
                assert ours[name] == pytest.approx(theirs[name], abs=close, rel=1e-3), name
    assert moved(*(list(result["weights"].values()) for result in results)) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_rows_18_and_19_two_processes_are_as_one_through_a_checkpoint(kind: str, tmp_path: Path) -> None:
    results = in_two_processes(f"worker({kind!r}, {str(tmp_path)!r})", tmp_path)
    alone = train(batches(), kind, tmp_path / "alone")
    assert alone["resumed"]
    assert all(result["resumed"] for result in results)
    assert_as_one(results, alone)
    # One process resumes from the checkpoint that two wrote.
    last = latest(tmp_path / "checkpoints")
    assert last is not None
    other = learner("qwen3", seed=1, parallel=kind, minibatches=1, lr=1e-3, **SETTINGS)
    load_checkpoint(last, other)
    other.update(sampled_by(other, batches()[0]))
    found = [parameter.detach() for _, parameter in other.model.named_parameters()]
    assert moved(list(alone["weights"].values()), found) < 2e-5


# Light cases, all in one start of two processes. The first process has two of nine episodes.

CASES: dict[str, dict[str, Any]] = {
    "the paper's, in three steps": {"minibatches": 3, "critic": "separate"},
    "groups with members in both": {"estimator": "group", "samples_per_problem": 3, "minibatches": 2},
    "masked, by minibatch": {"truncated": "mask", "normalise": "minibatch", "minibatches": 2, "aggregate": "turn"},
    "tokens, in shards": {"normalise": "tokens", "estimator": "token_value", "parallel": "fsdp", "minibatches": 2},
    "more minibatches than one has episodes": {"minibatches": 8},
    "the same in shards": {"minibatches": 8, "parallel": "fsdp"},
    "in shards, the paper's, logits in pieces": {"critic": "separate", "parallel": "fsdp", "minibatches": 2},
    "adapters, seeded otherwise": {"lora_rank": 2, "lr": 1e-2},
    "none in the first": {"minibatches": 2},
    "bfloat16": {"dtype": "bfloat16", "minibatches": 1},
    "bfloat16 in shards": {"dtype": "bfloat16", "minibatches": 1, "parallel": "fsdp"},
}


KINDS = [(kind, dtype) for kind in ("ddp", "fsdp") for dtype in ("float32", "bfloat16")]


def case(name: str) -> dict[str, Any]:
    """Make one update of a learner with this process's share; return its metrics and later scores."""
    warnings.simplefilter("ignore")
    torch.manual_seed(100 + parallel.rank())  # as if each process had drawn other random numbers before
    lm = model("llama", seed=parallel.rank())  # and as if each had loaded another model
    student = learner(lm=lm, **{"lr": 1e-3, "value_init": "random", "critic": "shared", **CASES[name]})
    episodes = random_episodes(9, seed=3, max_length=12)
    episodes[1:8:3] = [cut(each) for each in episodes[1:8:3]]
    share = slice(0, 9) if parallel.world() == 1 else slice(0, 2) if parallel.rank() == 0 else slice(2, 9)
    mine = episodes[share]
    if name == "none in the first":
        mine = [each for number, each in enumerate(episodes[share], share.start) if number > 1]
    chunk = token_scores.HEAD_CHUNK
    token_scores.HEAD_CHUNK = 4 if "in pieces" in name else chunk
    scored = student.score(episodes)
    metrics = student.update(sampled_by(student, mine))
    token_scores.HEAD_CHUNK = chunk
    return {
        "scored": scored.old,
        "metrics": [metrics],
        "weights": {name: whole(p).detach().clone() for name, p in student.model.named_parameters()},
    }


def cut(each: TokenEpisode) -> TokenEpisode:
    last = each.turns[-1]
    unfinished = dataclasses.replace(last, completion=dataclasses.replace(last.completion, finished=False))
    return dataclasses.replace(each, turns=(*each.turns[:-1], unfinished))


def tampered() -> str:
    """Return the error of an update after the weights of one process changed."""
    student = learner()
    if parallel.rank() == 1:
        with torch.no_grad():
            student.policy[0][0, 0] += 1e-3
    with pytest.raises(ReplicaMismatchError, match="expected the same in all 2 processes") as caught:
        student.update(random_episodes(2))
    return str(caught.value)


def resumed_in_shards(folder: Path) -> bool:
    """Return whether a run resumes exactly from a checkpoint before the policy's first step, with adapters."""
    exact = True
    for changes in ({}, {"lora_rank": 2, "critic": "shared"}):
        settings = {"parallel": "fsdp", "critic_steps": 3, "minibatches": 2, "lr": 1e-2, **changes}
        student, other = learner(**settings), learner(seed=0 if "lora_rank" in changes else 1, **settings)
        student.update(sampled_by(student, random_episodes(3, seed=parallel.rank())))
        load_checkpoint(save_checkpoint(folder, student), other)
        for each in (student, other):
            batch = random_episodes(3, seed=5 + parallel.rank())
            each.update(sampled_by(each, batch))
            each.update(sampled_by(each, batch))
        pairs = zip(student.model.parameters(), other.model.parameters(), strict=True)
        same = [torch.equal(whole(a), whole(b)) for a, b in pairs]  # all processes must take part in every gather
        exact = exact and all(same) and student.steps == 6
    return exact


def sampled_gaps(kind: str, dtype: str) -> list[float]:
    """Return the quantiles that a run checks: this process's generator against its learner."""
    warnings.simplefilter("ignore")
    lm = shaken("qwen3")
    settings = config(parallel=kind, dtype=dtype, temperature=0.8, token_budget=100, lr=1e-2)
    whole_model = unsharded_copy(lm, settings)
    student = Learner(lm, settings)
    factory = GeneratorFactory(settings, student, [3], whole_model)
    gaps = []
    for version in range(2):  # before an update and after it
        prompts = random_episodes(6, seed=10 * version + parallel.rank())
        requests = [
            Request(number, each.turns[0].prompt_ids % VOCABULARY, 20, number) for number, each in enumerate(prompts)
        ]
        answered = sample_all(factory.make(0.8), requests)
        episodes = [
            TokenEpisode((TokenTurn(request.ids, answered[request.conversation], float(number % 2)),), "p", False)
            for number, request in enumerate(requests)
        ]
        metrics = student.update(episodes)
        factory.renew()
        gaps += [metrics[f"sampler_gap_{share}"] for share in ("median", "p90", "p99")]
    return gaps


def cases(folder: str) -> None:
    torch.set_num_threads(1)
    parallel.join()
    results: dict[str, Any] = {name: case(name) for name in CASES}
    results["tampered"] = tampered()
    results["resumed"] = resumed_in_shards(Path(folder) / "checkpoints")
    results["gaps"] = {(kind, dtype): sampled_gaps(kind, dtype) for kind, dtype in KINDS}
    torch.save(results, Path(folder) / f"{parallel.rank()}.pt")
    torch.distributed.destroy_process_group()


def test_rows_18_and_19_two_processes_are_as_one(tmp_path: Path) -> None:
    """Weights and metrics agree, whatever is normalised, grouped, masked or drawn, and with few episodes in one."""
    both = in_two_processes(f"cases({str(tmp_path)!r})", tmp_path)
    for name, changes in CASES.items():
        alone, results = case(name), [each[name] for each in both]
        # Shards and replicas, also in bfloat16, compute the function that one process computes.
        for result in results:
            np.testing.assert_allclose(result["scored"], alone["scored"], rtol=0, atol=1e-5, err_msg=name)
        assert_as_one(results, alone, 2e-2 if "dtype" in changes else 2e-5)
        assert alone["metrics"][0]["steps"] == changes.get("minibatches", 2), name
    assert both[0]["tampered"] == both[1]["tampered"]
    assert both[0]["resumed"]
    assert both[1]["resumed"]
    for kind, dtype in KINDS:
        gaps = both[0]["gaps"][kind, dtype]
        assert gaps == both[1]["gaps"][kind, dtype], "quantiles are over all processes"
        median, _, p99 = np.reshape(gaps, (2, 3)).max(0)
        limits = SAMPLED[getattr(torch, dtype)]
        assert median < limits[0.5] / 2
        assert p99 < limits[0.99] / 2
        assert dtype == "float32" or p99 > 0.0


def test_one_process_exchanges_nothing() -> None:
    values = np.array([1.0, 2.0])
    assert parallel.total(values) is values
    assert parallel.largest(values) is values
    assert (parallel.world(), parallel.rank()) == (1, 0)
