"""Agents by name: what other distributions have registered, or any class that can be imported.

This package must not import rlef_agents; it finds agents the way pytest finds plug-ins.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from rlef_env.errors import UsageError
from rlef_env.problems import Dataset

__all__ = ["GROUP", "Agent", "Conversation", "installed_agents", "load_agent"]

GROUP = "rlef_env.agents"
"""The entry-point group that agents are registered in."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """An episode as its agent sees it; has what ``rlef_agents.Conversation`` has."""

    messages: tuple[Mapping[str, str], ...]
    problem_id: str

    @property
    def turn(self) -> int:
        """How many responses the agent has given in this episode."""
        return sum(message["role"] == "assistant" for message in self.messages)


class Agent(Protocol):
    """What can be played: conversations in, one response each out."""

    def act(self, conversations: Sequence[Any]) -> list[str]:
        """Answer each conversation, in order."""
        ...


def installed_agents() -> dict[str, EntryPoint]:
    """The agents that installed distributions have registered, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_agent(name: str, dataset: Dataset, seed: int) -> Agent:
    """Make an agent from a registered name or ``module:Class``; modules of the working directory count.

    The class gets ``dataset`` and ``seed``, as far as it takes arguments of these names.

    Raises:
        UsageError: no agent has this name, or it is none.
    """
    if ":" not in name:
        installed = installed_agents()
        if name not in installed:
            raise UsageError(
                f"agent: expected {', '.join(installed) or '(none is installed: pip install ./agents)'} or "
                f"module:Class, got {name!r}"
            )
        make = installed[name].load()
    else:
        make = imported(name)
    if not callable(getattr(make, "act", None)):
        raise UsageError(f"agent: expected a class with a method act(conversations), got {name!r}")
    known = {"dataset": dataset, "seed": seed}
    taken = inspect.signature(make).parameters
    return cast("Agent", make(**{key: value for key, value in known.items() if key in taken}))


def imported(name: str) -> Callable[..., Any]:
    """Import ``module:Class``."""
    module_name, _, attribute = name.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # somebody else's module may raise anything
        raise UsageError(
            f"agent: expected module:Class, got {name!r}, and importing {module_name!r} fails: "
            f"{type(error).__name__}: {error}"
        ) from error
    try:
        return cast("Callable[..., Any]", getattr(module, attribute))
    except AttributeError:
        raise UsageError(f"agent: expected a class in module {module_name!r}, found no {attribute!r} there") from None
