"""Agents by name: what other distributions have registered, or any class that can be imported.

This package must not import rlef_agents; it finds agents the way pytest finds plug-ins. An agent is somebody else's
code: whatever goes wrong in it is said to be the agent's, by name, in one line.
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
from typing import Any, Protocol, cast

from rlef_env.errors import UsageError
from rlef_env.problems import Dataset

__all__ = ["GROUP", "Agent", "Conversation", "ask", "installed_agents", "load_agent"]

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

    The class gets ``dataset`` and ``seed``, as far as it takes arguments of these names. ``module:name`` may also name
    an agent that the module has made itself.

    Raises:
        UsageError: no agent has this name, it is none, or it cannot be made.
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
        with blamed_on(f"agent {name}: expected {installed[name].value} to be importable"):
            found = installed[name].load()
    if not callable(getattr(found, "act", None)):
        raise UsageError(
            f"agent {name}: expected a class with a method act(conversations), got {described(found)} without one"
        )
    return made(name, found, {"dataset": dataset, "seed": seed}) if inspect.isclass(found) else cast("Agent", found)


def imported(name: str) -> Any:
    """Import what ``module:Class`` names."""
    module_name, _, attribute = name.partition(":")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does
    with blamed_on(f"agent {name}: expected module:Class, got a name whose module {module_name!r} cannot be imported"):
        module = importlib.import_module(module_name)
        if hasattr(module, attribute):
            return getattr(module, attribute)
    raise UsageError(f"agent {name}: expected a class in module {module_name!r}, found no {attribute!r} there")


def made(name: str, make: Callable[..., Any], known: Mapping[str, object]) -> Agent:
    """Make an agent of its class, with the arguments that it takes."""
    try:
        parameters = inspect.signature(make).parameters
    except (TypeError, ValueError):  # some classes written in C do not say what they take
        parameters = cast("Any", {})
    unknown = [
        parameter.name
        for parameter in parameters.values()
        if parameter.name not in known
        and parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if unknown:
        raise UsageError(
            f"agent {name}: __init__: expected no arguments but {' and '.join(known)}, got {', '.join(unknown)} too; "
            "give them defaults, or make an agent in your module and name that"
        )
    with blamed_on(f"agent {name}: __init__: expected an agent"):
        return cast("Agent", make(**{key: value for key, value in known.items() if key in parameters}))


def ask(name: str, agent: Agent, conversation: Conversation) -> str:
    """The agent's response.

    Raises:
        UsageError: ``act`` raised something, or did not return a list with one text.
    """
    with blamed_on(f"agent {name}: act: expected a list of responses"):
        responses: object = agent.act([conversation])
    if not isinstance(responses, (list, tuple)):
        raise UsageError(
            f"agent {name}: act: expected a list with one text for each conversation, got {described(responses)}"
        )
    if len(responses) != 1:
        raise UsageError(
            f"agent {name}: act: expected a list with one text for each conversation, here 1, got {len(responses)}"
        )
    response = responses[0]
    if not isinstance(response, str):
        raise UsageError(f"agent {name}: act: expected a text in the list, got {described(response)}")
    return response


@contextmanager
def blamed_on(expectation: str) -> Iterator[None]:
    """Turn whatever somebody else's code raises, ``SystemExit`` included, into one line that says whose it is.

    Args:
        expectation: whose code runs and what was expected of it.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UsageError(f"{expectation}, got {type(error).__name__}: {error}; RLEF_DEBUG=1 shows where") from error


def described(value: object) -> str:
    """What a value is, in few words."""
    if value is None:
        return "None"
    return f"{'the class' if inspect.isclass(value) else type(value).__name__} {reprlib.repr(value)}"
