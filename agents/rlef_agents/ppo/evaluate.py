"""Evaluation in training: the same problems with the same seeds each time, played by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from rlef_agents.ppo import parallel
from rlef_agents.ppo.play_metrics import evaluation_metrics
from rlef_agents.ppo.rollout import Batch, Plan, Rollout, seed_of
from rlef_agents.ppo.stopping import Interrupted, StopSignal
from rlef_env import Dataset
from rlef_env.analysis.metrics import NAtK
from rlef_env.runs import EpisodeFacts

__all__ = ["evaluate", "evaluated_problems", "evaluation_plans"]


def evaluation_plans(
    dataset: Dataset, episodes: int, at_once: int, seed: int, samples: int = 1, process: int = 0, processes: int = 1
) -> list[Plan]:
    """Return plans that play each problem ``samples`` times.

    Args:
        dataset: the problems; those without tests are left out.
        episodes: smallest number of episodes: the first problems are played, more than once where there are too few;
            0 plays every problem.
        at_once: largest number of episodes in a plan.
        seed: seed of all random draws.
        samples: episodes of each problem.
        process: number of this process, which plays every ``processes``-th episode.
        processes: number of processes.
    """
    names = evaluated_problems(dataset, episodes, samples)
    numbers = range(process, max(episodes, len(names) * samples), processes)
    parts = [numbers[first : first + at_once] for first in range(0, len(numbers), at_once)]
    return [
        Plan(
            tuple(names[number % len(names)] for number in part),
            tuple(seed_of(seed, number) for number in part),
            tuple(number // len(names) for number in part),
        )
        for part in parts
    ]


def evaluated_problems(dataset: Dataset, episodes: int, samples: int = 1) -> list[str]:
    """Return the ids of the problems that ``evaluation_plans`` plays, in order: the same in every evaluation."""
    names = [each.id for each in dataset.metadata() if each.tests]
    return names[: -(-episodes // samples)] if episodes else names


def evaluate(
    rollout: Rollout,
    plans: Sequence[Plan],
    keep: Callable[[Batch, Plan], Sequence[EpisodeFacts]],
    wanted: Sequence[NAtK] = (),
    stopping: StopSignal | None = None,
) -> dict[str, float]:
    """Play all plans of this process; all processes call it at once.

    Args:
        rollout: plays the episodes.
        plans: plans of this process.
        keep: keeps the episodes of a plan, and returns the facts about them.
        wanted: n@k to estimate.
        stopping: flag that ends the evaluation.

    Returns:
        ``evaluation_metrics`` of the episodes of all processes, out_of_context (episodes that ended unsolved because no
        further response fitted into the context) and skipped (those of them without any response).

    Raises:
        Interrupted: in all processes, because one of them was asked to stop.
    """
    mine: list[EpisodeFacts] = []
    unfit = np.zeros(2)
    with suppress(Interrupted):
        for each in plans:
            batch = rollout.play(each)
            mine += keep(batch, each)
            unfit += len(batch.out_of_context), len(batch.skipped)
    if stopping is not None and stopping.agreed():
        raise Interrupted
    out_of_context, skipped = parallel.total(unfit)
    facts = [each for part in parallel.gathered(mine) for each in part]
    return {
        **evaluation_metrics(facts, wanted),
        "out_of_context": float(out_of_context),
        "skipped": float(skipped),
    }
