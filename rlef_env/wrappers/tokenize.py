"""``Tokenize``: observe and write token ids. For agents that know neither text nor chat."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.spaces import Box, Dict, MultiDiscrete
from gymnasium.utils import RecordConstructorArgs

from rlef_env.envs.arguments import at_least
from rlef_env.wrappers.checks import check_code_env, check_texts
from rlef_env.wrappers.token_counts import load_tokenizer

__all__ = ["Tokenize"]

Tokens = dict[str, npt.NDArray[Any]]


class Tokenize(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Observe token ids, and answer with token ids.

    The observation is ``{"tokens": (length,) int64, "attention_mask": (length,) int8}``: the newest message, padded on
    the right; a longer one is cut on the left, as prompts are. The action is ``(action_length,)`` numbers, each an
    id, or the size of the vocabulary for "nothing": a text may be shorter. It is decoded to the response.

    Args:
        env: a ``CodeEnv``, wrapped or not, with texts as observations and actions.
        tokenizer: ``"bytes"``, each byte of UTF-8 is a token; or the folder of a model, or its name on the hub.
        length: tokens of an observation.
        action_length: tokens of an action.

    Raises:
        UsageError: an argument has a value that is not supported, or the tokenizer cannot be loaded.
    """

    def __init__(
        self, env: gymnasium.Env[Any, Any], tokenizer: str = "bytes", length: int = 512, action_length: int = 256
    ) -> None:
        RecordConstructorArgs.__init__(self, tokenizer=tokenizer, length=length, action_length=action_length)
        check_code_env("Tokenize", env)
        check_texts("Tokenize", "actions", env.action_space)
        check_texts("Tokenize", "observations", env.observation_space)
        at_least("length", length, 1)
        at_least("action_length", action_length, 1)
        super().__init__(env)
        self._length = length
        self._tokenizer = _Bytes() if tokenizer == "bytes" else _Loaded(tokenizer)
        self._size = self._tokenizer.size
        self.observation_space = Dict(
            {
                "tokens": Box(0, self._size - 1, (length,), np.int64),
                "attention_mask": Box(0, 1, (length,), np.int8),
            }
        )
        self.action_space = MultiDiscrete([self._size + 1] * action_length)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Tokens, dict[str, Any]]:
        """Start an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._tokens(observation), info

    def step(self, action: Any) -> tuple[Tokens, Any, bool, bool, dict[str, Any]]:
        """Decode a response, and judge it."""
        if not self.action_space.contains(np.asarray(action)):
            raise gymnasium.error.InvalidAction(
                f"action: expected {self.action_space.shape} ids from 0 to {self._size}, got {action!r:.100}"
            )
        text = self._tokenizer.decode([int(token) for token in action if token < self._size])
        observation, reward, terminated, truncated, info = self.env.step(text)
        return self._tokens(observation), reward, terminated, truncated, info

    def _tokens(self, text: str) -> Tokens:
        ids = self._tokenizer.encode(text)[-self._length :]
        padding = [0] * (self._length - len(ids))
        mask = [1] * len(ids) + padding
        return {"tokens": np.array([*ids, *padding], np.int64), "attention_mask": np.array(mask, np.int8)}


class _Bytes:
    """UTF-8 as a tokenizer: each byte is a token."""

    size = 256

    def encode(self, text: str) -> list[int]:
        return list(text.encode("utf-8", "replace"))

    def decode(self, ids: list[int]) -> str:
        return bytes(ids).decode("utf-8", "replace")


class _Loaded:
    """A tokenizer of the package ``tokenizers``."""

    def __init__(self, name: str) -> None:
        self._tokenizer = load_tokenizer(name)
        self.size: int = self._tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False))
