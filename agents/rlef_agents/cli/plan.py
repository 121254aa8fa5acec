"""``rlef-agents plan``: memory of a training run by part and process, before anything is loaded."""

from __future__ import annotations

import argparse
from typing import Any, Final

from rlef_agents.cli.arguments import above_zero, add_config, read_config, workers

__all__ = ["HELP", "add_arguments", "run"]

HELP: Final = "say how much GPU memory a training run needs, and whether it fits (exit code 1 if not)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``rlef-agents plan``."""
    add_config(parser)
    parser.add_argument("--gpus", type=workers, default=1, help="number of GPUs, a process each; default: 1")
    parser.add_argument(
        "--memory", type=above_zero, default=80.0, help="gigabytes of each GPU (10^9 bytes); default: 80"
    )


def run(arguments: Any) -> None:
    """Print the plan; exit with 1 if it does not fit."""
    from rlef_agents.ppo.memory_plan import plan_memory
    from rlef_agents.ppo.model_shape import named_shape

    config = read_config(arguments)
    shape = named_shape(config.model)
    plan = plan_memory(shape, config, arguments.gpus)
    fits = plan.fits(1e9 * arguments.memory)
    processes = f"{arguments.gpus} process{'es' if arguments.gpus > 1 else ''}"
    print(f"{config.model or 'the small model'}: {shape.parameters:,} weights, {config.dtype}, {processes}")
    print(plan.table())
    needed = f"{plan.peak / 1e9:.1f} GB of {arguments.memory:g} GB a GPU"
    print(f"it fits: {needed}" if fits else f"it does not fit: {needed}; {plan.advice(config)}")
    if not fits:
        raise SystemExit(1)
