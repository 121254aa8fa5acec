"""Settings of a command: those of a configuration, of a run's folder, or chosen for a model and this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from rlef_agents.ppo.automatic import Choice
    from rlef_agents.ppo.config import TrainConfig
    from rlef_agents.ppo.machine import Machine
    from rlef_agents.ppo.model_shape import ModelShape
    from rlef_agents.ppo.task import Task

__all__ = ["Chosen", "choose", "default_out", "evaluated_config", "is_config", "overrides", "show_choices"]

DATASET = "starter"
"""Problems that a model is shown or evaluated on where none are named."""


@dataclass(frozen=True)
class Chosen:
    """Settings that were chosen, and what they were chosen for.

    Attributes:
        config: all settings.
        choices: those that were chosen, with reasons.
        shape: sizes of the model.
        task: sizes of the problems.
        machine: what the run can use.
    """

    config: TrainConfig
    choices: Sequence[Choice]
    shape: ModelShape
    task: Task
    machine: Machine


def default_out(model: str) -> str:
    """Return the folder of a training run of a model where none is named."""
    from rlef_agents.ppo.loading import plain_name

    return f"runs/{Path(plain_name(model)).stem}"


def is_config(name: str) -> bool:
    """Return whether a name is that of a preset or a TOML file, and not of a model."""
    from rlef_agents.ppo.config_file import PRESETS

    return name in PRESETS or name.endswith(".toml")


def overrides(arguments: Any) -> list[str]:
    """Return ``--data``, ``--out`` of a training run, and ``--set``, as overrides of settings."""
    named = {"dataset": arguments.data, "out": getattr(arguments, "train_out", None)}
    given = [f"{name}={json.dumps(value)}" for name, value in named.items() if value is not None]
    return [*given, *(['evaluate_dataset=""'] if arguments.data is not None else []), *arguments.set]


def evaluated_config(arguments: Any) -> TrainConfig:
    """Return the settings with which a model is played or evaluated.

    They are those of ``arguments.config``, else those of the run whose folder the model is, else chosen ones.
    """
    from rlef_agents.ppo.config_file import load_config
    from rlef_agents.ppo.loading import plain_name

    of_run = Path(plain_name(arguments.model)) / "config.toml"
    if arguments.config is not None or of_run.is_file():
        return load_config(arguments.config or of_run, overrides(arguments))
    chosen = choose(arguments.model, overrides(arguments), for_training=False)
    shown = ", ".join(f"{each.name} {each.value}" for each in chosen.choices if each.value != "")
    print(f"settings for this model, problems and machine: {shown}; --set changes them")
    return chosen.config


def choose(model: str, given: Sequence[str], for_training: bool = True, machine: Machine | None = None) -> Chosen:
    """Choose settings for a model that nobody wrote a configuration for. Its weights are not loaded.

    Args:
        model: its name.
        given: settings as after ``--set``, which are taken as they are.
        for_training: choose what training needs, too.
        machine: what the run can use; None: what this machine has.

    Raises:
        UsageError: the model, its chat template or the problems cannot be used.
    """
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.automatic import choose_lengths, choose_training, values_of
    from rlef_agents.ppo.config import TrainConfig
    from rlef_agents.ppo.config_file import PRESETS, read_overrides
    from rlef_agents.ppo.generation.model_settings import max_context
    from rlef_agents.ppo.loading import PREFIX, model_source, read_model_config, read_tokenizer
    from rlef_agents.ppo.machine import machine_here
    from rlef_agents.ppo.model_shape import model_shape
    from rlef_agents.ppo.problems import evaluation_problems, training_problems
    from rlef_agents.ppo.task import measure_task

    if not model.startswith(PREFIX) and "/" not in model and not Path(model).exists():
        raise UsageError(
            f"model: expected one of {', '.join(PRESETS)}, a TOML file, a folder, a GGUF file, or a name on the hub; "
            f"got {model!r}, which does not exist; if it is on the hub, write {PREFIX}{model}"
        )
    parallel.join()
    values = read_overrides(given)
    if for_training and "dataset" not in values:
        raise UsageError("--data: expected the problems to train on, such as --data problems.jsonl, got none")
    first = {"model": model, "dataset": DATASET, "out": default_out(model), **values}
    config, model = TrainConfig(**first), str(first["model"])
    evaluated = evaluation_problems(config)
    problems = training_problems(config, evaluated) if for_training else evaluated
    details = read_model_config(model)
    shape, longest = model_shape(details), max_context(details)
    renderer, template = fitting_template(read_tokenizer(model, model_source(model)), config)
    task = measure_task(problems.dataset, renderer)
    machine = machine or machine_here(config.device, parallel.world(), parallel.on_this_machine())
    choose_these = choose_training(shape, longest, task, machine, values) if for_training else [
        each for each in choose_lengths(task, longest, machine, values) if each.name not in values
    ]  # fmt: skip
    choices = parallel.gathered([*template, *choose_these])[0]  # free memory differs between processes
    return Chosen(TrainConfig(**{**first, **values_of(choices)}), choices, shape, task, machine)


def fitting_template(tokenizer: Any, config: TrainConfig) -> tuple[Any, list[Choice]]:
    """Return a renderer, and the choice of its template where the user made none.

    Raises:
        UsageError: the given template cannot be used; or the tokenizer has none, and none of ours fits it.
    """
    from rlef_agents.ppo.automatic import Choice
    from rlef_agents.ppo.chat_template import TEMPLATES, Renderer, read_template

    def renderer(name: str) -> Any:
        return Renderer(tokenizer, read_template(name), config.chat_template_options, config.system, config.date)

    if config.chat_template or getattr(tokenizer, "chat_template", None):
        made = renderer(config.chat_template)
        return made, [] if config.chat_template else [Choice("chat_template", "", "the tokenizer's own")]
    for name in TEMPLATES:
        with suppress(UsageError):  # the tokenizer has not its control tokens
            return renderer(name), [Choice("chat_template", name, "the tokenizer has none, and has this one's tokens")]
    raise UsageError(
        f"tokenizer: expected one with a chat template, or with the control tokens of {', '.join(TEMPLATES)}, got "
        "neither; take the instruct version of the model, or add the tokens and train it with rlef-agents sft"
    )


def show_choices(choices: Sequence[Choice]) -> None:
    """Print the settings that were chosen, each with its reason."""
    rows = [("setting", "value", "why")]
    rows += [(each.name, "tokenizer's" if each.value == "" else str(each.value), each.reason) for each in choices]
    names, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    print(
        "\n".join(f"{name:<{names}}  {value:<{values}}  {reason}" for name, value, reason in rows),
        end="\n\n",
        flush=True,
    )
