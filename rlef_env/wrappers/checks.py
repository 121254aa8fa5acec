"""Checks of what a wrapper is put around. Each refusal says what the wrapper needs, and where to put it instead."""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.vector import VectorEnv

from rlef_env.envs.code_env import CodeEnv
from rlef_env.envs.spaces import ProgramText
from rlef_env.errors import UsageError

__all__ = ["check_code_env", "check_texts"]


def check_code_env(wrapper: str, env: object, for_vectors: str = "") -> None:
    """Refuse what is no ``CodeEnv``, wrapped or not.

    Args:
        wrapper: the wrapper's name.
        env: what it was given.
        for_vectors: what to use for a vector environment; if empty, each of its environments takes the wrapper.

    Raises:
        UsageError: it is something else.
    """
    if isinstance(env, VectorEnv):
        instead = for_vectors or f'give it to each: gymnasium.make_vec(id, n, "sync", wrappers=[{wrapper}])'
        raise UsageError(f"{wrapper}: expected a single environment, got a vector environment; {instead}")
    if not isinstance(env, gymnasium.Env) or not isinstance(env.unwrapped, CodeEnv):
        raise UsageError(
            f"{wrapper}: expected a CodeEnv, wrapped or not, got {env!r:.100}; make one with gymnasium.make"
        )


def check_texts(wrapper: str, name: str, space: gymnasium.Space[Any]) -> ProgramText:
    """Return a space of texts, or refuse another one.

    Args:
        wrapper: the wrapper's name.
        name: what the space is of: ``"observations"`` or ``"actions"``.
        space: the space.

    Raises:
        UsageError: another wrapper has replaced the texts.
    """
    if not isinstance(space, ProgramText):
        raise UsageError(
            f"{wrapper}: expected {name} that are texts, got {space!r:.100}; put {wrapper} around the environment "
            f"before the wrapper that replaces its {name}"
        )
    return space
