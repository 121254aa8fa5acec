"""Rows that a trainer draws its prompts from: the first messages of an episode, and the problem's id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from rlef_env.envs.config import EnvConfig
from rlef_env.envs.dynamics import EpisodeDynamics
from rlef_env.problems import Dataset, Problem

__all__ = ["Prompted", "prompt_rows", "prompted"]


class Prompted(NamedTuple):
    """A problem and the messages that its episode begins with."""

    problem: Problem
    messages: list[dict[str, str]]


def prompt_rows(
    dataset: str | os.PathLike[str] | Dataset = "starter", *, split: str = "train", **arguments: Any
) -> Iterator[dict[str, Any]]:
    """Yield ``{"prompt": messages, "problem_id": id}`` for each problem that has tests, in the order of the data set.

    The messages are those with which an episode of ``CodeEnv`` begins. They contain no hidden test.

    Args:
        dataset: as for ``CodeEnv``.
        split: as for ``CodeEnv``.
        arguments: the other arguments of ``CodeEnv``: ``protocol``, ``prompt_cap``, ``tokenizer``, ...

    Raises:
        UsageError: an argument is unknown or has a value that is not supported.
        DataError: the data set cannot be read.

    >>> next(prompt_rows("starter"))["problem_id"]
    'starter/add-numbers'
    """
    for problem, messages in prompted(dataset, split=split, **arguments):
        yield {"prompt": messages, "problem_id": problem.id}


def prompted(
    dataset: str | os.PathLike[str] | Dataset, *, split: str = "train", **arguments: Any
) -> Iterator[Prompted]:
    """Yield each problem that has tests, with its first messages. The arguments are those of ``prompt_rows``."""
    config = EnvConfig.from_arguments(dataset, split, **arguments)
    dynamics = EpisodeDynamics(config)
    for place in config.dataset.tested:
        problem = config.dataset[place]
        yield Prompted(problem, [{"role": "user", "content": dynamics.prompt(problem)}])
