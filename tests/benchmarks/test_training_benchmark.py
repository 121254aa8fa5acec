"""The training benchmark compares equal work, counts the CPU time of all processes, and names what it skips."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.training import __main__ as benchmark
from benchmarks.training.cpu_account import CPUAccount, descendants_seconds
from benchmarks.training.gpu import gpu_rows, on_device
from benchmarks.training.step import TRL_PYTHON, Side, refuse_unlike, step_rows, trl_rows, workload_of
from benchmarks.training.subjects import SUBJECTS, Subject
from benchmarks.training.update import _learner, _packed_step, _padded_step, _ragged
from rlef_agents.ppo.rollout import plan
from rlef_env import CodeVectorEnv


def test_packed_and_padded_take_the_same_step() -> None:
    episodes = _ragged(np.random.default_rng(1))[:6]
    ours, theirs = _learner("0.9 M parameters"), _learner("0.9 M parameters")
    before = [parameter.detach().clone() for parameter in ours.policy]
    _packed_step(ours, episodes)
    _padded_step(theirs, episodes)
    assert any(not torch.equal(one, other) for one, other in zip(before, ours.policy, strict=True))
    for one, other in zip(ours.policy, theirs.policy, strict=True):
        assert torch.allclose(one, other, atol=2e-4)  # AdamW's first step has the size of lr wherever a gradient is


def test_skipped_measurements_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRL_PYTHON, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    figures = [*step_rows(1), *trl_rows(1), *gpu_rows(1)]
    assert figures
    assert all(figure.measured is None and figure.note.startswith("skipped: ") for figure in figures)
    assert set(benchmark.ROWS) >= {"decode", "update", "judge", "step", "trl", "gpu"}


BUSY = """
import os, sys, time
def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end: pass
child = os.fork()
if child == 0:
    busy(0.2)
    os._exit(0)
os.waitpid(child, 0)
busy(0.1)
print(flush=True)
sys.stdin.readline()
"""


def test_the_account_counts_living_descendants_and_the_children_they_waited_for() -> None:
    account, before = CPUAccount(), descendants_seconds()

    def busy() -> None:
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass

    with account.phase("judge"):
        account.timed("part", busy)()
    child = subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    report = account.report()
    assert isinstance(report["judge"], float)
    assert report["judge"] >= 0.05 + 0.3 - 0.04  # ticks of 10 ms, rounded down, of a process and its child
    assert report["all"] >= report["judge"]  # type: ignore[operator]
    assert 0.05 <= report["parts"]["part"] < 0.25  # type: ignore[index, call-overload]
    child.communicate()
    assert descendants_seconds() - before < 0.1


@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])
def test_both_sides_get_the_prompts_that_our_trainer_draws(subject: Subject, tmp_path: Path) -> None:
    work = workload_of(subject, tmp_path, updates=2)
    count = subject.episodes
    env = CodeVectorEnv(count, dataset=work["dataset"], max_turns=1, autoreset_mode="Disabled")
    env.reset(seed=list(plan(0, 1, count, 8).problems))  # type: ignore[arg-type]
    names = [episode.problem_id for episode in env.episodes]
    env.close()
    assert [each["problem"] for each in work["prompts"]][count // 8 :] == names[::8]
    assert names == [name for name in names[::8] for _ in range(8)]


@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.name for subject in SUBJECTS])
def test_trl_takes_as_many_optimiser_steps_on_as_many_responses(subject: Subject) -> None:
    for settings in subject.trl_settings().values():
        batches = settings["gradient_accumulation_steps"] * settings["optimiser_steps"]
        assert batches * settings["per_device_train_batch_size"] == subject.episodes
        sampled = settings["per_device_train_batch_size"] * settings["steps_per_generation"]
        assert sampled % 8 == 0, "whole groups"
        assert settings["optimiser_steps"] == subject.parts
        assert batches % settings["steps_per_generation"] == 0


def test_unequal_work_gives_no_figure() -> None:
    kept, lost = [{"without_verdict": 0}], [{"without_verdict": 3}]
    refuse_unlike({"ours": [10, 20], "trl": [11, 20]}, {"ours": kept, "trl": kept})
    with pytest.raises(RuntimeError, match="lengths"):
        refuse_unlike({"ours": [10, 20], "trl": [20, 30]}, {"ours": kept, "trl": kept})
    with pytest.raises(RuntimeError, match="lengths"):
        refuse_unlike({"ours": [10, 20], "trl": [15]}, {"ours": kept, "trl": kept})
    with pytest.raises(RuntimeError, match="'trl': 3"):
        refuse_unlike({"ours": [10, 20], "trl": [11, 20]}, {"ours": kept, "trl": lost})


def test_a_side_that_fails_reports_the_reason(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No such file"):
        Side(sys.executable, "our_steps", {}, tmp_path / "nothing.json")


def test_the_figures_of_a_gpu_can_be_measured_on_any_device() -> None:
    shape = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
             "num_attention_heads": 2, "num_key_value_heads": 1}  # fmt: skip
    figures = on_device("cpu", 1, shape, matrix=32, copied=1024, slots=2, tokens=8)
    rates = [figure.measured for figure in figures if figure.unit == "tokens per s"]
    assert len(rates) == 2
    assert all(rate is not None and rate > 0 for rate in rates)
