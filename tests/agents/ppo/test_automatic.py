"""Settings that nobody wrote: what decides them, what the user's own change, and the estimate of time."""

from __future__ import annotations

from typing import Any

import pytest

from rlef_agents.ppo.automatic import choose_sft, choose_training, values_of
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.machine import Machine, Speed, machine_here, measure_speed
from rlef_agents.ppo.memory_plan import plan_memory
from rlef_agents.ppo.model_shape import ModelShape, named_shape
from rlef_agents.ppo.task import Task, measure_task
from rlef_agents.ppo.time_plan import plan_time
from rlef_env import load_dataset
from rlef_env.envs import prompt_text

GB = 10**9
TASK = Task(problems=500, prompt=200, program=40, feedback=100)
# SmolLM2's sizes.
SMOL = ModelShape(
    vocabulary=49152, width=576, layers=30, heads=9, kv_heads=3, head_dim=64, mlp=1536, layer=3_540_096,
    matrices=3_538_944, joined=2_322_432, largest=28_311_552, ends=11_136, embedding=28_312_128, head=0,
)  # fmt: skip
EIGHT = named_shape("meta-llama/Llama-3.1-8B-Instruct")


def values(shape: ModelShape, memory: int, device: str = "cpu", task: Task = TASK, **given: Any) -> dict[str, Any]:
    choices = choose_training(shape, 8192, task, Machine(device, memory, cores=2), given)
    assert all(choice.reason for choice in choices)
    assert not set(given) & {choice.name for choice in choices}, "what was given is not chosen"
    return {**given, **values_of(choices)}


@pytest.mark.parametrize("memory", [6 * GB, 9 * GB, 24 * GB])
def test_what_is_chosen_for_a_small_model_fits(memory: int) -> None:
    config = TrainConfig(**values(SMOL, memory))
    assert plan_memory(SMOL, config, gpu=False).peak <= memory


def test_memory_decides_between_all_weights_and_adapters() -> None:
    assert values(SMOL, 24 * GB)["lora_rank"] == 0
    assert values(SMOL, 4 * GB)["lora_rank"] == 32
    assert values(EIGHT, 80 * GB, "cuda")["lora_rank"] == 32
    whole, adapters = (values(SMOL, memory)["lr"] for memory in (24 * GB, 4 * GB))
    assert adapters == pytest.approx(10 * whole)


def test_the_critics_rate_follows_the_number_of_features() -> None:
    """A value is a sum over as many features, each of about 1, and AdamW moves each weight by about the rate."""
    assert values(SMOL, 24 * GB)["critic_lr"] == pytest.approx(0.1 / 576, rel=0.05)
    assert values(EIGHT, 80 * GB, "cuda")["critic_lr"] == pytest.approx(0.1 / 4096, rel=0.05)
    for without in ({"estimator": "group", "samples_per_problem": 4}, {"critic": "separate"}):
        assert "critic_lr" not in values(SMOL, 24 * GB, **without)


def test_the_users_settings_stay_and_others_follow_them() -> None:
    assert values(SMOL, 24 * GB, lora_rank=8)["lr"] == pytest.approx(1e-4)
    assert values(SMOL, 24 * GB, lora_rank=8)["lora_rank"] == 8
    assert values(SMOL, 24 * GB, max_new=64)["context"] == 640, "200 + 3 * 64 + 2 * 100, rounded up to a multiple of 64"
    assert values(SMOL, 24 * GB, max_new=64, turns=1)["context"] == 320, "200 + 64, rounded up"


def test_lengths_follow_the_problems() -> None:
    assert values(SMOL, 24 * GB)["max_new"] == 256, "3 * 40 + 128, rounded up"
    assert values(SMOL, 24 * GB)["context"] == 1216, "200 + 3 * 256 + 2 * 100, rounded up"
    long = Task(problems=500, prompt=2000, program=900, feedback=1000)
    assert values(EIGHT, 80 * GB, "cuda", long)["max_new"] == 2048
    assert values(EIGHT, 80 * GB, "cuda", long)["context"] == 8192, "the longest of the model"


def test_the_type_is_bfloat16_where_there_are_instructions_for_it() -> None:
    assert values(SMOL, 24 * GB)["dtype"] == "float32"
    fast = Machine("cpu", 24 * GB, cores=2, bfloat16=True)
    assert values_of(choose_training(SMOL, 8192, TASK, fast, {}))["dtype"] == "bfloat16"
    assert values(EIGHT, 80 * GB, "cuda")["dtype"] == "bfloat16"


def test_settings_of_cloning() -> None:
    machine = Machine("cpu", 24 * GB, cores=2)
    chosen = values_of(choose_sft(SMOL, 8192, 400, 300, machine, {}))
    assert (chosen["batch"], chosen["context"], chosen["lora_rank"], chosen["lr"]) == (25, 320, 0, 5e-5)
    assert values_of(choose_sft(SMOL, 8192, 4, 300, machine, {"lora_rank": 4}))["lr"] == pytest.approx(5e-4)


def test_tokens_of_a_task_are_those_of_the_renderer() -> None:
    class Letters:
        """Every character is a token, and a prompt begins with ten more."""

        def first(self, message: str) -> str:
            return 10 * "." + message

        def data(self, text: str) -> str:
            return text

    problems = load_dataset("procedural/hidden_step?short=true&steps=8&count=3")
    task = measure_task(problems, Letters(), prompt_cap=10_000)
    assert task.problems == 3
    assert task.prompt == 10 + max(len(prompt_text(problem.statement)) for problem in problems)
    assert task.program == max(min(len(each.source) for each in problem.solutions) for problem in problems)
    assert 160 < task.feedback <= 1024 + 10


def test_seconds_of_an_update_by_hand() -> None:
    """One episode of 100 + 1 * (10 + 50) tokens; a token costs 2 * P / (flops / 2) = 1 s, reading weights less."""
    speed = Speed(flops=4.0 * SMOL.parameters, bandwidth=1e15)
    task = Task(problems=1, prompt=100, program=10, feedback=50)
    config = TrainConfig(episodes=1, turns=1, context=1000, critic="shared", beta=0.05)
    found = plan_time(SMOL, config, task, speed, response=10)
    assert found == pytest.approx({"sample": 10 + 100, "score": 160, "reference": 160, "learn": 3 * 160})
    separate = TrainConfig(episodes=1, turns=1, context=1000, critic="separate", beta=0.0, lora_rank=4)
    found = plan_time(SMOL, separate, task, speed, response=10)
    assert found == pytest.approx({"sample": 110, "score": 320, "reference": 0, "learn": 2 * 2 * 160})


def test_this_machine_has_memory_and_a_speed() -> None:
    here = machine_here("cpu")
    assert here.device == "cpu"
    assert here.memory > 0
    assert here.cores >= 1
    import torch

    speed = measure_speed("cpu", torch.float32)
    assert speed.flops > 0
    assert speed.bandwidth > 0
