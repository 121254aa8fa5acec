"""AdamW with moments of other types and places, schedules by hand, and adapters on chosen layers."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.lora import add_lora
from rlef_agents.ppo.optimiser import learning_rates, make_optimiser, moment_bytes
from rlef_agents.ppo.sinks import read_metrics
from rlef_agents.ppo.stored_adamw import StoredAdamW
from rlef_env.errors import UsageError
from tests.agents.ppo.small import config, learner, model, moved, random_episodes, sampled_by, weights
from tests.agents.ppo.test_trainer import CONFIG, run

SHAPES = ((7, 5), (5,), (64, 64))


def parameters() -> list[nn.Parameter]:
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(shape)) for shape in SHAPES]


def trained(optimiser: torch.optim.Optimizer, trained: Sequence[nn.Parameter], steps: int = 20) -> list[torch.Tensor]:
    torch.manual_seed(1)
    for _ in range(steps):
        for each in trained:
            each.grad = torch.randn_like(each) * 0.1
        optimiser.step()
    return [each.detach().clone() for each in trained]


def made(**changes: Any) -> tuple[torch.optim.Optimizer, list[nn.Parameter]]:
    weights_ = parameters()
    return make_optimiser(weights_[:2], weights_[2:], config(weight_decay=0.1, adam_beta2=0.95, **changes)), weights_


@pytest.mark.parametrize("offload", [False, True], ids=["here", "offloaded"])
def test_float32_moments_are_those_of_torch_to_the_bit(offload: bool) -> None:
    plain = trained(*made())
    groups = make_optimiser(parameters()[:2], [], config(weight_decay=0.1)).param_groups
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    ours = parameters()
    decays = [{"params": [each], "weight_decay": 0.1 if each.dim() > 1 else 0.0} for each in ours]
    optimiser = StoredAdamW(decays, 1e-2, (0.9, 0.95), 1e-8, offload=offload)
    assert all(torch.equal(one, other) for one, other in zip(trained(optimiser, ours), plain, strict=True))


def test_bfloat16_moments_follow_float32_ones_and_take_half_the_bytes() -> None:
    start, plain = parameters(), trained(*made())
    optimiser, ours = made(moments="bfloat16")
    stored = trained(optimiser, ours)
    assert 0 < moved(stored, plain) < 0.02 * moved(plain, start), "rounding of 8 bits"
    moments = [state[name] for state in optimiser.state.values() for name in ("exp_avg", "exp_avg_sq")]
    assert {each.dtype for each in moments} == {torch.bfloat16}
    elements = sum(each.numel() for each in ours)
    wanted = elements * moment_bytes(config(moments="bfloat16"))
    assert sum(each.numel() * each.element_size() for each in moments) == wanted
    assert (moment_bytes(config()), moment_bytes(config(offload_moments=True))) == (8.0, 0.0)


def test_stored_moments_keep_their_type_and_values_when_they_are_loaded() -> None:
    first, ours = made(moments="bfloat16")
    trained(first, ours, 5)
    second, others = made(moments="bfloat16")
    with torch.no_grad():
        for mine, other in zip(ours, others, strict=True):
            other.copy_(mine)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert {state["exp_avg"].dtype for state in second.state.values()} == {torch.bfloat16}
    assert all(
        torch.equal(one, other) for one, other in zip(trained(first, ours), trained(second, others), strict=True)
    )


@pytest.mark.parametrize("changes", [{"moments": "bfloat16"}, {"offload_moments": True}], ids=["bfloat16", "offload"])
def test_a_resumed_run_is_equal_to_the_bit(changes: dict[str, Any], tmp_path: Path) -> None:
    made_ = replace(CONFIG, updates=2, out=str(tmp_path / "whole"), **changes)
    whole = run(made_)
    made_ = replace(made_, out=str(tmp_path / "parts"))
    run(made_, stop=lambda: True)
    parts = run(made_, resume=True)
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


def test_eight_bits_need_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlef_agents.ppo.optimiser.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"optimiser: expected the package bitsandbytes to be installed .*pip install"):
        made(optimiser="adamw_8bit")


@pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
def test_eight_bits_learn_and_resume(tmp_path: Path) -> None:
    start, plain = parameters(), trained(*made())
    optimiser, ours = made(optimiser="adamw_8bit")
    stored = trained(optimiser, ours)
    assert 0 < moved(stored, plain) < 0.1 * moved(plain, start)
    assert optimiser.state[ours[2]]["state1"].dtype == torch.uint8, "4,096 weights or more"
    made_ = replace(CONFIG, updates=2, out=str(tmp_path), optimiser="adamw_8bit")
    run(made_, stop=lambda: True)
    run(made_, resume=True)
    assert [row["update"] for row in read_metrics(tmp_path / "metrics.jsonl")] == [1, 2]


def test_schedules_by_hand() -> None:
    def rates(**changes: Any) -> list[float]:
        made_ = config(lr=1.0, updates=5, minibatches=1, **changes)
        return [round(learning_rates(made_, step)["policy"], 6) for step in range(5)]

    assert rates() == [1.0] * 5
    assert rates(schedule="constant") == [1.0] * 5
    assert rates(lr_final=0.2) == rates(schedule="linear", lr_final=0.2) == [1.0, 0.8, 0.6, 0.4, 0.2]
    assert rates(schedule="linear") == [1.0, 0.75, 0.5, 0.25, 0.0]
    # 0.5 + 0.5 cos(pi k / 4): 1, 0.853553, 0.5, 0.146447, 0
    assert rates(schedule="cosine") == [1.0, 0.853553, 0.5, 0.146447, 0.0]
    assert rates(schedule="cosine", lr_final=0.5, warmup=2) == [0.5, 0.926777, 0.75, 0.573223, 0.5]
    critic = learning_rates(config(lr=1.0, critic_lr=4.0, updates=5, minibatches=1, schedule="cosine"), 2)["critic"]
    assert critic == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["schedule=step"], "schedule: expected 'auto', 'constant', 'linear' or 'cosine', got 'step'"),
        (["schedule=constant", "lr_final=1e-6"], "lr_final: expected schedule = 'linear' or 'cosine'"),
        (["optimiser=sgd"], "optimiser: expected 'adamw' or 'adamw_8bit', got 'sgd'"),
        (["optimiser=adamw_8bit", "moments=bfloat16"], "optimiser: 'adamw_8bit' expects moments = 'float32'"),
        (["optimiser=adamw_8bit", "parallel=fsdp"], "optimiser: 'adamw_8bit' expects .* and 'fsdp'"),
        (["moments=int8"], "moments: expected 'float32' or 'bfloat16', got 'int8'"),
        (["moments=bfloat16", "adam_beta2=0.999"], "moments: 'bfloat16' expects adam_beta2 of at most 0.99, got 0.999"),
        (["offload_moments=true", "parallel=fsdp"], "offload_moments: expected parallel = 'ddp'"),
        (["offload_moments=1"], "offload_moments: expected true or false, got 1"),
        (["lora_rslora=yes"], "lora_rslora: expected true or false, got 'yes'"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(overrides: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_config("small", overrides)


def test_adapters_are_on_the_named_layers_and_scaled_by_the_root_of_their_rank() -> None:
    adapted = add_lora(model(), 4, 8, targets="q_proj down_proj", rslora=True)
    names = {name.split(".")[-4] for name, each in adapted.named_parameters() if each.requires_grad}
    assert names == {"q_proj", "down_proj"}
    scales = {each.scaling["default"] for each in adapted.modules() if isinstance(getattr(each, "scaling", 0), dict)}
    assert scales == {8 / np.sqrt(4)}
    for wrong in ("q_proj keys", "lm_head", " "):
        with pytest.raises(UsageError, match=r"lora_targets: expected 'all-linear' or .*down_proj.*q_proj.* got"):
            add_lora(model(), 4, 8, targets=wrong)


def test_generator_and_learner_agree_on_chosen_adapters() -> None:
    student = learner(lora_rank=4, lora_alpha=64, lora_targets="q_proj down_proj", lora_rslora=True, lr=1e-1)
    before = weights(student)
    student.update(sampled_by(student, random_episodes(8)))
    assert moved(before, weights(student)) > 0.01
    trained_ = {name.split(".")[-4] for name, each in student.model.lm.named_parameters() if each.requires_grad}
    assert trained_ == {"q_proj", "down_proj"}


def test_a_run_with_chosen_adapters_samples_what_it_trains(tmp_path: Path) -> None:
    made_ = replace(
        CONFIG, out=str(tmp_path), lora_rank=4, lora_targets="v_proj up_proj", lora_rslora=True, lr=1e-1, warmup=0
    )
    run(made_)
    rows = read_metrics(tmp_path / "metrics.jsonl")
    assert all(row["sampler_gap_max"] < 1e-4 for row in rows)
