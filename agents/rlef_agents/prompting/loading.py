"""The agents that ``few-shot:AGENT`` and the other names of baselines stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rlef_env.agents import Agent, AgentOptions, load_agent
from rlef_env.errors import UsageError

__all__ = ["at_least", "model_and_options"]


def model_and_options(
    kind: str, target: str, options: AgentOptions, defaults: Mapping[str, Any]
) -> tuple[Agent, dict[str, Any]]:
    """Return the model behind the name ``KIND:TARGET``, and the baseline's own options.

    Args:
        kind: name of the baseline, for messages.
        target: name of the agent that answers, such as ``hf:FOLDER`` or ``chat:URL#MODEL``. It gets all other options.
        options: options of both.
        defaults: names of the baseline's own options and their defaults.

    Raises:
        UsageError: the target is no name of this form, or its agent cannot be created.
    """
    if ":" not in target:
        raise UsageError(f"expected {kind}:hf:FOLDER, {kind}:chat:URL#MODEL or {kind}:module:Class, got {target!r}")
    others = dict(options.others)
    own = {name: others.pop(name, default) for name, default in defaults.items()}
    return load_agent(target, None, replace(options, others=others)), own


def at_least(low: int, **values: object) -> None:
    """Check whole numbers.

    Raises:
        UsageError: one of them is none, or is lower than ``low``.
    """
    for name, value in values.items():
        if type(value) is not int or value < low:
            raise UsageError(f"{name}: expected a whole number of {low} or more, got {value!r:.100}")
