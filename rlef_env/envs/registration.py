"""The environments' ids, registered when ``rlef_env`` is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gymnasium.envs.registration import register, registry

__all__ = ["ENVIRONMENTS", "register_environments"]

_ANY_DATA: Final = "rlef_env.envs.code_env:CodeEnv"
_ITS_DATA: Final = "rlef_env.envs.benchmarks:BenchmarkEnv"
_VECTOR: Final = "rlef_env.envs.vector.vector_env:CodeVectorEnv"

# Those whose data must be named say how when they are made without. CodeContests alone has a stand-in, with a warning.
_BENCHMARKS: Final = (
    "CodeContests",
    "HumanEval",
    "MBPP",
    "APPS",
    "TACO",
    "LiveCodeBench",
    "Package",
    "Procedural",
)

ENVIRONMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "RLEF-Starter-v0": {"dataset": "starter"},
    **{f"RLEF-{name}-v0": {"benchmark": name, "dataset": None} for name in _BENCHMARKS},
}
"""Each id and the arguments it stands for."""


def register_environments() -> None:
    """Register every id that is not registered yet.

    There is no ``max_episode_steps``: the turn limit is part of the rules and terminates, a time limit would truncate.
    """
    for name, arguments in ENVIRONMENTS.items():
        if name not in registry:
            entry_point = _ITS_DATA if "benchmark" in arguments else _ANY_DATA
            register(name, entry_point=entry_point, vector_entry_point=_VECTOR, kwargs=dict(arguments))
