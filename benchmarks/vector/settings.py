"""Sizes of the measurements."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["QUICK", "Settings", "rounds"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the measurements.

    Attributes:
        rounds: number of blocks of each kind. The kinds alternate, because the speed of a machine drifts.
        row_seconds: time after which no further round of a row starts.
        overhead_envs: number of environments whose bookkeeping is measured.
        overhead_steps: number of steps of all of them in a block, with judgements that cost nothing.
        judged_steps: number of such steps with real judgements; three make an episode.
        envs: number of environments of the throughput rows.
        tail_envs: number of environments of the rows about long tails.
        tail_steps: number of responses of each of them in a block.
        stock_steps: number of steps of all environments in a block, against AsyncVectorEnv.
        open_episodes: number of episodes that are open at the same time.
        data: data set for the open episodes; None: the embedded one.
        soak_minutes: minutes of full load.
    """

    rounds: int = 5
    row_seconds: float = 60.0
    overhead_envs: int = 1024
    overhead_steps: int = 4
    judged_steps: int = 3
    envs: int = 256
    tail_envs: int = 16
    tail_steps: int = 20
    stock_steps: int = 12
    open_episodes: int = 4096
    data: Path | None = None
    soak_minutes: float = 10.0


QUICK = Settings(
    rounds=2,
    row_seconds=15.0,
    overhead_envs=256,
    overhead_steps=2,
    judged_steps=1,
    envs=64,
    tail_steps=4,
    stock_steps=4,
    open_episodes=512,
    soak_minutes=0.5,
)
"""For a first look, too small for a measurement."""


def rounds(settings: Settings) -> Iterator[int]:
    """Yield the numbers of the rounds of a row until its time is over."""
    start = time.monotonic()
    for number in range(settings.rounds):
        yield number
        if time.monotonic() - start > settings.row_seconds:
            return
