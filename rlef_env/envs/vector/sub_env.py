"""One environment of a vector environment: its generator, its problem and its episode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding

from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.envs.state import episode_from_state, episode_to_state, rng_from_state, rng_to_state
from rlef_env.episodes.episode import Episode
from rlef_env.problems import Problem

__all__ = ["SubEnv"]


@dataclass
class SubEnv:
    """The state of one environment.

    Attributes:
        seed: the seed of the generator; None before the first reset.
        rng: the generator; None before the first reset.
        problem: the problem of the episode; None before the first reset.
        open_episode: the episode as far as it was received; None before the first reset.
    """

    seed: int | None = None
    rng: np.random.Generator | None = None
    problem: Problem | None = None
    open_episode: Episode | None = None

    def begin(
        self,
        dynamics: EpisodeDynamics,
        sampler: ProblemSampler,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> None:
        """Start the next episode, with a new generator if there is a seed."""
        if seed is not None or self.rng is None:
            self.rng, self.seed = seeding.np_random(seed)
        self.problem, self.open_episode = dynamics.begin(self.rng, sampler, options)

    @property
    def episode(self) -> Episode:
        """The episode as far as it was received.

        Raises:
            ResetNeeded: there is no episode yet.
        """
        if self.open_episode is None:
            raise ResetNeeded("there is no episode yet; call reset() first")
        return self.open_episode

    @property
    def observation(self) -> str:
        """The latest observation."""
        return self.episode.turns[-1].feedback if self.episode.turns else self.episode.prompt

    def info(self, dynamics: EpisodeDynamics) -> dict[str, Any]:
        """Return the ``info`` of the latest step."""
        episode = self.episode
        assert self.problem is not None
        return dynamics.info(self.problem, episode)

    def state(self) -> dict[str, Any]:
        """Return the state as plain JSON values."""
        return {"seed": self.seed, "rng": rng_to_state(self.rng), "episode": episode_to_state(self.open_episode)}

    @classmethod
    def from_state(cls, dynamics: EpisodeDynamics, state: Mapping[str, Any]) -> SubEnv:
        """Return the environment that has this state."""
        return cls(state["seed"], rng_from_state(state["rng"]), *episode_from_state(dynamics, state["episode"]))
