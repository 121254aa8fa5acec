"""Finds agents by name: registered by an installed distribution, or any class that can be imported.

This package must not import rlef_agents; it finds agents through entry points, as pytest finds plug-ins. An agent is
third-party code: every failure in it becomes one line that names the agent.
"""

from __future__ import annotations

import importlib
import inspect
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from rlef_env.agents import Agent, Conversation, only_response
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset

__all__ = ["GROUP", "NamedAgent", "installed_agents", "load_agent"]

GROUP = "rlef_env.agents"
"""Entry-point group that agents are registered in."""


@dataclass(frozen=True, slots=True)
class NamedAgent:
    """An agent whose failures are errors that name it. It answers one conversation at a time."""

    name: str
    agent: Agent

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Return the agent's response.

        Raises:
            UsageError: ``act`` raised an exception, or did not return a list with one text.
        """
        with naming(f"agent {self.name}: act: expected a list of responses"):
            responses: object = self.agent.act(conversations)
        try:
            return [only_response(responses)]
        except (TypeError, ValueError) as error:
            raise UsageError(f"agent {self.name}: {error}") from None


def installed_agents() -> dict[str, EntryPoint]:
    """Return the agents that installed distributions have registered, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_agent(name: str, dataset: Dataset, seed: int) -> NamedAgent:
    """Create an agent from a registered name or ``module:Class``; modules in the working directory are found, too.

    The class gets ``dataset`` and ``seed``, if it has parameters of these names. ``module:name`` may also name an agent
    object of the module.

    Raises:
        UsageError: no agent has this name, it is no agent, or it cannot be created.
    """
    if ":" in name:
        found = imported(name)
    else:
        installed = installed_agents()
        if name not in installed:
            raise UsageError(
                f"agent: expected {', '.join(installed) or '(none is installed: pip install ./agents)'} or "
                f"module:Class, got {name!r}"
            )
        with naming(f"agent {name}: expected {installed[name].value} to be importable"):
            found = installed[name].load()
    if not callable(getattr(found, "act", None)):
        raise UsageError(
            f"agent {name}: expected a class with a method act(conversations), got {described(found)} without one"
        )
    if inspect.isclass(found):
        found = create(name, found, {"dataset": dataset, "seed": seed})
    return NamedAgent(name, cast("Agent", found))


def imported(name: str) -> Any:
    """Import the object that ``module:Class`` names."""
    module_name, _, attribute = name.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does
    with naming(f"agent {name}: expected module:Class, got a name whose module {module_name!r} cannot be imported"):
        module = importlib.import_module(module_name)
        if hasattr(module, attribute):
            return getattr(module, attribute)
    raise UsageError(f"agent {name}: expected a class in module {module_name!r}, found no {attribute!r} there")


def create(name: str, make: Callable[..., Any], arguments: Mapping[str, object]) -> Any:
    """Create an agent of its class, with those of the arguments that it takes."""
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):  # some classes written in C have no signature
        parameters = cast("Any", {})
    unknown = [
        parameter.name
        for parameter in parameters.values()
        if parameter.name not in arguments
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if unknown:
        raise UsageError(
            f"agent {name}: __init__: expected no arguments but {' and '.join(arguments)}, got {', '.join(unknown)} "
            "too; give them defaults, or create an agent object in your module and name that"
        )
    with naming(f"agent {name}: __init__: expected an agent"):
        return make(**{key: value for key, value in arguments.items() if key in parameters})


@contextmanager
def naming(expectation: str) -> Iterator[None]:
    """Turn every exception of the block, ``SystemExit`` included, into an error of one line.

    Args:
        expectation: start of the line: which agent runs, and what was expected of it.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{expectation}, got {type(error).__name__}: {error}; RLEF_DEBUG=1 shows the traceback"
        ) from error


def described(value: object) -> str:
    """Return a short description of a value."""
    if value is None:
        return "None"
    return f"{'the class' if inspect.isclass(value) else type(value).__name__} {reprlib.repr(value)}"
