"""Seconds of an update, estimated before anything is loaded from what the machine was measured to do.

The estimate counts products of matrices and reading of weights. It leaves out attention over long contexts, the judge
(which works while the model samples) and Python, so it is right within a factor of about two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.machine import Speed
from rlef_agents.ppo.model_shape import ModelShape
from rlef_agents.ppo.task import Task

__all__ = ["plan_time"]

REACHED: Final = 0.5
"""Share of the measured speed of one large product that a whole model reaches; an estimate."""

AT_ONCE: Final = 128
"""Responses that are sampled at the same time."""


def plan_time(
    shape: ModelShape, config: TrainConfig, task: Task, speed: Speed, response: int, processes: int = 1
) -> Mapping[str, float]:
    """Return the seconds of an update by part.

    Args:
        shape: sizes of the model.
        config: settings of the run.
        task: sizes of the problems.
        speed: speed of the device.
        response: tokens of a response.
        processes: processes that share the episodes.
    """
    per_token = 2.0 * shape.parameters / (REACHED * speed.flops)
    episodes = -(-config.episodes // processes)
    turn = response + task.feedback
    tokens = episodes * min(task.prompt + config.turns * turn, config.context)
    rows = min(episodes, AT_ONCE)
    size = 2.0 if config.dtype == "bfloat16" else 4.0
    step = max(rows * per_token, size * shape.parameters / speed.bandwidth)
    steps = config.turns * response * -(-episodes // rows)
    critics = 2 if config.critic == "separate" else 1
    # A gradient costs twice a forward pass; that of frozen weights is not computed.
    backward = 1.0 if config.lora_rank else 2.0
    passes = 1 + backward + (1 if config.gradient_checkpointing else 0)
    return {
        "sample": steps * step + episodes * (task.prompt + (config.turns - 1) * task.feedback) * per_token,
        "score": critics * tokens * per_token,
        "reference": tokens * per_token if config.beta else 0.0,
        "learn": config.epochs * critics * passes * tokens * per_token,
    }
