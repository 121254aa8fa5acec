"""``rlef-agents plan``: memory of a training run by part and process, before anything is loaded."""

from __future__ import annotations

import argparse
from typing import Any, Final

from rlef_agents.cli.arguments import MODEL, above_zero, add_set, workers
from rlef_agents.cli.settings import DATASET, choose, is_config, overrides, show_choices

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "say how much GPU memory a training run needs, and whether it fits (exit code 1 if not)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents plan``."""
    parser.add_argument(
        "model", help=f"{MODEL}; or a configuration: a TOML file, or tiny, small, llama-3.1-8b, llama-3.1-70b"
    )
    parser.add_argument("--data", metavar="D", help="the problems to train on, which decide lengths; default: starter")
    add_set(parser)
    parser.add_argument("--gpus", type=workers, default=1, help="number of GPUs, a process each; default: 1")
    parser.add_argument(
        "--memory", type=above_zero, default=80.0, help="gigabytes of each GPU (10^9 bytes); default: 80"
    )


def run(arguments: Any) -> None:
    """Print the plan; exit with 1 if it does not fit.

    A model that is no configuration gets the settings that ``train`` would choose on such GPUs, which are printed, too.
    """
    from rlef_agents.ppo.config_file import load_config
    from rlef_agents.ppo.machine import Machine
    from rlef_agents.ppo.memory_plan import plan_memory
    from rlef_agents.ppo.model_shape import named_shape

    given = overrides(arguments)
    if is_config(arguments.model):
        config = load_config(arguments.model, given)
        shape = named_shape(config.model)
    else:
        machine = Machine("cuda", int(1e9 * arguments.memory), cores=1, processes=arguments.gpus)
        chosen = choose(arguments.model, [f'dataset="{DATASET}"', *given], machine=machine)
        show_choices(chosen.choices)
        config, shape = chosen.config, chosen.shape
    plan = plan_memory(shape, config, arguments.gpus)
    fits = plan.fits(1e9 * arguments.memory)
    processes = f"{arguments.gpus} process{'es' if arguments.gpus > 1 else ''}"
    print(f"{config.model or 'the small model'}: {shape.parameters:,} weights, {config.dtype}, {processes}")
    print(plan.table())
    if config.generator == "vllm":
        print("sampling: by vLLM servers on GPUs of their own, which are not counted here")
    needed = f"{plan.peak / 1e9:.1f} GB of {arguments.memory:g} GB a GPU"
    print(f"it fits: {needed}" if fits else f"it does not fit: {needed}; {plan.advice(config)}")
    if not fits:
        raise SystemExit(1)
