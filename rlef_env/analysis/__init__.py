"""Evaluate agents, compare runs, and report on them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlef_env.analysis.comparison import Comparison, assert_no_regression, compare
    from rlef_env.analysis.evaluation import evaluate
    from rlef_env.analysis.run import Run

__all__ = ["Comparison", "Run", "assert_no_regression", "compare", "evaluate"]

_MODULES = {
    "Comparison": "rlef_env.analysis.comparison",
    "Run": "rlef_env.analysis.run",
    "assert_no_regression": "rlef_env.analysis.comparison",
    "compare": "rlef_env.analysis.comparison",
    "evaluate": "rlef_env.analysis.evaluation",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that importing the package stays fast."""
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
