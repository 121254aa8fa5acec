"""A batch of an update and its minibatches: what the learner trains on, and how all processes split it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rlef_agents.ppo import parallel
from rlef_agents.ppo.config import TrainConfig
from rlef_agents.ppo.packing import FlatBatch
from rlef_agents.ppo.rlef import Scored, Targets
from rlef_agents.ppo.trajectory import Ids, TokenEpisode

__all__ = ["Batch", "Minibatch", "as_sampled", "split_at_random", "takes_sampled"]


class Batch(NamedTuple):
    """Episodes of an update, with scores and targets.

    Attributes:
        episodes: episodes of this process that have a verdict.
        flat: their turns and tokens.
        scored: their scores by the weights at the start of the update.
        compared: tokens whose log pi_old the learner computed, ``(tokens,)``; the generator's is taken for the others.
        targets: constants of the losses.
    """

    episodes: Sequence[TokenEpisode]
    flat: FlatBatch
    scored: Scored
    compared: npt.NDArray[np.bool_]
    targets: Targets


class Minibatch(NamedTuple):
    """Share of a batch that one optimiser step trains on.

    Attributes:
        places: places of its episodes in this process's batch.
        advantages: A of each token of the batch, ``(tokens,)``.
        policy_count: divisor of the policy loss, over all processes.
        value_count: divisor of the value loss, over all processes.
        token_count: tokens with a policy gradient, over all processes; 0 where every response is masked.
    """

    places: Ids
    advantages: npt.NDArray[np.float64]
    policy_count: float
    value_count: float
    token_count: float


def takes_sampled(config: TrainConfig) -> bool:
    """Return whether the generator's log-probabilities can stand for pi_old, so that a batch is not scored first.

    They can if all tokens are of the newest weights, the generator in this process computes what the learner does up to
    the rounding of float32, and neither values nor a reference are needed before training.
    """
    return (
        config.critic == "none"
        and not config.beta
        and not config.max_lag
        and config.dtype == "float32"
        and config.generator in ("auto", "local", "hf")
    )


def as_sampled(flat: FlatBatch) -> Scored:
    """Return scores made of the generator's log-probabilities; entropies are filled in by the steps of the update."""
    old = flat.behaviour.astype(np.float64)
    return Scored(old, old, np.zeros(len(old)), np.zeros(len(flat.lengths)))


def split_at_random(problems: Sequence[str], wanted: int, grouped: bool, random: np.random.Generator) -> list[Ids]:
    """Split the episodes of *all* processes into disjoint parts at random; return this process's share of each.

    The share may be empty: a thousand processes with an episode each make as many optimiser steps as one process with a
    thousand episodes.

    Args:
        problems: problem id of each episode of this process.
        wanted: number of parts; fewer where there are fewer episodes.
        grouped: keep consecutive episodes of one problem in one part, where there are enough problems for all parts.
            They share a prompt, which a part computes once.
        random: generator of random numbers, in the same state in all processes.
    """
    counts = parallel.gathered((len(problems), len(groups := runs(problems))))
    grouped = grouped and sum(each for _, each in counts) >= wanted
    units = groups if grouped else [np.array([place]) for place in range(len(problems))]
    sizes = [count[grouped] for count in counts]
    first = sum(sizes[: parallel.rank()])
    parts = np.array_split(random.permutation(sum(sizes)), min(wanted, sum(sizes)))
    mine = [part[(first <= part) & (part < first + len(units))] - first for part in parts]
    return [np.concatenate([np.zeros(0, np.int64), *(units[unit] for unit in part)]) for part in mine]


def runs(problems: Sequence[str]) -> list[Ids]:
    """Return the places of consecutive episodes of the same problem, run by run."""
    starts = [place for place, name in enumerate(problems) if not place or problems[place - 1] != name]
    return np.split(np.arange(len(problems)), starts[1:]) if problems else []
