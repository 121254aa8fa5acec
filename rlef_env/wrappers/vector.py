"""Wrappers of vector environments."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv, VectorWrapper

from rlef_env.envs.vector.step_batch import StepBatch, in_order
from rlef_env.envs.vector.vector_env import CodeVectorEnv
from rlef_env.errors import UsageError
from rlef_env.runs import TurnExtra
from rlef_env.wrappers.recorder import Answers, Recorder

__all__ = ["RecordEpisodes"]

Texts = tuple[str, ...]
Array = npt.NDArray[Any]


if TYPE_CHECKING:
    _Wrapper = VectorWrapper[Texts, Sequence[str], Texts, Sequence[str], Array]
else:
    _Wrapper = VectorWrapper  # takes no parameters in earlier releases of Gymnasium


class RecordEpisodes(_Wrapper):
    """Record the episodes of a ``CodeVectorEnv`` in a run folder, as ``rlef_env.wrappers.RecordEpisodes`` does.

    It has ``send`` and ``recv``, too. Other wrappers go around it. ``every`` counts the episodes of all environments.

    Args:
        env: the vector environment itself.
        path: the folder; it may have a run that was recorded with the same settings.
        every: keep the first of each so many episodes.

    Raises:
        UsageError: the folder has a run with other settings, or it is another environment.
        DataError: the run cannot be read.
        OSError: the folder cannot be written; while episodes are played, also: the disk is full.
    """

    env: CodeVectorEnv

    def __init__(
        self, env: VectorEnv[Texts, Sequence[str], Array], path: str | os.PathLike[str], every: int = 1
    ) -> None:
        if not isinstance(env, CodeVectorEnv):
            raise UsageError(
                f"vector.RecordEpisodes: expected a CodeVectorEnv itself, got {env!r:.100}; put other wrappers around "
                "this one, and rlef_env.wrappers.RecordEpisodes around each environment of other vector environments"
            )
        super().__init__(env)
        self._recorder = Recorder(os.fspath(path), env.config, every)
        self._answers = [Answers() for _ in range(env.num_envs)]
        self._sent = [TurnExtra()] * env.num_envs

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Texts, dict[str, Any]]:
        """Start an episode in every environment, or in those of ``options["reset_mask"]``."""
        result = self.env.reset(seed=seed, options=options)
        mask = (options or {}).get("reset_mask")
        for env_id in range(self.num_envs) if mask is None else np.flatnonzero(mask).tolist():
            self._answers[env_id] = Answers()
        return result

    def step(self, actions: Sequence[str]) -> tuple[Texts, Array, Array, Array, dict[str, Any]]:
        """Judge a response in every environment, and keep the episodes that end."""
        self.send(range(self.num_envs), actions)
        return in_order(self.recv(self.num_envs))

    def send(self, env_ids: Iterable[int], actions: Iterable[str]) -> npt.NDArray[np.int64]:
        """Submit responses, and return at once; see ``CodeVectorEnv.send``."""
        ids, responses = list(env_ids), list(actions)
        step_ids = self.env.send(ids, responses)
        for env_id, response in zip(ids, responses, strict=True):
            self._sent[env_id] = self._answers[env_id].given(response)
        return step_ids

    def recv(self, min_ready: int = 1, timeout: float | None = None) -> StepBatch:
        """Return the results that are ready, and keep the episodes that ended; see ``CodeVectorEnv.recv``."""
        batch = self.env.recv(min_ready, timeout)
        for env_id, episode in zip(batch.env_ids.tolist(), batch.episodes, strict=True):
            answers = self._answers[env_id]
            answers.judged(self._sent[env_id], len(episode.turns))
            if episode.ended:
                self._recorder.keep(self.env.dataset.get(episode.problem_id), episode, answers)
                self._answers[env_id] = Answers()
        return batch

    def close(self, **arguments: Any) -> None:
        """Finish the files, and close the environments."""
        self._recorder.close()
        self.env.close(**arguments)
