"""``rlef-agents train --plan``: memory, and seconds of an update, before any weight is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from rlef_env.errors import UsageError

if TYPE_CHECKING:
    from rlef_agents.cli.settings import Chosen
    from rlef_agents.ppo.config import TrainConfig
    from rlef_agents.ppo.machine import Machine
    from rlef_agents.ppo.model_shape import ModelShape

__all__ = ["check_memory", "show_memory", "show_plan"]


def show_memory(config: TrainConfig) -> None:
    """Print the memory of one process with a configuration."""
    from rlef_agents.ppo.memory_plan import plan_memory
    from rlef_agents.ppo.model_shape import named_shape

    shape, machine = named_shape(config.model), machine_for(config)
    plan = plan_memory(shape, config, machine.processes, machine.device == "cuda")
    print(f"{shape.parameters:,} weights\n\n{plan.table()}\n\n{fit(shape, config, machine)}")


def show_plan(chosen: Chosen) -> None:
    """Print the memory by part, and the seconds of an update for long and for short responses."""
    from rlef_agents.ppo.machine import measure_speed
    from rlef_agents.ppo.memory_plan import plan_memory
    from rlef_agents.ppo.time_plan import plan_time

    config, machine, task = chosen.config, chosen.machine, chosen.task
    print(f"{chosen.shape.parameters:,} weights; {task.problems:,} problems; nothing was loaded")
    memory = plan_memory(chosen.shape, config, machine.processes, machine.device == "cuda")
    print(f"\n{memory.table()}\n\n{fit(chosen.shape, config, machine)}\n")
    speed = measure_speed(machine.device, getattr(torch, config.dtype))
    short = min(config.max_new, task.program + 16) if task.program else config.max_new // 2
    rows = {
        f"responses of {short} tokens": plan_time(chosen.shape, config, task, speed, short, machine.processes),
        f"of {config.max_new} (max_new)": plan_time(
            chosen.shape, config, task, speed, config.max_new, machine.processes
        ),
    }
    print("seconds of an update, estimated from the speed measured now (right within a factor of about two)")
    print(f"{'':28}{'sample':>9}{'score':>9}{'reference':>11}{'learn':>9}{'in all':>9}")
    for name, parts in rows.items():
        cells = "".join(
            f"{parts[key]:>{width},.0f}"
            for key, width in (("sample", 9), ("score", 9), ("reference", 11), ("learn", 9))
        )
        print(f"{name:28}{cells}{sum(parts.values()):>9,.0f}")


def fit(shape: ModelShape, config: TrainConfig, machine: Machine) -> str:
    """Return in words whether the run fits into the free memory."""
    from rlef_agents.ppo.memory_plan import plan_memory

    peak = plan_memory(shape, config, machine.processes, machine.device == "cuda").peak
    where = "a GPU" if machine.device == "cuda" else "this machine"
    free = f"{peak / 1e9:.1f} GB at most in a process, {machine.memory / 1e9:.1f} GB are free for it on {where}"
    return f"it fits: {free}" if peak <= machine.memory else f"it does not fit: {free}"


def machine_for(config: TrainConfig) -> Machine:
    """Return what this process may use."""
    from rlef_agents.ppo import parallel
    from rlef_agents.ppo.machine import machine_here

    parallel.join()
    return machine_here(config.device, parallel.world(), parallel.on_this_machine())


def check_memory(shape: ModelShape, config: TrainConfig, machine: Machine) -> None:
    """Refuse a run that does not fit into the free memory.

    Raises:
        UsageError: it does not fit.
    """
    found = fit(shape, config, machine)
    if found.startswith("it does not"):
        raise UsageError(
            f"memory: expected a run that fits into it; {found}; see --plan, and set lora_rank, context or "
            "token_budget, or take a smaller model"
        )
