"""Command under ``torchrun``: two processes give the results of one, write each file once, and can resume."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForCausalLM

from rlef_agents.ppo.checkpoint import checkpoints, complete_policy, latest
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.runs import RunFolder, read_records
from tests.agents.ppo.generation.vllm_server import FakeVLLM

ROOT = Path(__file__).resolve().parents[3]
SETTINGS: dict[str, Any] = {
    "dataset": "procedural/hidden_step?short=true&steps=2&count=20", "critic": "shared", "device": "cpu",
    "max_new": 8, "context": 2048, "episodes": 5, "minibatches": 1, "lr": 1e-3, "lr_final": 1e-3, "warmup": 0,
    "save_every": 1, "evaluate_every": 1, "evaluate_samples": 2, "evaluate_episodes": 6, "evaluate_n_at_k": "2@6",
    "evaluate_temperature": 1.0,
}  # fmt: skip
AGREE = ("solve_rate", "episode_reward", "policy_loss", "value_loss", "gradient_norm", "episodes", "2@6", "turns")


def command(processes: int, model: Path, out: Path, *more: str, **changes: object) -> subprocess.CompletedProcess[str]:
    return launched(processes, ["train", "tiny"], {"model": model, "out": out, **changes}, ["--plain", *more])


def launched(
    processes: int, words: list[str], changes: dict[str, object], more: list[str]
) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    settings = [part for name, value in {**SETTINGS, **changes}.items() for part in ("--set", f"{name}={value}")]
    path = os.pathsep.join([str(ROOT), str(ROOT / "agents"), os.environ.get("PYTHONPATH", "")])
    arguments = ["-m", "rlef_agents.cli", *words, *settings, "--workers", "2", *more]
    return subprocess.run(
        [sys.executable, *(launcher if processes > 1 else []), *arguments],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        cwd=ROOT, capture_output=True, text=True, timeout=850,
    )  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "qwen"
    model, tokenizer = shrunk("qwen")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def alone(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("alone") / "run"
    done = command(1, stored, out, updates=3)
    assert done.returncode == 0, done.stderr
    return out


def weights(folder: Path) -> dict[str, object]:
    return dict(AutoModelForCausalLM.from_pretrained(folder).state_dict())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_two_processes_do_what_one_does(kind: str, stored: Path, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = command(2, stored, out, parallel=kind, updates=2)
    assert first.returncode == 0, first.stderr
    assert [len(re.findall(rf"^update {number}/2 ", first.stdout, re.MULTILINE)) for number in (1, 2)] == [1, 1]
    assert first.stdout.count("solve rate on valid:") == 1
    refused = command(2, stored, out, parallel=kind, updates=3)
    assert refused.returncode != 0
    assert "add --resume" in refused.stderr
    again = command(2, stored, out, "--resume", parallel=kind, updates=3)
    assert again.returncode == 0, again.stderr

    ours, theirs = (read_metrics(folder / "metrics.jsonl") for folder in (out, alone))
    assert [(row["kind"], row["update"]) for row in theirs if row not in theirs[-2:]] == [
        ("evaluate", 0), ("train", 1), ("evaluate", 1), ("train", 2), ("evaluate", 2)
    ]  # fmt: skip
    assert [(row["kind"], row["update"]) for row in ours] == [(row["kind"], row["update"]) for row in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        for name in mine.keys() & set(AGREE):
            assert mine[name] == pytest.approx(other[name], abs=1e-4, rel=1e-3), (mine["kind"], mine["update"], name)
    kept, wanted = ({record.key: record for record in read_records(RunFolder.open(folder))} for folder in (out, alone))
    assert kept.keys() == wanted.keys()
    assert len(kept) == 3 * SETTINGS["episodes"] + 4 * SETTINGS["evaluate_episodes"]
    assert all(record.episode.prompt == wanted[key].episode.prompt for key, record in kept.items())
    assert {path.name.split("-")[0] for path in (out / "episodes").glob("*.parquet")} == {"rank0", "rank1"}
    assert [path.name for path in checkpoints(out / "checkpoints")] == ["update-00000002", "update-00000003"]
    for mine, other in (
        (out / "best", alone / "best"),
        tuple(complete_policy(latest(folder / "checkpoints")) for folder in (out, alone)),
    ):
        there = weights(other)
        assert all((tensor - there[name]).abs().max() < 1e-4 for name, tensor in weights(mine).items())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ddp", "fsdp"])
def test_a_run_continues_on_another_number_of_processes(kind: str, stored: Path, alone: Path, tmp_path: Path) -> None:
    """Two processes begin, one continues, four end: metrics and weights are those of one process throughout."""
    out = tmp_path / "run"
    for number, processes in enumerate((2, 1, 4), start=1):
        more = ["--resume"] if number > 1 else []
        done = command(processes, stored, out, *more, parallel=kind, updates=number)
        assert done.returncode == 0, done.stderr
    ours, theirs = (read_metrics(folder / "metrics.jsonl") for folder in (out, alone))
    assert [(row["kind"], row["update"]) for row in ours] == [(row["kind"], row["update"]) for row in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        for name in mine.keys() & set(AGREE):
            assert mine[name] == pytest.approx(other[name], abs=1e-4, rel=1e-3), (mine["kind"], mine["update"], name)
    mine, other = (weights(complete_policy(latest(folder / "checkpoints"))) for folder in (out, alone))
    assert all((tensor - other[name]).abs().max() < 1e-4 for name, tensor in mine.items())


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 2])
def test_a_server_gets_the_weights_of_shards_whole(rank: int, stored: Path, tmp_path: Path) -> None:
    """All weights, or adapters alone; both processes sample from one server, to which only one sends new weights."""
    served, _ = shrunk("qwen", seed=0 if rank else 1)  # with adapters, a server keeps the weights that it started with
    with FakeVLLM(served, lora=rank > 0, development=not rank) as server:
        done = command(
            2, stored, tmp_path, parallel="fsdp", generator="vllm", servers=server.url, lora_rank=rank, updates=2,
            evaluate_every=0,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        paths = [path for path, _ in server.requests]
    sent = ["/v1/load_lora_adapter"] if rank else ["/collective_rpc", "/reset_prefix_cache"]
    assert [paths.count(each) for each in sent] == [3] * len(sent)
    rows = read_metrics(tmp_path / "metrics.jsonl")
    assert len(rows) == 2
    assert all(row["sampler_gap_max"] < 1e-4 for row in rows)


@pytest.mark.slow
def test_two_processes_share_an_evaluation(stored: Path, tmp_path: Path) -> None:
    found = []
    for count in (1, 2):
        out = tmp_path / str(count)
        done = launched(count, ["eval", str(stored), "tiny"], {}, ["--limit", "3", "--out", str(out)])
        assert done.returncode == 0, done.stderr
        assert "6 episodes of 3 problems" in done.stdout
        found.append({record.key: record.episode for record in read_records(RunFolder.open(out))})
    assert found[0] == found[1]
    assert {path.name.split("-")[0] for path in (out / "episodes").glob("*.parquet")} == {"main", "process1"}


@pytest.mark.slow
def test_one_process_that_stops_stops_all(stored: Path, tmp_path: Path) -> None:
    done = command(2, stored, tmp_path, "--minutes", "0.001", updates=1000, evaluate_every=0)
    assert done.returncode == 0, done.stderr
    assert [row["update"] for row in read_metrics(tmp_path / "metrics.jsonl")] == [1]
