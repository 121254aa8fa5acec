"""What a resumed run keeps from its beginning, and which of its settings may have changed since."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Final

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config
from rlef_env.errors import UsageError

__all__ = ["refuse_or_list_differences", "with_date"]

FIXED: Final = ("critic", "lora_rank", "lora_alpha")
"""Settings that a resumed run cannot change."""


def refuse_or_list_differences(checkpoint: Path, config: TrainConfig) -> list[str]:
    """Return the settings that differ from those of a checkpoint, except the run's folder.

    Raises:
        UsageError: a setting with which the checkpoint's weights have no meaning.
    """
    stored = load_config(checkpoint / "config.toml")
    differences = []
    for field in dataclasses.fields(config):
        old, new = (getattr(each, field.name) for each in (stored, config))
        if old == new or field.name == "out" or (field.name == "date" and not new):
            continue
        if field.name in FIXED:
            raise UsageError(
                f"{field.name}: expected {old!r}, as in {checkpoint}, got {new!r}; its weights have no meaning with "
                "another value, so set it back, or choose another out for a new run"
            )
        differences.append(f"{field.name} = {new!r} (was {old!r})")
    return differences


def with_date(config: TrainConfig, run: Path) -> TrainConfig:
    """Return the configuration with the day on which the run began, the same in all processes."""
    if config.date:
        return config
    began = run / "config.toml"
    today = load_config(began).date if began.is_file() else ""
    return dataclasses.replace(config, date=parallel.gathered(today or date.today().isoformat())[0])
