"""Finds agents by name: registered by an installed distribution, or any class that can be imported.

This package must not import rlef_agents; it finds agents through entry points, as pytest finds plug-ins. An agent is
third-party code: every failure in it becomes one line that names the agent.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, cast

from rlef_env.agents.agent import Agent, Conversation, checked_responses
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset

__all__ = ["GROUP", "KINDS", "AgentOptions", "NamedAgent", "installed_agents", "load_agent", "named"]

GROUP: Final = "rlef_env.agents"
"""Entry-point group of agents: name -> a class, or an agent."""
KINDS: Final = "rlef_env.agent_kinds"
"""Entry-point group of kinds of agents: the word before the colon -> a function of the text after it and the options.

``hf:PATH`` calls the function registered as ``hf`` with ``"PATH"`` and ``AgentOptions``; it returns an agent.
"""


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """Options of an agent. A class gets those that are parameters of it.

    Attributes:
        seed: seed of all random draws.
        temperature: temperature of sampling; 0 takes the most likely token.
        top_p: draw only from the fewest likeliest tokens whose total probability reaches this.
        max_new_tokens: maximum number of tokens of a response; None is the agent's own default.
        context: maximum number of tokens of a conversation; None is the model's own maximum.
        system: instructions before the first message; None for none.
        concurrency: maximum number of conversations answered at the same time.
        others: further options by name, for the agent to interpret.
    """

    seed: int = 0
    temperature: float = 0.2
    top_p: float = 0.95
    max_new_tokens: int | None = None
    context: int | None = None
    system: str | None = None
    concurrency: int = 16
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedAgent:
    """An agent whose failures are errors that name it.

    Attributes:
        name: the name that it was loaded by.
        agent: the agent.
        settings: what decides its responses, as plain JSON values.
    """

    name: str
    agent: Agent
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def concurrent(self) -> bool:
        """Whether ``act`` may be called from several threads at the same time."""
        return bool(getattr(self.agent, "concurrent", False))

    @property
    def token_prices(self) -> Any:
        """The agent's prices of a million tokens read and written; None if it has none."""
        return getattr(self.agent, "token_prices", None)

    def act(self, conversations: Sequence[Conversation]) -> list[str]:
        """Return the agent's responses.

        Raises:
            UsageError: ``act`` raised an exception, or did not return a list with one text for each conversation.
        """
        with naming(f"agent {self.name}: act: expected a list of responses"):
            responses: object = self.agent.act(conversations)
        try:
            return checked_responses(responses, len(conversations))
        except (TypeError, ValueError) as error:
            raise UsageError(f"agent {self.name}: {error}") from None


def installed_agents() -> dict[str, EntryPoint]:
    """Return the agents that installed distributions have registered, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_agent(name: str, dataset: Dataset | None, options: AgentOptions | None = None) -> NamedAgent:
    """Create an agent from a registered name, ``KIND:TARGET`` or ``module:Class``.

    Modules in the working directory are found, too. A class gets ``dataset`` and the options, as far as it has
    parameters of these names. ``module:name`` may also name an agent object of the module.

    Args:
        name: the name.
        dataset: the data set that is played; None for an agent that another one asks: it gets none.
        options: options of the agent.

    Raises:
        UsageError: no agent has this name, it is no agent, or it cannot be created.
    """
    options = options or AgentOptions()
    kind, colon, target = name.partition(":")
    kinds = {point.name: point for point in entry_points(group=KINDS)}
    if colon and kind in kinds:
        with naming(f"agent {name}: expected {kinds[kind].value} to be importable"):
            make = kinds[kind].load()
        with naming(f"agent {name}: expected an agent"):
            return named(name, make(target, options))
    if colon:
        found = imported(name)
    else:
        installed = installed_agents()
        if name not in installed:
            hint = "" if installed else "; none is installed: pip install ./agents"
            words = [*installed, *(f"{each}:..." for each in kinds), "module:Class"]
            raise UsageError(f"agent: expected {', '.join(words[:-1])} or {words[-1]}, got {name!r}{hint}")
        with naming(f"agent {name}: expected {installed[name].value} to be importable"):
            found = installed[name].load()
    if not callable(getattr(found, "act", None)):
        raise UsageError(
            f"agent {name}: expected a class with a method act(conversations), got {described(found)} without one"
        )
    if not inspect.isclass(found):
        return named(name, found)
    known = {} if dataset is None else {"dataset": dataset}
    given = {each: getattr(options, each) for each in AgentOptions.__slots__ if each != "others"}
    made, taken = create(name, found, {**known, **given, **options.others})
    if surplus := set(options.others) - set(taken):
        raise UsageError(f"agent {name}: expected options that are parameters of its class, got {', '.join(surplus)}")
    return named(name, made, {key: value for key, value in taken.items() if key not in ("dataset", "concurrency")})


def named(name: str, agent: Any, arguments: Mapping[str, object] | None = None) -> NamedAgent:
    """Return an agent with its name and settings.

    Args:
        name: its name.
        agent: the agent.
        arguments: arguments that it was created with; they are settings if it states none.

    Raises:
        UsageError: its settings are no JSON values.
    """
    stated = getattr(agent, "settings", None)
    settings = dict(stated) if isinstance(stated, Mapping) else {**(arguments or {}), "source": source_digest(agent)}
    try:
        settings = json.loads(json.dumps(settings))
    except (TypeError, ValueError) as error:
        raise UsageError(f"agent {name}: settings: expected plain JSON values, got {error}") from None
    return NamedAgent(name, agent, settings)


def source_digest(agent: object) -> str | None:
    """Return a hash of the source file of an agent's class; None where it has none."""
    try:
        file = inspect.getsourcefile(agent if inspect.isclass(agent) or inspect.ismodule(agent) else type(agent))
        return None if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
    except (OSError, TypeError):
        return None


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


def create(name: str, make: Callable[..., Any], arguments: Mapping[str, object]) -> tuple[Any, Mapping[str, object]]:
    """Create an agent of its class, with those of the arguments that it takes; return both."""
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
            f"agent {name}: __init__: expected no arguments but {', '.join(arguments)}, got {', '.join(unknown)} "
            "too; give them defaults, or create an agent object in your module and name that"
        )
    taken = {key: value for key, value in arguments.items() if key in parameters}
    with naming(f"agent {name}: __init__: expected an agent"):
        return make(**taken), taken


@contextmanager
def naming(expectation: str) -> Iterator[None]:
    """Turn every exception of the block, ``SystemExit`` included, into an error of one line.

    Args:
        expectation: start of the line: which agent runs, and what was expected of it.
    """
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{expectation.partition(': expected')[0]}: {error}") from error
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{expectation}, got {type(error).__name__}: {error}; RLEF_DEBUG=1 shows the traceback"
        ) from error


def described(value: object) -> str:
    """Return a short description of a value."""
    if value is None:
        return "None"
    return f"{'the class' if inspect.isclass(value) else type(value).__name__} {reprlib.repr(value)}"
