"""Things to test with: strategies for hypothesis, a judge that follows a script, and conformance suites.

Suites test an implementation of your own in three lines::

    from rlef_env.testing import check_sandbox

    def test_my_sandbox():
        check_sandbox(MySandbox)

Strategies need hypothesis: ``pip install "rlef-env[test]"``. It is loaded when a strategy is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rlef_env.judge.pool.conformance import check_judge_pool
    from rlef_env.testing.checker_suite import check_checker
    from rlef_env.testing.environment_suite import check_environment
    from rlef_env.testing.known_programs import ADD, KnownProgram, programs
    from rlef_env.testing.random_programs import sources
    from rlef_env.testing.sandbox_suite import check_sandbox
    from rlef_env.testing.scripted_judge import ScriptedJudge
    from rlef_env.testing.strategies import actions, episodes, judgements, outputs, problem_tests, problems, responses

__all__ = [
    "ADD",
    "KnownProgram",
    "ScriptedJudge",
    "actions",
    "check_checker",
    "check_environment",
    "check_judge_pool",
    "check_sandbox",
    "episodes",
    "judgements",
    "outputs",
    "problem_tests",
    "problems",
    "programs",
    "responses",
    "sources",
]

_MODULES = {
    "rlef_env.judge.pool.conformance": ("check_judge_pool",),
    "rlef_env.testing.checker_suite": ("check_checker",),
    "rlef_env.testing.environment_suite": ("check_environment",),
    "rlef_env.testing.known_programs": ("ADD", "KnownProgram", "programs"),
    "rlef_env.testing.sandbox_suite": ("check_sandbox",),
    "rlef_env.testing.scripted_judge": ("ScriptedJudge",),
    "rlef_env.testing.random_programs": ("sources",),
    "rlef_env.testing.strategies": (
        *("actions", "episodes", "judgements", "outputs", "problem_tests", "problems", "responses"),
    ),
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    for module, names in _MODULES.items():
        if name in names:
            try:
                return getattr(importlib.import_module(module), name)
            except ModuleNotFoundError as error:
                if error.name != "hypothesis":
                    raise
                raise ImportError(
                    f'rlef_env.testing.{name}: expected hypothesis to be installed; pip install "rlef-env[test]"'
                ) from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
