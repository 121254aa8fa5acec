"""The state of an environment as plain JSON values: generators, the sampler, and the episodes under way.

An environment that goes on from a state asks, says and rewards what the one that it came from would have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import numpy as np

from rlef_env.envs.dynamics import EpisodeDynamics, OpenEpisode
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.episodes.storage import episode_from_row, episode_to_row
from rlef_env.errors import DataError, RLEFError, UsageError

__all__ = ["checked", "header", "rng_from_state", "rng_to_state", "running_from_state", "running_to_state"]

VERSION: Final = 1
T = TypeVar("T")


def header(rules: EpisodeDynamics, sampler: ProblemSampler, **more: Any) -> dict[str, Any]:
    """What must be the same where a state is loaded."""
    ids = hashlib.sha256("\0".join(rules.dataset.ids).encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "version": VERSION,
        "dataset": rules.dataset.label,
        "split": rules.split,
        "problems": ids[:32],
        "sampling": type(sampler).__name__,
        **more,
    }


def checked(state: object, expected: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
    """Read a state, or refuse it whole.

    Args:
        state: as ``state_dict`` returned it.
        expected: its header.
        read: called with it.

    Raises:
        UsageError: it is of an environment on other problems, or of another kind.
        DataError: it is no state.
    """
    if not isinstance(state, Mapping):
        raise DataError(f"state: expected what state_dict() returned, got {type(state).__name__}")
    for key, value in expected.items():
        if key not in state:
            raise DataError(f"state: expected what state_dict() returned, got no {key!r} in it")
        if state[key] != value:
            raise UsageError(
                f"state: expected {key} {value!r}, as in this environment, got {state[key]!r:.100}; make the "
                "environment with the arguments that it had when the state was taken"
            )
    try:
        return read(state)
    except RLEFError:
        raise
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"state: expected what state_dict() returned, got something else ({type(error).__name__}: {error})"
        ) from None


def rng_to_state(rng: np.random.Generator | None) -> dict[str, Any] | None:
    """A generator."""
    return None if rng is None else dict(rng.bit_generator.state)


def rng_from_state(state: Mapping[str, Any] | None) -> np.random.Generator | None:
    """The opposite of ``rng_to_state``."""
    if state is None:
        return None
    generator = np.random.PCG64()
    generator.state = dict(state)  # type: ignore[assignment]
    return np.random.Generator(generator)


def running_to_state(running: OpenEpisode | None) -> dict[str, Any] | None:
    """An episode under way."""
    if running is None:
        return None
    return {"episode": episode_to_row(running.episode), "feedback_rng": rng_to_state(running.feedback_rng)}


def running_from_state(rules: EpisodeDynamics, state: Mapping[str, Any] | None) -> OpenEpisode | None:
    """The opposite of ``running_to_state``.

    Raises:
        UsageError: the environment has other rules.
        DataError: it is no such state, or the problem asks something else now.
        ProblemNotFound: the problem is not there any more.
    """
    if state is None:
        return None
    episode = episode_from_row(state["episode"], "state")
    rules_then = {key: value for key, value in episode.settings.items() if key != "feedback_seed"}
    if rules_then != rules.settings:
        names = ", ".join(sorted(key for key in {**rules.settings} if rules.settings[key] != rules_then.get(key)))
        raise UsageError(f"state: expected an episode under the rules of this environment, got other {names or 'ones'}")
    problem = rules.dataset.get(episode.problem_id)
    if rules.prompt(problem) != episode.prompt:
        raise DataError(
            f"state: problem {problem.id!r}: expected the prompt that its episode began with, got another; "
            "is this the same data?"
        )
    return OpenEpisode(problem, episode, rng_from_state(state["feedback_rng"]))
