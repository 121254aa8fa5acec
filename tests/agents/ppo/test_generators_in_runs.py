"""Runs with other generators than our own decode loop, and with a Ray cluster as the judge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rlef_agents.cli.model_agent import model_agent
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.agents import Conversation
from rlef_env.errors import RLEFError, UsageError
from tests.agents.ppo.generation.vllm_server import FakeVLLM

CONFIG = TrainConfig(
    dataset="procedural/hidden_step?short=true&steps=2&count=20",
    critic="shared",
    episodes=4,
    minibatches=2,
    updates=3,
    max_new=6,
    context=2048,
    lr=1e-2,
    warmup=0,
    device="cpu",
    evaluate_every=3,
    evaluate_episodes=2,
    save_every=0,
)


def run(config: TrainConfig) -> list[dict[str, Any]]:
    """Train a model whose weights the server does not start with; return the metrics of its updates."""
    model, tokenizer = shrunk("llama", seed=1)
    with Trainer(config, model, tokenizer, workers=1, resume=True, quiet=True) as trainer:
        trainer.train()
    return [row for row in read_metrics(Path(config.out) / "metrics.jsonl") if row["kind"] == "train"]


@pytest.fixture
def server() -> Iterator[FakeVLLM]:
    with FakeVLLM(shrunk("llama", seed=0)[0]) as server:
        yield server


def test_a_server_gets_only_adapters_where_only_they_train(tmp_path: Path) -> None:
    with FakeVLLM(shrunk("llama", seed=1)[0], lora=True, development=False) as server:
        rows = run(replace(CONFIG, generator="vllm", servers=server.url, lora_rank=2, out=str(tmp_path)))
    assert all(row["sampler_gap_max"] < 1e-4 for row in rows)
    assert (rows[-1]["server_retries"], rows[-1]["servers_lost"]) == (0, 0)
    loaded = [body["lora_name"] for path, body in server.requests if path == "/v1/load_lora_adapter"]
    assert loaded == [f"rlef-{version}" for version in range(4)]


@pytest.mark.parametrize(
    "changes", [{}, {"max_lag": 1}, {"max_lag": 2}, {"dtype": "bfloat16"}], ids=lambda changes: str(changes)
)
def test_a_server_samples_with_the_weights_of_each_update(
    server: FakeVLLM, tmp_path: Path, changes: dict[str, Any]
) -> None:
    config = replace(CONFIG, generator="vllm", servers=server.url, out=str(tmp_path), **changes)
    rows = run(config)
    assert [row["update"] for row in rows] == [1, 2, 3]
    for row in rows:  # the server's log-probabilities are the learner's, with the weights of that version
        assert row["sampler_gap_max"] < (0.2 if "dtype" in changes else 1e-4) or row["lag"] > 0
        assert row["lag"] <= config.max_lag
    paths = [path for path, _ in server.requests]
    assert paths.count("/collective_rpc") == 1 + 3  # the initial weights, and 3 updates
    assert paths[0] == "/collective_rpc"
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["version-3"]
    if "max_lag" not in changes:
        resumed = run(replace(config, updates=4))
        assert [row["update"] for row in resumed] == [1, 2, 3, 4]
        assert resumed[-1]["sampler_gap_max"] < (0.2 if "dtype" in changes else 1e-4)


def test_a_model_is_evaluated_on_servers(tmp_path: Path) -> None:
    model, tokenizer = shrunk("llama", seed=1)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    here = replace(CONFIG, evaluate_every=0)
    chats = [Conversation(({"role": "user", "content": text},), text, seed=1) for text in ("one", "two")]
    with FakeVLLM(model) as server:
        there = replace(here, generator="vllm", servers=server.url)
        answers = [model_agent(str(tmp_path), each, 1.0, 0.9, 0, 4)[0].agent.act(chats) for each in (here, there)]
    assert answers[0] == answers[1], "the stand-in draws the same tokens"
    assert [path for path, _ in server.requests] == ["/inference/v1/generate"] * 2


def test_top_p_applies_to_evaluation_and_not_to_training(server: FakeVLLM, tmp_path: Path) -> None:
    run(replace(CONFIG, generator="vllm", servers=server.url, out=str(tmp_path), updates=1, evaluate_top_p=0.95))
    sampling = [body["sampling_params"] for path, body in server.requests if path == "/inference/v1/generate"]
    assert {(each["temperature"], each["top_p"]) for each in sampling} == {(1.0, 1.0), (0.2, 0.95)}


def test_a_missing_or_unreachable_server_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"servers: expected addresses such as http://localhost:8000, got 'here:8000'"):
        run(replace(CONFIG, generator="vllm", out=str(tmp_path), servers="http://there:8000 here:8000"))
    with pytest.raises(UsageError, match="servers: expected the address of a vLLM server"):
        run(replace(CONFIG, generator="vllm", out=str(tmp_path)))
    with pytest.raises(RLEFError, match="is the server running"):
        run(replace(CONFIG, generator="vllm", out=str(tmp_path), servers="http://127.0.0.1:9"))


@pytest.mark.parametrize(
    "changes",
    [
        {"generator": "continuous", "lora_rank": 2},
        {"generator": "hf"},
        {"generator": "continuous", "dtype": "bfloat16"},
        {"generator": "hf", "dtype": "bfloat16", "lora_rank": 2},
        {"generator": "local", "dtype": "bfloat16", "lora_rank": 2},
    ],
    ids=str,
)
def test_generators_here_have_the_weights_and_the_dtype_of_the_learner(tmp_path: Path, changes: dict[str, Any]) -> None:
    rows = run(replace(CONFIG, out=str(tmp_path), updates=2, evaluate_every=0, **changes))
    assert len(rows) == 2
    median, p99, largest = (0.01, 0.05, 0.1) if "dtype" in changes else (1e-5, 1e-4, 1e-4)
    for row in rows:
        assert row["sampler_gap_median"] < median
        assert row["sampler_gap_p99"] < p99
        assert row["sampler_gap_max"] < largest
        assert row["importance"] == 1.0, "no token is stale"


@pytest.mark.parametrize("generator", ["local", "hf"])
def test_a_generator_here_samples_during_updates_with_weights_of_its_own(tmp_path: Path, generator: str) -> None:
    """Two batches begin ahead with the first weights; a later one has tokens of the weights that it is said to have."""
    rows = run(replace(CONFIG, out=str(tmp_path), generator=generator, max_lag=2, updates=4, evaluate_every=0))
    assert [row["update"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["lag"] == 0
    assert 0 < rows[1]["lag"] <= 1
    assert all(0 < row["lag"] <= 2 for row in rows[2:])
    assert all(row["sampler_gap_max"] < 1e-4 for row in rows if row["lag"] == 0)


@pytest.mark.ray
@pytest.mark.slow
def test_programs_are_judged_on_a_ray_cluster(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra 'ray'")
    rows = run(replace(CONFIG, judge="ray", judge_address="local", out=str(tmp_path), updates=1))
    here = run(replace(CONFIG, out=str(tmp_path / "here"), updates=1))
    for name in ("solve_rate", "episode_reward", "episodes_without_verdict"):
        assert rows[0][name] == here[0][name]
