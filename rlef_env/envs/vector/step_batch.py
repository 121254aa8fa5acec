"""What came of actions that were sent, one by one and as the caller receives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rlef_env.envs.dynamics import OpenEpisode
from rlef_env.episodes.episode import Episode

__all__ = ["StepBatch", "StepResult", "as_step_batch", "episode_of"]


class StepBatch(NamedTuple):
    """What came of some of the actions that were sent; a row of each array for each, in the order of ``env_ids``.

    Attributes:
        env_ids: which environments, of shape ``(k,)``.
        step_ids: the numbers that ``send`` returned for the actions, of shape ``(k,)``.
        observations: what each said next; after an end in the mode SAME_STEP that of the next episode.
        rewards: of shape ``(k,)``.
        terminations: likewise.
        truncations: likewise.
        infos: one dict each, as ``CodeEnv`` gives it; after an end in the mode SAME_STEP that of the next episode, with
            the last one's under ``"final_info"`` and ``"final_obs"``.
        episodes: the episode of each action, as a value; after an end the one that ended.
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
    """What came of an action: the episode after it and whether it was a reset instead; or an error."""

    env_id: int
    step_id: int
    running: OpenEpisode | None = None
    was_reset: bool = False
    observation: str = ""
    info: dict[str, Any] | None = None  # until it is about to be received
    error: BaseException | None = None


def as_step_batch(replies: Sequence[StepResult]) -> StepBatch:
    """What was said to the caller, of what came of the actions."""
    episodes = [episode_of(reply) for reply in replies]
    judged = [not reply.was_reset for reply in replies]
    both = list(zip(judged, episodes, strict=True))
    return StepBatch(
        env_ids=np.array([reply.env_id for reply in replies], dtype=np.int64),
        step_ids=np.array([reply.step_id for reply in replies], dtype=np.int64),
        observations=tuple([reply.observation for reply in replies]),
        rewards=np.array([episode.turns[-1].reward if was else 0.0 for was, episode in both], dtype=np.float64),
        terminations=np.array([was and episode.terminated for was, episode in both], dtype=np.bool_),
        truncations=np.array([was and episode.truncated for was, episode in both], dtype=np.bool_),
        infos=tuple([reply.info or {} for reply in replies]),
        episodes=tuple(episodes),
    )


def episode_of(reply: StepResult) -> Episode:
    """The episode after an action that met no error."""
    assert reply.running is not None
    return reply.running.episode
