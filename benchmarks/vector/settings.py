"""How large a measurement is."""

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
        rounds: blocks of each kind, in turn: the machine drifts.
        row_seconds: no further rounds of a row are begun after this time.
        overhead_envs: environments whose bookkeeping is measured.
        overhead_steps: steps of all of them in a block, with judgements that cost nothing.
        judged_steps: the same, really judged: three are an episode.
        envs: of the throughput rows.
        tail_envs: of the rows about long tails.
        tail_steps: responses of each of them in a block.
        stock_steps: steps of all environments in a block, against AsyncVectorEnv.
        open_episodes: held open at once.
        data: a data set for those; None for the embedded one, many times over.
        soak_minutes: of full load.
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
"""A look, not a measurement."""


def rounds(settings: Settings) -> Iterator[int]:
    """Count the rounds of a row until its time is over."""
    began = time.monotonic()
    for number in range(settings.rounds):
        yield number
        if time.monotonic() - began > settings.row_seconds:
            return
