"""Gymnasium wrappers for the coding environments. A wrapped environment can be rebuilt from its ``spec``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlef_env.wrappers.candidates import (
        Candidates,
        CandidateSource,
        candidate_features,
        candidate_programs,
        candidate_space,
    )
    from rlef_env.wrappers.messages_observation import MessagesObservation
    from rlef_env.wrappers.record_episodes import RecordEpisodes
    from rlef_env.wrappers.token_budget import TokenBudget
    from rlef_env.wrappers.tokenize import Tokenize
    from rlef_env.wrappers.turns_left import TurnsLeft

__all__ = [
    "CandidateSource",
    "Candidates",
    "MessagesObservation",
    "RecordEpisodes",
    "TokenBudget",
    "Tokenize",
    "TurnsLeft",
    "candidate_features",
    "candidate_programs",
    "candidate_space",
]

_MODULES = {
    "CandidateSource": "candidates",
    "Candidates": "candidates",
    "MessagesObservation": "messages_observation",
    "RecordEpisodes": "record_episodes",
    "TokenBudget": "token_budget",
    "Tokenize": "tokenize",
    "TurnsLeft": "turns_left",
    "candidate_features": "candidates",
    "candidate_programs": "candidates",
    "candidate_space": "candidates",
}


def __getattr__(name: str) -> Any:
    """Load a wrapper when it is first used."""
    if name in _MODULES:
        return getattr(importlib.import_module(f"rlef_env.wrappers.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
