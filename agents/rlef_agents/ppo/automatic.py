"""Settings for a model and a machine that nobody wrote a configuration for: pure functions, a reason for each choice.

The rules are few and plain. Memory decides between all weights and adapters; the problems decide the lengths; the size
of the model decides the learning rates. ``--set`` overrides each choice, and later choices follow it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.machine import Machine
from rlef_agents.ppo.memory_plan import plan_memory
from rlef_agents.ppo.model_shape import ModelShape
from rlef_agents.ppo.task import Task

__all__ = ["Choice", "choose_lengths", "choose_sft", "choose_training", "values_of"]

SHARE: Final = 0.85
"""Share of the free memory that a run may plan with; the rest is for the judge and for what no plan knows."""

RANK: Final = 32

LEARNING_RATES: Final = ((0.5e9, 1e-5), (2e9, 4e-6), (5e9, 2e-6), (15e9, 1e-6))
"""Largest number of weights, and the learning rate of reinforcement for all weights; adapters learn at ten times it."""

CLONING_RATES: Final = ((0.5e9, 5e-5), (2e9, 2e-5), (15e9, 5e-6))
"""The same for cloning."""

VALUE_STEP: Final = 0.1
"""How far an optimiser step should be able to move a value whose critic is a linear layer on the policy's features."""

PAPER_RATES: Final = {"train": 2e-7, "sft": 2e-6}
"""Rates for larger models: the paper's for 8 and 70 billion weights, and for cloning."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting that was chosen.

    Attributes:
        name: name of the setting.
        value: its value.
        reason: why, in a few words.
    """

    name: str
    value: Any
    reason: str


def values_of(choices: Sequence[Choice]) -> dict[str, Any]:
    """Return the settings by name."""
    return {choice.name: choice.value for choice in choices}


def choose_lengths(task: Task, longest: int, machine: Machine, given: Mapping[str, Any]) -> Iterator[Choice]:
    """Choose what evaluation needs too: type, length of a response and of an episode.

    Args:
        task: sizes of the problems.
        longest: longest context of the model.
        machine: what the run can use.
        given: settings that the user gave, by name; they are not chosen.
    """
    yield from choose_dtype(machine, given)
    if task.program:
        response = rounded_up(3 * task.program + 128)
        words = f"three times the longest stored program ({task.program} tokens), and 128 for words around it"
    else:
        response, words = 768, "no right programs are stored; most answers to short problems fit"
    limit = 512 if machine.device == "cpu" else 2048
    if response > limit:
        response, words = limit, f"at most {limit} on a {'CPU' if machine.device == 'cpu' else 'GPU'}"
    yield Choice("max_new", response, words)
    response, turns = int(given.get("max_new", response)), int(given.get("turns", 3))
    needed = rounded_up(task.prompt + turns * response + (turns - 1) * task.feedback)
    reason = f"prompt of {task.prompt} tokens, {turns} responses, {turns - 1} times feedback of {task.feedback}"
    yield Choice("context", min(needed, longest), reason if needed <= longest else "the longest of the model")


def choose_dtype(machine: Machine, given: Mapping[str, Any]) -> Iterator[Choice]:
    """Choose the type that layers compute in."""
    if "dtype" not in given:
        half = machine.device == "cuda" or machine.bfloat16
        what = "GPU" if machine.device == "cuda" else "CPU"
        reason = f"this {what} computes in it at least twice as fast; weights stay float32"
        yield Choice(
            "dtype", *(("bfloat16", reason) if half else ("float32", "this CPU has no instructions for bfloat16"))
        )


def choose_training(
    shape: ModelShape, longest: int, task: Task, machine: Machine, given: Mapping[str, Any]
) -> list[Choice]:
    """Choose the settings of a training run; those in ``given`` are left out.

    Args:
        shape: sizes of the model.
        longest: longest context of the model.
        task: sizes of the problems.
        machine: what the run can use.
        given: settings that the user gave, by name.
    """
    choices = [each for each in choose_lengths(task, longest, machine, given) if each.name not in given]

    def add(name: str, value: Any, reason: str) -> None:
        if name not in given:
            choices.append(Choice(name, value, reason))

    add("critic", "shared", "a second network would double the memory")
    cpu = machine.device == "cpu"
    episodes = 32 if cpu else 128 if shape.parameters < 3e9 else 256
    add(
        "episodes",
        max(episodes, 2 * machine.processes),
        "few, so that an update takes minutes" if cpu else "a batch for noise",
    )
    add("minibatches", 2 if cpu else 4, "optimiser steps of 16 episodes" if cpu else "as in the paper")
    add("async_save", not cpu, "the copy would need memory that training needs" if cpu else "an update does not wait")
    now = {**values_of(choices), **given}
    rows = -(-int(now["episodes"]) // machine.processes)
    add("kv_memory", *kv_memory(shape, machine, rows, int(now["context"]), str(now["dtype"])))
    for name, value, reason in fitting(shape, machine, {**values_of(choices), **given}, given):
        add(name, value, reason)
    now = {**values_of(choices), **given}
    rank = int(now.get("lora_rank", 0))
    rate = by_size(LEARNING_RATES, shape.parameters, PAPER_RATES["train"]) * (10 if rank else 1)
    add("lr", rate, f"for {size(shape.parameters)} weights{', ten times that for adapters' if rank else ''}")
    if now["critic"] == "shared" and now.get("estimator", "turn_value") in ("turn_value", "token_value"):
        reason = f"a step moves a value by about {VALUE_STEP}; at the policy's rate it would hardly learn"
        add("critic_lr", float(f"{VALUE_STEP / shape.width:.2g}"), reason)
    add("warmup", 10, "optimiser steps; runs of this size are short")
    add("updates", 100 if cpu else 500, "stop earlier with --minutes or Ctrl-C; --resume continues")
    add("save_every", 5 if cpu else 25, "a stopped run loses at most so many updates")
    add("evaluate_every", 10 if cpu else 50, "an evaluation costs as much as an update or two")
    add(
        "evaluate_episodes",
        min(64 if cpu else 256, task.problems),
        "enough to see a change of 0.2" if cpu else "enough to see a change of 0.1",
    )
    add("evaluate_temperature", 0.2, "the paper's for 1@3")
    add("evaluate_top_p", 0.95, "the paper's")
    return choices


def kv_memory(shape: ModelShape, machine: Machine, rows: int, context: int, dtype: str) -> tuple[float, str]:
    """Return GB for the keys and values of the sampled episodes, and the reason."""
    token = 2 * shape.layers * shape.kv_heads * shape.head_dim * (2 if dtype == "bfloat16" else 4)
    wanted, most, least = rows * context * token, machine.memory // 8, context * token
    if wanted <= most:
        return max(round(wanted / 1e9, 3), 0.001), f"GB of keys and values of {rows} episodes of {context} tokens"
    return max(
        round(max(most, least) / 1e9, 3), 0.001
    ), "GB of keys and values, an eighth of the free memory; what does not fit waits"


def fitting(
    shape: ModelShape, machine: Machine, settings: Mapping[str, Any], given: Mapping[str, Any]
) -> list[tuple[str, Any, str]]:
    """Return the settings that memory decides: the first that fit, else those that need least."""
    allowed = SHARE * machine.memory
    parallel = ("ddp", "fsdp") if machine.processes > 1 else ("ddp",)
    ranks = (0, RANK)
    tried = [
        {"parallel": way, "lora_rank": rank, "gradient_checkpointing": again, "token_budget": budget}
        for way in parallel
        for rank in ranks
        for again in (False, True)
        for budget in (8192, 4096, 2048)
    ]
    free = {
        "beta", "critic", "dtype", "context", "evaluate_every", "generator", "estimator", "kv_memory", "async_save",
        "save_every", "samples_per_problem", "episodes",
    }  # fmt: skip
    kept = {name: value for name, value in settings.items() if name in free}

    def peak(candidate: Mapping[str, Any]) -> int:
        config = TrainConfig(**{**kept, **candidate, **{n: v for n, v in given.items() if n in candidate}})
        return plan_memory(shape, config, machine.processes, machine.device == "cuda").peak

    peaks = [peak(candidate) for candidate in tried]
    place = next((n for n, each in enumerate(peaks) if each <= allowed), min(range(len(peaks)), key=peaks.__getitem__))
    best, need = tried[place], peaks[place]
    free_now = f"{machine.memory / 1e9:.1f} GB are free"
    fits = f"needs {need / 1e9:.1f} GB at most, {free_now}"
    if best["lora_rank"]:
        whole = min(each for each, candidate in zip(peaks, tried, strict=True) if not candidate["lora_rank"])
        why = f"all weights need {whole / 1e9:.1f} GB, {free_now}"
    else:
        why = f"all weights: {fits}"
    found = [
        ("lora_rank", best["lora_rank"], why),
        (
            "gradient_checkpointing",
            best["gradient_checkpointing"],
            fits if best["gradient_checkpointing"] else "not needed",
        ),
        ("token_budget", best["token_budget"], "changes memory, no result"),
    ]
    if machine.processes > 1:
        found.append(
            (
                "parallel",
                best["parallel"],
                "whole copies fit" if best["parallel"] == "ddp" else "whole copies do not fit",
            )
        )
    return found


def choose_sft(
    shape: ModelShape, longest: int, conversations: int, tokens: int, machine: Machine, given: Mapping[str, Any]
) -> list[Choice]:
    """Choose the settings of cloning; those in ``given`` are left out.

    Args:
        shape: sizes of the model.
        longest: longest context of the model.
        conversations: number of conversations.
        tokens: tokens of the longest.
        machine: what the run can use.
        given: settings that the user gave, by name.
    """
    batch = max(1, min(64, conversations // 16))
    choices = list(choose_dtype(machine, given))
    settings: dict[str, Any] = {"critic": "none", "estimator": "reinforce", "beta": 0.0, "async_save": False}
    settings |= values_of(choices)
    memory = {name: (value, why) for name, value, why in fitting(shape, machine, settings, given)}
    rank = int(given.get("lora_rank", memory["lora_rank"][0]))
    rate = by_size(CLONING_RATES, shape.parameters, PAPER_RATES["sft"]) * (10 if rank else 1)
    choices += [
        Choice("lora_rank", memory["lora_rank"][0], memory["lora_rank"][1]),
        Choice("token_budget", memory["token_budget"][0], "changes memory, no result"),
        Choice("context", min(rounded_up(tokens), longest), f"the longest conversation has {tokens} tokens"),
        Choice(
            "batch",
            batch,
            f"16 steps or more for each pass over {conversations} conversations" if batch < 64 else "the paper's",
        ),
        Choice("lr", rate, f"for {size(shape.parameters)} weights{', ten times that for adapters' if rank else ''}"),
    ]
    return [each for each in choices if each.name not in given]


def by_size(table: Sequence[tuple[float, float]], weights: int, otherwise: float) -> float:
    """Return the value of the first row whose size is not exceeded."""
    return next((value for largest, value in table if weights <= largest), otherwise)


def rounded_up(tokens: int) -> int:
    """Round up to a multiple of 64."""
    return -(-tokens // 64) * 64


def size(weights: int) -> str:
    """Return a number of weights in words."""
    return f"{weights / 1e9:.1f} billion" if weights >= 1e9 else f"{weights / 1e6:.0f} million"
