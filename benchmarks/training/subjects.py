"""Models whose whole steps are measured, and how large a step is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.smollm2 import smollm2
from benchmarks.training.long_tails import DATASET, make_long_tailed
from rlef_agents.ppo.loading import model_source

__all__ = ["SUBJECTS", "Subject"]

EACH, ALL = "a generation for each micro-batch or group", "one generation for all"
GROUP = 8


@dataclass(frozen=True, slots=True)
class Subject:
    """A model and the size of its step.

    Attributes:
        name: name in figures.
        make: writes or finds the initial model; gets a folder, returns a folder for ``from_pretrained``.
        dataset: its problems.
        episodes: responses of a step, in groups of 8.
        max_new: largest number of tokens of a response.
        parts: optimiser steps.
        batches: micro-batches of TRL; with SmolLM2 in ones of 4 responses its process grew to 15 GB.
        generation: TRL's way to sample that is cheapest for it, ``EACH`` or ``ALL``.
        lora_rank: rank of adapters on all linear layers; 0 trains all weights.
    """

    name: str
    make: Callable[[Path], Path]
    dataset: str
    episodes: int
    max_new: int
    parts: int
    batches: int
    generation: str
    lora_rank: int = 0

    def trl_settings(self) -> dict[str, dict[str, Any]]:
        """Return TRL settings for the same work; the first is the one to compare with.

        The weights that train are in each still the ones that sampled, except with one generation for several optimiser
        steps: there TRL scores the batch before training.
        """
        each = {
            "per_device_train_batch_size": self.episodes // self.batches,
            "gradient_accumulation_steps": self.batches // self.parts,
            "optimiser_steps": self.parts,
        }
        few = max(1, GROUP * self.batches // self.episodes)
        ways = {EACH: each | {"steps_per_generation": few}, ALL: each | {"steps_per_generation": self.batches}}
        first = ways.pop(self.generation)
        return {
            self.generation: first,
            **ways,
            "static cache": first | {"cache_implementation": "static"},
            "continuous batching": first | {"use_transformers_continuous_batching": True},
        }


def _long_tailed(folder: Path) -> Path:
    return make_long_tailed(folder / "long_tailed", "6 M parameters")


def _smol(folder: Path) -> Path:
    """Return the folder of SmolLM2, which is converted once into the user's cache.

    Raises:
        FileNotFoundError: its package is not installed.
    """
    del folder
    return Path(model_source(str(smollm2())))


SUBJECTS = (
    Subject("Llama of 5.9 M parameters", _long_tailed, DATASET, 128, 256, parts=4, batches=4, generation=EACH),
    Subject("SmolLM2-135M with LoRA", _smol, "procedural", 16, 128, parts=1, batches=8, generation=ALL, lora_rank=16),
)
