"""What a resumed run keeps from its beginning, and which of its settings may have changed since."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any, Final

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.config_file import load_config
from rlef_env.errors import UsageError

__all__ = ["CHANGEABLE", "WEIGHTS", "changed_settings", "with_date"]

WEIGHTS: Final = frozenset({"critic", "lora_rank", "lora_alpha", "lora_targets", "lora_rslora"})
"""Settings without which the weights of a checkpoint have no meaning: never changed."""

CHANGEABLE: Final = frozenset(
    {
        # Where and how fast the run computes.
        "device", "generator", "servers", "judge", "judge_address", "parallel", "token_budget", "kv_memory",
        "max_lag", "gradient_checkpointing", "deterministic",
        # How long and how fast it learns: what is set again by hand in the middle of a run.
        "updates", "lr", "lr_final", "critic_lr", "warmup", "schedule", "offload_moments",
        # What is written, and when.
        "out", "save_every", "async_save", "keep", "keep_episodes_every",
        # Evaluations, which change no weight. A run folder refuses other evaluation *problems* itself.
        "evaluate_every", "evaluate_dataset", "evaluate_split", "evaluate_episodes", "evaluate_samples",
        "evaluate_temperature", "evaluate_top_p", "evaluate_n_at_k", "evaluate_feedback", "evaluate_turns",
        "evaluations", "best_by",
    }
)  # fmt: skip
"""Settings that a resumed run may change without being asked: the rest of the run is the same experiment."""


def changed_settings(checkpoint: Path, config: TrainConfig, allow_changes: bool = False) -> list[str]:
    """Return the settings that differ from those of a checkpoint, each as ``"lr = 2.0 (was 1.0)"``.

    Args:
        checkpoint: its folder.
        config: settings of the resumed run.
        allow_changes: accept settings outside of ``CHANGEABLE``, too; those of ``WEIGHTS`` are refused in any case.

    Raises:
        UsageError: a setting differs that may not; the line names all of them.
    """
    stored, found = load_config(checkpoint / "config.toml"), dict[str, str]()
    for field in dataclasses.fields(config):
        old, new = (getattr(each, field.name) for each in (stored, config))
        if old != new and field.name != "out" and (field.name != "date" or new):
            found[field.name] = f"{field.name} = {shown(new)} (was {shown(old)})"
    if fixed := [found[name] for name in found if name in WEIGHTS]:
        raise UsageError(
            f"--resume: expected the settings of {checkpoint}, without which its weights have no meaning, got "
            f"{', '.join(fixed)}; set them back, or choose another out for a new run"
        )
    if refused := [found[name] for name in found if name not in CHANGEABLE] if not allow_changes else []:
        raise UsageError(
            f"--resume: expected the settings of {checkpoint}, got {', '.join(refused)}; set them back, choose another "
            "out for a new run, or add --allow-changes to continue this one with them"
        )
    return list(found.values())


def shown(value: Any) -> str:
    """Return a value of a setting for a line of text."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def with_date(config: TrainConfig, run: Path) -> TrainConfig:
    """Return the configuration with the day on which the run began, the same in all processes."""
    if config.date:
        return config
    began = run / "config.toml"
    today = load_config(began).date if began.is_file() else ""
    return dataclasses.replace(config, date=parallel.gathered(today or date.today().isoformat())[0])
