"""Evaluation sets of a run: their problems, environments and episodes. They are the same in each evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.evaluate import evaluate, evaluated_problems, evaluation_plans
from rlef_agents.ppo.problems import Problems, evaluation_problems
from rlef_agents.ppo.rollout import Batch, Plan, Rollout
from rlef_agents.ppo.stopping import StopSignal
from rlef_env import CodeVectorEnv
from rlef_env.analysis.metrics import parse_n_at_k
from rlef_env.runs import EpisodeFacts, ProblemFacts, problem_facts

__all__ = ["EVALUATED_AT_ONCE", "EVALUATION_SEED", "EvaluationSet", "evaluation_sets", "play_evaluation"]

EVALUATED_AT_ONCE: Final = 256
"""Largest number of concurrent episodes of an evaluation."""

EVALUATION_SEED: Final = 2**20
"""Seed of all evaluations, whatever the run's seed and update: they differ only because the policy does."""


class EvaluationSet(NamedTuple):
    """An evaluation set of a run.

    Attributes:
        name: name in metrics; empty where the configuration has no table ``[[evaluations]]``.
        config: settings of the run with those of this set in place of the training's: turns, feedback, ``evaluate_*``.
        problems: its problems.
    """

    name: str
    config: TrainConfig
    problems: Problems

    @property
    def label(self) -> str:
        """Name for reports and stored episodes."""
        return self.name or self.problems.label

    def episodes_of_process(self) -> int:
        """Return how many episodes this process plays."""
        count = max(self.config.evaluate_episodes, len(self._names()) * self.config.evaluate_samples)
        return len(range(parallel.rank(), count, parallel.world()))

    def facts(self) -> list[ProblemFacts]:
        """Return facts about the problems that are played, in order."""
        return [problem_facts(self.problems.dataset.get(name)) for name in self._names()]

    def _names(self) -> list[str]:
        return evaluated_problems(self.problems.dataset, self.config.evaluate_episodes, self.config.evaluate_samples)


def evaluation_sets(config: TrainConfig) -> list[EvaluationSet]:
    """Return the evaluation sets of a run; the first one selects the best policy.

    Raises:
        UsageError: there is no such data set or split.
        DataError: a data set cannot be read.
    """
    found = [EvaluationSet(name, each, evaluation_problems(each)) for name, each in config.evaluation_configs().items()]
    return sorted(found, key=lambda each: each.name != config.best_by)  # stable: the others keep their order


def play_evaluation(
    chosen: EvaluationSet,
    env: CodeVectorEnv,
    rollout: Rollout,
    keep: Callable[[Batch, Plan], Sequence[EpisodeFacts]],
    stopping: StopSignal | None = None,
) -> dict[str, float]:
    """Play the episodes of an evaluation set; all processes call it at once.

    Args:
        chosen: the set.
        env: its environment.
        rollout: plays in ``env``.
        keep: keeps the episodes of a plan, and returns the facts about them.
        stopping: flag that ends the evaluation.

    Returns:
        Metrics of ``evaluate``, and temperature and top_p.

    Raises:
        Interrupted: in all processes, because one of them was asked to stop.
    """
    config = chosen.config
    plans = evaluation_plans(
        env.dataset, config.evaluate_episodes, env.num_envs, EVALUATION_SEED, config.evaluate_samples,
        parallel.rank(), parallel.world(),
    )  # fmt: skip
    wanted = parse_n_at_k(config.evaluate_n_at_k, config.turns)
    metrics = evaluate(rollout, plans, keep, wanted, stopping)
    return {**metrics, "temperature": config.evaluate_temperature, "top_p": config.evaluate_top_p}
