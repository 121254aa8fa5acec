"""A coding problem as a Gymnasium environment, after RLEF (reinforcement learning from execution feedback).

A problem is an episode, a response holding a whole program is an action, what happened when it ran is the
observation. Importing this package registers the environments, so that
``gymnasium.make("RLEF-CodeContests-v0")`` works; the names below are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from rlef_env.envs.registration import register_environments
from rlef_env.version import __version__

if TYPE_CHECKING:
    from rlef_env.envs import (
        CodeEnv,
        CodeVectorEnv,
        Episodes,
        Play,
        Scored,
        prompt_rows,
        rejudge,
        replay,
        score,
        score_all,
        score_async,
    )
    from rlef_env.episodes import Episode, Turn, read_episodes, write_episodes
    from rlef_env.judge import Judge, Judgement, JudgePool, Verdict
    from rlef_env.judge.pool.http import HttpJudgePool
    from rlef_env.problems import CheckerSpec, Dataset, Problem, Solution, Test, load_dataset
    from rlef_env.sandbox import Program

__all__ = [
    "CheckerSpec",
    "CodeEnv",
    "CodeVectorEnv",
    "Dataset",
    "Episode",
    "Episodes",
    "HttpJudgePool",
    "Judge",
    "JudgePool",
    "Judgement",
    "Play",
    "Problem",
    "Program",
    "Scored",
    "Solution",
    "Test",
    "Turn",
    "Verdict",
    "__version__",
    "load_dataset",
    "prompt_rows",
    "read_episodes",
    "rejudge",
    "replay",
    "score",
    "score_all",
    "score_async",
    "write_episodes",
]

_PACKAGES = {
    "rlef_env.envs": (
        *("CodeEnv", "CodeVectorEnv", "Episodes", "Play", "Scored"),
        *("prompt_rows", "rejudge", "replay", "score", "score_all", "score_async"),
    ),
    "rlef_env.episodes": ("Episode", "Turn", "read_episodes", "write_episodes"),
    "rlef_env.judge": ("Judge", "Judgement", "JudgePool", "Verdict"),
    "rlef_env.judge.pool.http": ("HttpJudgePool",),
    "rlef_env.problems": ("CheckerSpec", "Dataset", "Problem", "Solution", "Test", "load_dataset"),
    "rlef_env.sandbox": ("Program",),
}

register_environments()


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package stays fast."""
    for package, names in _PACKAGES.items():
        if name in names:
            return getattr(importlib.import_module(package), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
