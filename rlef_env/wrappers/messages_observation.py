"""``MessagesObservation``: the observation is the chat so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.spaces import Dict, Sequence, Text
from gymnasium.utils import RecordConstructorArgs

from rlef_env.envs.extract import ACTION_LENGTH
from rlef_env.envs.spaces import ProgramText
from rlef_env.wrappers.checks import check_code_env

__all__ = ["MessagesObservation"]

Chat = tuple[dict[str, str], ...]


class MessagesObservation(gymnasium.Wrapper[Chat, Any, Any, Any], RecordConstructorArgs):
    """Observe the whole chat, as ``apply_chat_template`` and chat servers take it, in place of the newest message.

    The observation is a tuple of ``{"role": "user" | "assistant", "content": TEXT}``: ``info["messages"]`` as a value
    of Gymnasium's spaces. It ends with the message to answer; after the end of the episode, with the last response.

    The space is a ``Sequence`` of ``Dict``, not one JSON text, because a chat has no greatest length: the bound of a
    text that holds several responses would be megabytes, which ``AsyncVectorEnv`` would reserve for each environment. A
    ``Sequence`` has no fixed place in shared memory, so that ``AsyncVectorEnv`` needs ``shared_memory=False``.

    Args:
        env: a ``CodeEnv``, wrapped or not.

    Raises:
        UsageError: it is another environment.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        RecordConstructorArgs.__init__(self)
        check_code_env("MessagesObservation", env)
        super().__init__(env)
        inner = env.observation_space
        longest = max(ACTION_LENGTH, inner.max_length if isinstance(inner, Text) else 0)
        self.observation_space = Sequence(
            Dict({"role": Text(9, charset="abcdefghijklmnopqrstuvwxyz"), "content": ProgramText(longest)})
        )

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Chat, dict[str, Any]]:
        """Start an episode, and return its first message as a chat."""
        _, info = self.env.reset(seed=seed, options=options)
        return _chat(info), info

    def step(self, action: Any) -> tuple[Chat, Any, bool, bool, dict[str, Any]]:
        """Judge a response, and return the chat with it and with its feedback."""
        _, reward, terminated, truncated, info = self.env.step(action)
        return _chat(info), reward, terminated, truncated, info


def _chat(info: Mapping[str, Any]) -> Chat:
    """Return the messages as new objects: a caller may change an observation or an info, and not both."""
    return tuple({"role": each["role"], "content": each["content"]} for each in info["messages"])
