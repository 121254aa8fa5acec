"""Runs: end to end with real architectures, resumed to the bit, killed at any moment, stopped by NaN and full disks."""

import json
import math
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from rlef_agents.ppo import parallel
from rlef_agents.ppo.checkpoint import checkpoints, complete_policy, latest
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.parts import make_pool
from rlef_agents.ppo.resume import CHANGEABLE, WEIGHTS
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.trainer import Trainer
from rlef_agents.tiny.shrunk import shrunk
from rlef_env.errors import RLEFError, UsageError
from rlef_env.runs import RunFolder, read_records

CONFIG = TrainConfig(
    model="shrunk",
    dataset="procedural/hidden_step?short=true&steps=2&count=20",
    critic="shared",
    episodes=4,
    minibatches=2,
    updates=2,
    max_new=8,
    context=2048,
    lr=1e-3,
    warmup=2,
    device="cpu",
    save_every=1,
    evaluate_every=0,
    deterministic=True,
)


@pytest.fixture(autouse=True)
def _kernels_as_before():
    yield
    torch.use_deterministic_algorithms(False)


def run(config, name="llama", resume=False, stop=lambda: False):
    model, tokenizer = shrunk(name)
    with Trainer(config, model, tokenizer, workers=1, resume=resume, quiet=True) as trainer:
        trainer.train(stop)
        return {key: value.clone() for key, value in trainer.learner.model.state_dict().items()}


@pytest.mark.parametrize(
    "name", ["meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen2.5-Coder-0.5B-Instruct", "Qwen/Qwen3-4B"]
)
def test_real_architectures_with_real_templates_train_end_to_end(tmp_path, name):
    config = replace(CONFIG, out=str(tmp_path / "run"), evaluate_every=2, evaluate_episodes=4, deterministic=False)
    before = shrunk(name)[0].state_dict()
    after = run(config, name)
    assert any(not torch.equal(tensor, after[f"lm.{key}"]) for key, tensor in before.items())
    rows = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert [(row["kind"], row["update"]) for row in rows] == [
        ("evaluate", 0), ("train", 1), ("train", 2), ("evaluate", 2)
    ]  # fmt: skip
    (machine,) = read_metrics(tmp_path / "run" / "machine.jsonl")
    assert machine["update"] == 0
    assert 20 <= machine["runs"] <= 50
    assert machine["trusted_seconds"] >= 0.1
    assert [row["starved"] for row in rows if row["kind"] == "evaluate"] == [0.0, 0.0]
    trained = [row for row in rows if row["kind"] == "train"]
    assert [row["episodes_starved"] for row in trained] == [0.0, 0.0]
    assert trained[0]["reference_kl"] == pytest.approx(0.0, abs=1e-6)
    for row in trained:
        assert row["first_ratio_error"] < 1e-4  # generator and scorer agree on every token of every turn
        assert row["sampler_gap_max"] < 1e-4
        assert all(math.isfinite(value) for value in row.values() if isinstance(value, float))
    best = tmp_path / "run" / "best"
    stored = AutoModelForCausalLM.from_pretrained(best)
    tokenizer = AutoTokenizer.from_pretrained(best)
    assert len(tokenizer) == stored.config.vocab_size
    policy = AutoModelForCausalLM.from_pretrained(complete_policy(latest(tmp_path / "run" / "checkpoints")))
    for key, tensor in policy.state_dict().items():
        assert torch.equal(tensor, after[f"lm.{key}"]), (
            "expected the same weights after save_pretrained and from_pretrained"
        )


def test_a_run_killed_while_it_replaced_its_best_policy_has_the_one_before(tmp_path):
    config = replace(CONFIG, updates=1, evaluate_every=1, evaluate_episodes=2, out=str(tmp_path))
    run(config)
    (tmp_path / "best").rename(tmp_path / ".before-best")
    run(config, resume=True)  # there is nothing left to train
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "best") is not None
    assert not (tmp_path / ".before-best").exists()


def test_resumed_is_equal_to_the_bit(tmp_path):
    whole = run(replace(CONFIG, updates=4, out=str(tmp_path / "whole")))
    config = replace(CONFIG, updates=4, out=str(tmp_path / "parts"))
    done = iter((False, True))
    run(config, stop=lambda: next(done))
    assert [path.name for path in checkpoints(tmp_path / "parts" / "checkpoints")] == [
        "update-00000001",
        "update-00000002",
    ]
    parts = run(config, resume=True)
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)
    rows = [read_metrics(tmp_path / name / "metrics.jsonl") for name in ("whole", "parts")]
    exact = ("solve_rate", "policy_loss", "value_loss", "reference_kl", "gradient_norm")
    assert [[row[name] for name in exact] for row in rows[0]] == [[row[name] for name in exact] for row in rows[1]]


class Reported:
    """Lines that a trainer reported."""

    def __init__(self, monkeypatch):
        self.lines = []
        monkeypatch.setattr("rlef_agents.ppo.run_log.Log.say", lambda _, text: self.lines.append(text))

    def about(self, word):
        return [line for line in self.lines if word in line]


def test_settings_that_may_change_at_resume_are_reported_written_and_used(tmp_path, monkeypatch):
    config = replace(CONFIG, out=str(tmp_path), updates=1)
    run(config)
    reported = Reported(monkeypatch)
    changed = replace(config, updates=2, lr=5e-4, token_budget=77, date="")
    run(changed, resume=True)
    assert sorted(line.split(": ")[1] for line in reported.about("resumed with")) == [
        "lr = 0.0005 (was 0.001)", "token_budget = 77 (was 8192)", "updates = 2 (was 1)",
    ]  # fmt: skip
    assert load_config(tmp_path / "config.toml").lr == 5e-4


def test_settings_that_change_the_experiment_are_refused_at_resume_in_one_line(tmp_path, monkeypatch):
    config = replace(CONFIG, out=str(tmp_path), updates=1, weight_decay=0.1)
    run(config)
    changed = replace(config, updates=2, weight_decay=0.0, adam_beta2=0.5)
    with pytest.raises(
        UsageError,
        match=r"--resume: expected the settings of .*update-00000001, got weight_decay = 0.0 \(was 0.1\), "
        r"adam_beta2 = 0.5 \(was 0.95\); set them back, .* --allow-changes",
    ):
        run(changed, resume=True)
    assert load_config(tmp_path / "config.toml") == load_config(latest(tmp_path / "checkpoints") / "config.toml"), (
        "a refused start changes nothing"
    )
    reported = Reported(monkeypatch)
    model, tokenizer = shrunk("llama")
    with Trainer(changed, model, tokenizer, workers=1, resume=True, allow_changes=True, quiet=True) as trainer:
        groups = trainer.learner.optimiser.param_groups
        assert {(group["weight_decay"], group["betas"]) for group in groups} == {(0.0, (0.9, 0.5))}
        assert trainer.learner.optimiser.state, "the moments are the checkpoint's"
        trainer.train()
    assert len(reported.about("resumed with")) == 3
    for setting in ({"critic": "separate"}, {"lora_rank": 2}, {"lora_alpha": 1}):
        with pytest.raises(UsageError, match=rf"update-00000002, without which .*{next(iter(setting))} = .* \(was"):
            run_changed(replace(changed, **setting))


def run_changed(config):
    model, tokenizer = shrunk("llama")
    Trainer(config, model, tokenizer, workers=1, resume=True, allow_changes=True, quiet=True)


def test_every_setting_of_a_resumed_run_is_known():
    names = {field.name for field in fields(TrainConfig)}
    assert names >= CHANGEABLE | WEIGHTS
    assert not CHANGEABLE & WEIGHTS


def test_a_resumed_run_keeps_the_day_on_which_it_began(tmp_path, monkeypatch):
    days = iter((date(2026, 1, 1), date(2026, 1, 2)))

    class Day(date):
        today = classmethod(lambda cls: next(days))

    monkeypatch.setattr("rlef_agents.ppo.resume.date", Day)
    for updates in (1, 2):
        run(replace(CONFIG, out=str(tmp_path), updates=updates), resume=True)
        assert load_config(tmp_path / "config.toml").date == "2026-01-01"


def test_a_context_longer_than_the_models_is_refused_before_anything_is_sampled(tmp_path):
    with pytest.raises(UsageError, match=r"at most 8192 tokens.*got 8193; set context=8192"):
        run(replace(CONFIG, out=str(tmp_path), context=8193))


def test_a_run_in_which_every_problem_fills_the_context_ends_with_one_line(tmp_path):
    with pytest.raises(RLEFError, match="update 1: expected prompts shorter than the context of 20 tokens, got none"):
        run(replace(CONFIG, out=str(tmp_path), context=20))


def test_lengths_are_counted_in_the_models_tokens(tmp_path):
    model, tokenizer = shrunk("llama")
    with Trainer(replace(CONFIG, out=str(tmp_path)), model, tokenizer, workers=1, quiet=True) as trainer:
        (env,) = trainer.rollout._free
        assert env.config.tokenizer is tokenizer
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8", "without it deterministic runs fail on a GPU"


def test_template_options_system_and_ends_reach_the_renderer(tmp_path):
    model, tokenizer = shrunk("Qwen/Qwen3-4B")
    other = int(tokenizer.encode("x")[0])
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, other]
    config = replace(
        CONFIG, out=str(tmp_path), chat_template_options={"enable_thinking": False}, system="Be brief.", updates=0
    )
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        first = tokenizer.decode(trainer.renderer.first("x"))
        assert "Be brief." in first
        assert "</think>" in first
        assert other in trainer.renderer.stop_ids


def test_a_new_run_does_not_overwrite_another(tmp_path):
    config = replace(CONFIG, updates=1, out=str(tmp_path))
    run(config)
    with pytest.raises(UsageError, match="add --resume"):
        run(config)


def test_one_update_ahead_is_at_most_one_version_behind(tmp_path):
    config = replace(CONFIG, out=str(tmp_path), max_lag=1, updates=3, deterministic=False)
    run(config)
    rows = read_metrics(tmp_path / "metrics.jsonl")
    assert len(rows) == 3
    assert all(0.0 <= row["lag"] <= 1.0 for row in rows)


def test_a_value_that_is_not_a_number_stops_the_run_and_leaves_a_checkpoint(tmp_path):
    config = replace(CONFIG, out=str(tmp_path), updates=3)
    model, tokenizer = shrunk("llama")
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:

        def poison() -> bool:
            with torch.no_grad():
                trainer.learner.model.value_head.bias.fill_(float("nan"))
            return False

        with pytest.raises(RLEFError, match=r"update 2: .*resume from .*update-00000001 with --resume"):
            trainer.train(poison_after_saving(trainer, poison))
    kept = run(config, resume=True)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in kept.values())
    assert latest(tmp_path / "checkpoints").name == "update-00000003"


def poison_after_saving(trainer, poison):
    """``stop`` is called before a checkpoint is written, so save first."""

    def stop() -> bool:
        trainer.save()
        return poison()

    trainer.config = replace(trainer.config, save_every=0)
    return stop


def test_a_judge_that_fails_every_episode_stops_the_run(tmp_path, monkeypatch):
    config = replace(CONFIG, out=str(tmp_path), updates=3)
    model, tokenizer = shrunk("llama")
    with Trainer(config, model, tokenizer, workers=1, quiet=True) as trainer:
        play = trainer.rollout.play

        def without_verdicts(*plans):
            batch = play(*plans)
            batch.tokens = [replace(episode, has_verdict=False) for episode in batch.tokens]
            return batch

        monkeypatch.setattr(trainer.rollout, "play", without_verdicts)
        with pytest.raises(RLEFError, match="update 1: expected verdicts, got none for any episode"):
            trainer.train()


def test_processes_of_one_machine_divide_its_workers(monkeypatch):
    monkeypatch.setattr(parallel, "on_this_machine", lambda: 4)
    for workers, each in ((8, 2), (1, 1)):
        with ExitStack() as stack:
            assert make_pool(CONFIG, workers, None, stack).workers == each


def test_a_process_without_an_episode_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "rank", lambda: 1)
    monkeypatch.setattr(parallel, "world", lambda: 2)
    model, tokenizer = shrunk("llama")
    with pytest.raises(UsageError, match="expected one problem or more for each of 2 processes, got 1"):
        Trainer(replace(CONFIG, out=str(tmp_path), episodes=1), model, tokenizer, quiet=True)


SCRIPT = """
import sys, json, resource
from tests.agents.ppo.test_trainer import CONFIG, run
from dataclasses import replace
from datetime import date
import torch
torch.set_num_threads(1)
out, updates, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def stop():
    if limit:
        import signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    print("updated", flush=True)
    return False
run(replace(CONFIG, out=out, updates=updates), resume=True, stop=stop)
"""


def child(*arguments):
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *map(str, arguments)],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_killed_run_loses_the_update_in_progress_at_most(tmp_path):
    with child(tmp_path, 1000, 0) as process:
        for _ in range(4):
            assert process.stdout.readline() == "updated\n"
        process.send_signal(signal.SIGKILL)
    last = latest(tmp_path / "checkpoints")
    assert last.name >= "update-00000003"  # the fourth may not have been written yet
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"kind": "train", "upd')  # a line that was being written
    done = int(last.name.removeprefix("update-"))
    run(replace(CONFIG, out=str(tmp_path), updates=done + 1), resume=True)
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [row["update"] for row in rows] == list(range(1, done + 2))
    kept = Counter(record.key for record in read_records(RunFolder.open(tmp_path)))
    assert set(kept.values()) == {1}
    assert Counter(key.step for key in kept) == dict.fromkeys(range(done + 1), CONFIG.episodes)


def test_a_full_disk_stops_the_run_and_leaves_a_checkpoint(tmp_path):
    # A limit on the size of a file stands for a full disk: writing fails in the same way.
    run(replace(CONFIG, out=str(tmp_path), updates=1))
    with child(tmp_path, 9, 100_000) as process:
        _, errors = process.communicate(timeout=850)
    assert process.returncode != 0
    assert "RLEFError: checkpoint: could not be written" in errors
    assert "update-00000001 with --resume" in errors
    assert [path.name for path in checkpoints(tmp_path / "checkpoints")] == ["update-00000001"]
    run(replace(CONFIG, out=str(tmp_path), updates=2), resume=True)
    assert latest(tmp_path / "checkpoints").name == "update-00000002"
