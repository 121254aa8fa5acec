"""``RecordEpisodes``: each episode is kept in a run folder as soon as it ends."""

from __future__ import annotations

import os
from typing import Any, SupportsFloat

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from rlef_env.envs.code_env import CodeEnv
from rlef_env.wrappers.checks import check_code_env
from rlef_env.wrappers.recorder import Answers, Recorder

__all__ = ["RecordEpisodes"]


class RecordEpisodes(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Record episodes in a run folder, which ``rlef report``, ``errors``, ``query``, ``rescore`` and others open.

    An episode is on disk before the step that ends it returns: a process that is killed later has lost none. An episode
    that is reset or closed before its end is not kept, because analyses would count it as failed. Put this wrapper
    around all that may end an episode, such as ``TimeLimit`` and ``TokenBudget``: it keeps what has ended when its own
    step says so. Rewards and texts are those of the environment, whatever wrappers make of them.

    Several environments, also those of ``AsyncVectorEnv`` and of processes that run later, may record in one folder.
    ``rlef_env.wrappers.vector.RecordEpisodes`` does the same for a ``CodeVectorEnv``.

    Args:
        env: a ``CodeEnv``, wrapped or not.
        path: the folder; it may have a run that this wrapper has recorded with the same settings.
        every: keep the first of each so many episodes of this environment.

    Raises:
        UsageError: the folder has a run with other settings, or it is another environment.
        DataError: the run cannot be read.
        OSError: the folder cannot be written; while episodes are played, also: the disk is full.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], path: str | os.PathLike[str], every: int = 1) -> None:
        RecordConstructorArgs.__init__(self, path=os.fspath(path), every=every)
        check_code_env("RecordEpisodes", env, "use rlef_env.wrappers.vector.RecordEpisodes")
        super().__init__(env)
        self._code_env: CodeEnv = env.unwrapped  # type: ignore[assignment]  # checked above
        self._recorder = Recorder(os.fspath(path), self._code_env.config, every)
        self._answers = Answers()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        result = self.env.reset(seed=seed, options=options)
        self._answers = Answers()
        return result

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Judge a response, and keep the episode if it ends."""
        answer = self._answers.given(action)
        result = self.env.step(action)
        episode = self._code_env.episode
        self._answers.judged(answer, len(episode.turns))
        if result[2] or result[3]:
            self._recorder.keep(self._code_env.problem, episode, self._answers)
        return result

    def close(self) -> None:
        """Finish the files, and close the environment."""
        self._recorder.close()
        self.env.close()
