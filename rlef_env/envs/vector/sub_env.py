"""One of the environments of a vector: its generator and its episode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding

from rlef_env.envs.dynamics import EpisodeDynamics, OpenEpisode
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.envs.state import rng_from_state, rng_to_state, running_from_state, running_to_state
from rlef_env.episodes.episode import Episode

__all__ = ["SubEnv"]


@dataclass
class SubEnv:
    """What an environment has: its seed and generator once it was reset, and its episode as far as it was received."""

    seed: int | None = None
    rng: np.random.Generator | None = None
    running: OpenEpisode | None = None

    def begin(
        self,
        rules: EpisodeDynamics,
        sampler: ProblemSampler,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> OpenEpisode:
        """Start the next episode; with a seed, of a new generator."""
        if seed is not None or self.rng is None:
            self.rng, self.seed = seeding.np_random(seed)
        self.running = rules.begin(self.rng, sampler, options)
        return self.running

    @property
    def episode(self) -> Episode:
        """The episode.

        Raises:
            ResetNeeded: there is none yet.
        """
        if self.running is None:
            raise ResetNeeded("there is no episode yet; call reset() first")
        return self.running.episode

    @property
    def said(self) -> str:
        """What the environment said last."""
        return self.episode.turns[-1].feedback if self.episode.turns else self.episode.prompt

    def state(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {"seed": self.seed, "rng": rng_to_state(self.rng), "running": running_to_state(self.running)}

    @classmethod
    def of(cls, rules: EpisodeDynamics, state: Mapping[str, Any]) -> SubEnv:
        """The slot that has this state."""
        return cls(state["seed"], rng_from_state(state["rng"]), running_from_state(rules, state["running"]))
