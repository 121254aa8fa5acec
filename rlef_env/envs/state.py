"""State of an environment as plain JSON values: its generators, its problem sampler and its open episodes.

An environment that continues from a state draws, observes and rewards exactly what the original would have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import numpy as np

from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.envs.problem_sampler import ProblemSampler
from rlef_env.episodes.episode import Episode
from rlef_env.episodes.storage import episode_from_row, episode_to_row
from rlef_env.errors import DataError, RLEFError, UsageError
from rlef_env.problems import Problem

__all__ = ["checked", "episode_from_state", "episode_to_state", "header", "rng_from_state", "rng_to_state"]

VERSION: Final = 2
T = TypeVar("T")


def header(dynamics: EpisodeDynamics, sampler: ProblemSampler, **more: Any) -> dict[str, Any]:
    """Return the part of a state that must equal that of the environment which loads it."""
    dataset = dynamics.config.dataset
    ids = hashlib.sha256("\0".join(dataset.ids).encode("utf-8", "surrogatepass")).hexdigest()
    return {
        "version": VERSION,
        "dataset": dataset.label,
        "split": dynamics.config.split,
        "problems": ids[:32],
        "sampling": type(sampler).__name__,
        **more,
    }


def checked(state: object, expected: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]) -> T:
    """Read a state completely, or refuse it.

    Args:
        state: as ``state_dict`` returned it.
        expected: the header that it must have.
        read: reads the state once the header is checked. It changes nothing before all is read.

    Raises:
        UsageError: the state is that of an environment on other problems, or of another kind.
        DataError: the value is not a state.
    """
    if not isinstance(state, Mapping):
        raise DataError(f"state: expected what state_dict() returned, got {type(state).__name__}")
    for key, value in expected.items():
        if key not in state:
            raise DataError(f"state: expected what state_dict() returned, got no {key!r} in it")
        if state[key] != value:
            raise UsageError(
                f"state: expected {key} {value!r}, as in this environment, got {state[key]!r:.100}; make the "
                "environment with the arguments that it had when the state was saved"
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
    """Return the state of a generator."""
    return None if rng is None else dict(rng.bit_generator.state)


def rng_from_state(state: Mapping[str, Any] | None) -> np.random.Generator | None:
    """Return the generator with this state; the inverse of ``rng_to_state``."""
    if state is None:
        return None
    generator = np.random.PCG64()
    generator.state = dict(state)  # type: ignore[assignment]
    return np.random.Generator(generator)


def episode_to_state(episode: Episode | None) -> dict[str, Any] | None:
    """Return the state of an episode; its problem is found again by its id."""
    return None if episode is None else episode_to_row(episode)


def episode_from_state(
    dynamics: EpisodeDynamics, state: Mapping[str, Any] | None
) -> tuple[Problem, Episode] | tuple[None, None]:
    """Return the problem and the episode of a state; the inverse of ``episode_to_state``.

    Raises:
        UsageError: the environment has another configuration than the episode.
        DataError: the value is not such a state, or the problem has changed.
        ProblemNotFound: the data set no longer has the problem.
    """
    if state is None:
        return None, None
    episode = episode_from_row(state, "state")
    settings = dynamics.config.settings
    stored = {key: value for key, value in episode.settings.items() if key != "feedback_seed"}
    if stored != settings:
        names = ", ".join(sorted(key for key in settings if settings[key] != stored.get(key)))
        raise UsageError(
            f"state: expected an episode with the settings of this environment, got other {names or 'ones'}"
        )
    problem = dynamics.config.dataset.get(episode.problem_id)
    if dynamics.prompt(problem) != episode.prompt:
        raise DataError(
            f"state: problem {problem.id!r}: expected the prompt that its episode began with, got another; "
            "is this the same data?"
        )
    return problem, episode
