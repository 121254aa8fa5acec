"""Which problems each update plays: drawn by the environment, by difficulty, or by what has been solved so far.

The draws are the same in all processes, and depend on the run's seed, the update and, for a curriculum, on the episodes
that were learned from. So the problems do not depend on the number of processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.rollout import Plan, plan, seed_of
from rlef_env import Dataset
from rlef_env.envs import ByDifficulty, ProblemSampler, make_problem_sampler
from rlef_env.runs import EpisodeFacts

__all__ = ["Planner"]

DRAWS: Final = 1
"""Number that tells seeds of draws from those of sampling."""


class Planner:
    """Plans the episodes of updates.

    Args:
        config: settings of the run.
        dataset: problems to train on.

    Raises:
        UsageError: no problem has a difficulty that ``difficulty_weights`` names.
    """

    def __init__(self, config: TrainConfig, dataset: Dataset) -> None:
        self._config, self._dataset = config, dataset
        self._sampler: ProblemSampler | None = None
        if config.sampling != "uniform":
            weighted = ByDifficulty(config.difficulty_weights) if config.difficulty_weights else config.sampling
            self._sampler = make_problem_sampler(weighted, dataset)
        self._index = {name: index for index, name in enumerate(self._ids())} if self._sampler is not None else {}
        self._plans: dict[tuple[int, int], Plan] = {}

    def plan(self, update: int, replacement: int = 0) -> Plan:
        """Return the problems and seeds to play for an update, in this process: the same at every call.

        Args:
            update: number of updates so far.
            replacement: 0, or the number of a further round of as many other problems for the same update.
        """
        key = update, replacement
        if key not in self._plans:
            config = self._config
            samples = config.samples_per_problem
            first = replacement * -(-config.episodes // samples)
            mine = plan(config.seed, update, config.episodes, samples, parallel.rank(), parallel.world(), first)
            self._plans = {each: made for each, made in self._plans.items() if each[0] >= update - 1}
            self._plans[key] = self._drawn(mine)
        return self._plans[key]

    def learn(self, facts: Iterable[EpisodeFacts]) -> None:
        """Learn how episodes of an update ended; those of all processes, in their order."""
        if self._sampler is not None:
            for each in facts:
                if each.has_verdict and each.problem.problem_id in self._index:
                    self._sampler.learn(self._index[each.problem.problem_id], each.solved)

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned, for a checkpoint."""
        return {} if self._sampler is None else self._sampler.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a checkpoint; a run that sampled in another way before has learned nothing."""
        if self._sampler is not None and state:
            self._sampler.load_state_dict(state)

    def _drawn(self, mine: Plan) -> Plan:
        """Replace the seeds that would draw problems by problems that the sampler draws from them."""
        if self._sampler is None:
            return mine
        names = self._ids()
        drawn: dict[int | str, str] = {
            each: names[self._sampler.draw(np.random.default_rng(seed_of(DRAWS, int(each))))]
            for each in dict.fromkeys(mine.problems)
        }
        return replace(mine, problems=tuple(drawn[each] for each in mine.problems))

    def _ids(self) -> list[str]:
        """Return the ids of the problems that have a test, in the order in which a sampler counts them."""
        return [each.id for each in self._dataset.metadata_at(self._dataset.tested)]
