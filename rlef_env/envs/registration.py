"""The environments' ids, registered when ``rlef_env`` is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gymnasium.envs.registration import register, registry

__all__ = ["ENVIRONMENTS", "register_environments"]

_ENTRY_POINT: Final = "rlef_env.envs.code_env:CodeEnv"

ENVIRONMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    # The starter set stands in for CodeContests until a data set is named: None makes the environment say so.
    "RLEF-CodeContests-v0": {"dataset": None},
    "RLEF-Starter-v0": {"dataset": "starter"},
}
"""Each id and the arguments it stands for."""


def register_environments() -> None:
    """Register every id that is not registered yet.

    There is no ``max_episode_steps``: the turn limit is part of the rules and terminates, a time limit would truncate.
    """
    for name, arguments in ENVIRONMENTS.items():
        if name not in registry:
            register(name, entry_point=_ENTRY_POINT, kwargs=dict(arguments))
