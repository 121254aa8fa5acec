"""``TurnsLeft``: each message says how many responses are left."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from rlef_env.envs.spaces import ProgramText
from rlef_env.wrappers.checks import check_code_env, check_texts

__all__ = ["TurnsLeft"]


class TurnsLeft(gymnasium.Wrapper[str, Any, str, Any], RecordConstructorArgs):
    """Begin each message of the environment with ``You have 3 responses left.`` or ``This is your last response.``.

    The sentence stands in the observation and in all messages of ``info["messages"]``, so that the chat keeps what each
    said. The report after the end has none. The environment's own episode, which is recorded and replayed, does not
    hold the sentences.

    Args:
        env: a ``CodeEnv`` whose observations are texts, wrapped or not.

    Raises:
        UsageError: it is another environment, or its observations are no texts.
    """

    def __init__(self, env: gymnasium.Env[str, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        check_code_env("TurnsLeft", env)
        space = check_texts("TurnsLeft", "observations", env.observation_space)
        super().__init__(env)
        code_env: Any = env.unwrapped
        self._turns: int = code_env.config.max_turns
        self.observation_space = ProgramText(space.max_length + len(_sentence(self._turns)))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start an episode; its message says how many responses it takes."""
        observation, info = self.env.reset(seed=seed, options=options)
        return _sentence(self._turns) + observation, self._told(info)

    def step(self, action: Any) -> tuple[str, Any, bool, bool, dict[str, Any]]:
        """Judge a response; the feedback says how many are left."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        if not (terminated or truncated):
            observation = _sentence(self._turns - info["turn"]) + observation
        return observation, reward, terminated, truncated, self._told(info)

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        """Return the info with a sentence in each message of the environment: every second one, from the first on."""
        messages = [
            message if place % 2 else {**message, "content": _sentence(self._turns - place // 2) + message["content"]}
            for place, message in enumerate(info["messages"])
        ]
        return {**info, "messages": messages}


def _sentence(left: int) -> str:
    return f"You have {left} responses left.\n\n" if left > 1 else "This is your last response.\n\n"
