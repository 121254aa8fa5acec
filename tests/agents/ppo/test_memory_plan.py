"""Memory plan: numbers computed by hand, and what fits."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from rlef_agents.cli import main
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config
from rlef_agents.ppo.memory_plan import plan_memory
from rlef_agents.ppo.model_shape import KNOWN, ModelShape, model_shape, named_shape
from rlef_env.errors import UsageError
from tests.agents.ppo.small import ARCHITECTURES, model

LLAMA_8B = "meta-llama/Llama-3.1-8B-Instruct"
PUBLISHED = {LLAMA_8B: 8_030_261_248, "meta-llama/Llama-3.1-70B-Instruct": 70_553_706_496}
SHAPE = ModelShape(
    vocabulary=100, width=8, layers=3, heads=4, kv_heads=2, head_dim=2, mlp=20, layer=1000, matrices=900, joined=600,
    largest=800, ends=150, embedding=808, head=800,
)  # fmt: skip


def config(**changes: Any) -> TrainConfig:
    return TrainConfig(**{"token_budget": 10, "context": 10, "evaluate_every": 0, **changes})


@pytest.mark.parametrize("name", PUBLISHED)
def test_known_architectures_have_the_published_number_of_weights(name: str) -> None:
    assert named_shape(name).parameters == PUBLISHED[name]


def test_a_shape_counts_what_the_model_has() -> None:
    shape = named_shape(LLAMA_8B)
    assert shape.layer == 2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336 + 2 * 4096
    assert shape.matrices == shape.layer - 2 * 4096
    assert shape.joined == 4096 * (4096 + 2 * 1024) + 2 * 4096 * 14336
    assert shape.ends == 2 * 8192 + 2 * 5120 + 3 * (4096 + 14336)
    assert (shape.head, shape.embedding) == (128256 * 4096, 128256 * 4096 + 4096)
    assert shape.largest == 128256 * 4096


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_tied_head_counts_once(name: str) -> None:
    lm = model(name)
    shape = model_shape(lm.config)
    assert shape.parameters == sum(parameter.numel() for parameter in lm.parameters())
    assert (shape.head == 0) == bool(lm.config.tie_word_embeddings)


def test_lasting_memory_of_full_training() -> None:
    # 4,608 weights in all, 3,808 without the head; the critic's head has 9.
    plan = plan_memory(SHAPE, config(), gpu=False)
    trained = 4608 + 3808 + 9
    assert dict(plan.lasting) == {
        "policy": 4 * 4608,
        "critic": 4 * (3808 + 9),
        "reference": 4 * 4608,
        "gradients": 4 * trained,
        "optimiser (two moments)": 8 * trained,
        "whole copy for sampling": 0,
        "copies of the decoder": 4 * 3 * 600,
        "keys and values": 131072 * 2 * 3 * 2 * 2 * 4,
        "checkpoint being written": (4 + 8) * trained,
    }
    assert plan.runtime == 0
    assert plan.peak == sum(plan.lasting.values()) + sum(plan.moments[plan.peak_moment].values())


def test_lasting_memory_of_adapters_on_a_bfloat16_base() -> None:
    plan = plan_memory(SHAPE, config(lora_rank=2, critic="shared", dtype="bfloat16", generator="vllm"), gpu=False)
    base, adapters = 4 * 4608 - 2 * 3 * 900, 3 * 150 * 2
    assert plan.lasting["policy"] == base + 4 * adapters
    assert plan.lasting["critic"] == 4 * 9
    assert plan.lasting["reference"] == 0
    assert plan.lasting["optimiser (two moments)"] == 8 * (adapters + 9)
    assert "keys and values" not in plan.lasting


def test_the_copy_that_a_checkpoint_is_written_from() -> None:
    """It is in the memory of the machine, not of a GPU; there is none where a run waits for its checkpoints."""
    trained = 4608 + 3808 + 9
    plan = plan_memory(SHAPE, config())
    assert plan.copied == 12 * trained
    assert plan.peak == plan_memory(SHAPE, config(async_save=False)).peak
    assert "checkpoint being written, in the machine's memory" in plan.table()
    assert plan_memory(SHAPE, config(parallel="fsdp"), 4).copied == 3 * trained
    assert plan_memory(SHAPE, config(moments="bfloat16", offload_moments=True)).copied == 8 * trained
    for changes in ({"async_save": False}, {"save_every": 1}, {"save_every": 0}):
        assert plan_memory(SHAPE, config(**changes)).copied == 0
        assert "checkpoint being written" not in plan_memory(SHAPE, config(**changes), gpu=False).lasting


def test_shards_divide_what_lasts_and_copies_do_not() -> None:
    one = plan_memory(SHAPE, config(parallel="fsdp"), 1, gpu=False)
    four = plan_memory(SHAPE, config(parallel="fsdp"), 4, gpu=False)
    assert four.lasting["policy"] == one.lasting["policy"] // 4
    assert four.lasting["optimiser (two moments)"] == one.lasting["optimiser (two moments)"] // 4
    assert (one.lasting["whole copy for sampling"], four.lasting["whole copy for sampling"]) == (0, 4 * 4608)
    assert plan_memory(SHAPE, config(parallel="ddp"), 4, gpu=False) == dataclasses.replace(
        plan_memory(SHAPE, config(parallel="ddp"), 1, gpu=False), processes=4
    )


def test_activations_by_hand() -> None:
    plan = plan_memory(SHAPE, config(critic="none", estimator="reinforce", beta=0.0), gpu=False)
    token = 4 * (6 * 8 + 3 * 8 + 8 + 4 * 20)  # bytes of one layer
    head = plan.moments["gradient of the head"]
    assert head["activations"] == 10 * 3 * token + 3 * 10 * 4 * 8
    assert head["logits"] == 4 * 4 * 100 * 10
    less = plan_memory(SHAPE, config(gradient_checkpointing=True, critic="separate", beta=0.0), gpu=False)
    assert less.moments["gradient of the head"]["activations"] == 10 * 3 * 4 * 8 + 3 * 10 * 4 * 8


@pytest.mark.parametrize(("name", "enough", "too_few"), [("llama-3.1-8b", 8, 4), ("llama-3.1-70b", 256, 128)])
def test_the_presets_fit_on_cards_of_80_gigabytes(name: str, enough: int, too_few: int) -> None:
    settings = load_config(name)
    shape = named_shape(settings.model)
    assert plan_memory(shape, settings, enough).fits(80e9)
    assert not plan_memory(shape, settings, too_few).fits(80e9)


def test_the_table_has_each_part() -> None:
    settings = load_config("llama-3.1-8b")
    plan = plan_memory(named_shape(settings.model), settings, 8)
    table = plan.table().splitlines()
    assert table[0].split() == ["part", "GB", "a", "process", "GB", "in", "all", "8"]
    assert any(
        line.startswith("optimiser (two moments)") and line.split()[-2:] == ["15.54", "124.28"] for line in table
    )


def test_every_preset_has_a_known_model() -> None:
    assert {load_config(name).model for name in ("tiny", "small", "llama-3.1-8b", "llama-3.1-70b")} <= set(KNOWN)


def test_the_command_says_what_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "llama-3.1-8b", "--gpus", "8", "--memory", "80"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("meta-llama/Llama-3.1-8B-Instruct: 8,030,261,248 weights, bfloat16, 8 processes\n")
    assert "it fits: " in said
    with pytest.raises(SystemExit, match="1"):
        main(["plan", "llama-3.1-8b", "--gpus", "8", "--memory", "80", "--set", "token_budget=262144"])
    assert "it does not fit: " in (said := capsys.readouterr().out)
    assert "most of it is activations. Try more GPUs, token_budget=131072, lora_rank=32" in said
    assert main(["plan", "small"]) == 0


def test_an_episode_that_is_longer_than_the_budget_counts_in_full() -> None:
    long = plan_memory(SHAPE, config(context=40), gpu=False)
    assert long.moments == plan_memory(SHAPE, config(token_budget=40), gpu=False).moments


def test_an_unknown_model_is_one_line() -> None:
    with pytest.raises(
        UsageError, match="model: expected a folder, a GGUF file or a name on the Hugging Face hub, got '/nowhere'"
    ):
        named_shape("/nowhere")
