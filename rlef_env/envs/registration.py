"""Ids of the environments, registered when ``rlef_env`` is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gymnasium.envs.registration import register, registry

__all__ = ["ENVIRONMENTS", "register_environments"]

_CODE_ENV: Final = "rlef_env.envs.code_env:CodeEnv"
_BENCHMARK_ENV: Final = "rlef_env.envs.benchmarks:BenchmarkEnv"
_VECTOR_ENV: Final = "rlef_env.envs.vector.vector_env:CodeVectorEnv"

# If no data is named, the error says where to get it. Only CodeContests then uses the starter set, with a warning.
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
"""Id -> the arguments of its environment."""


def register_environments() -> None:
    """Register every id that is not registered yet.

    There is no ``max_episode_steps``: the turn limit is part of the task and terminates; a time limit would truncate.
    """
    for name, arguments in ENVIRONMENTS.items():
        if name not in registry:
            entry_point = _BENCHMARK_ENV if "benchmark" in arguments else _CODE_ENV
            register(name, entry_point=entry_point, vector_entry_point=_VECTOR_ENV, kwargs=dict(arguments))
