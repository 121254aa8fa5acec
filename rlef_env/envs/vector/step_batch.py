"""Results of steps: one by one, and as the batch that the caller receives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rlef_env.envs.vector.batched_infos import batched_infos
from rlef_env.episodes.episode import Episode

__all__ = ["StepBatch", "StepResult", "as_step_batch", "in_order"]


class StepBatch(NamedTuple):
    """Results of ``k`` of the actions that were sent. Row ``i`` of each array belongs to environment ``env_ids[i]``.

    Attributes:
        env_ids: the environments, of shape ``(k,)``.
        step_ids: the numbers that ``send`` returned for the actions, of shape ``(k,)``.
        observations: the observations; after an end in the mode SAME_STEP those of the next episodes.
        rewards: of shape ``(k,)``.
        terminations: of shape ``(k,)``.
        truncations: of shape ``(k,)``.
        infos: the infos, as ``CodeEnv`` gives them; after an end in the mode SAME_STEP those of the next episodes, with
            the ended episode's under ``"final_info"`` and ``"final_obs"``.
        episodes: the episode after each action, as a value; after an end the one that ended.
    """

    env_ids: npt.NDArray[np.int64]
    step_ids: npt.NDArray[np.int64]
    observations: tuple[str, ...]
    rewards: npt.NDArray[np.float64]
    terminations: npt.NDArray[np.bool_]
    truncations: npt.NDArray[np.bool_]
    infos: tuple[dict[str, Any], ...]
    episodes: tuple[Episode, ...]


class StepResult(NamedTuple):
    """Result of one step.

    Attributes:
        env_id: the environment.
        step_id: the step's number.
        episode: the episode after the step.
        was_reset: whether the step reset the environment instead of judging a response.
        observation: as in ``StepBatch``.
        info: as in ``StepBatch``.
    """

    env_id: int
    step_id: int
    episode: Episode
    was_reset: bool
    observation: str
    info: dict[str, Any]


def as_step_batch(results: Sequence[StepResult]) -> StepBatch:
    """Return results as a batch, in the same order."""
    judged = [(not result.was_reset, result.episode) for result in results]
    return StepBatch(
        env_ids=np.array([result.env_id for result in results], dtype=np.int64),
        step_ids=np.array([result.step_id for result in results], dtype=np.int64),
        observations=tuple([result.observation for result in results]),
        rewards=np.array([episode.turns[-1].reward if was else 0.0 for was, episode in judged], dtype=np.float64),
        terminations=np.array([was and episode.terminated for was, episode in judged], dtype=np.bool_),
        truncations=np.array([was and episode.truncated for was, episode in judged], dtype=np.bool_),
        infos=tuple([result.info for result in results]),
        episodes=tuple([result.episode for result in results]),
    )


def in_order(
    batch: StepBatch,
) -> tuple[tuple[str, ...], npt.NDArray[np.float64], npt.NDArray[np.bool_], npt.NDArray[np.bool_], dict[str, Any]]:
    """Return what ``VectorEnv.step`` returns, from a batch with a row for every environment."""
    order = np.argsort(batch.env_ids)
    rows = order.tolist()
    return (
        tuple([batch.observations[row] for row in rows]),
        batch.rewards[order],
        batch.terminations[order],
        batch.truncations[order],
        batched_infos(enumerate([batch.infos[row] for row in rows]), len(rows)),
    )
