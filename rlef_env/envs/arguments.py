"""Checks of the arguments of ``CodeEnv`` and ``CodeVectorEnv``, and their errors."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence, Sized
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import logger

from rlef_env.envs.shared_pool import SHARED
from rlef_env.episodes.validation import ISOLATIONS
from rlef_env.errors import UsageError
from rlef_env.problems import Dataset, load_dataset

__all__ = [
    "at_least",
    "check_shared",
    "check_tokenizer",
    "checked_mask",
    "checked_options",
    "checked_seeds",
    "loaded",
    "one_of",
]


def one_of(name: str, value: object, supported: tuple[object, ...]) -> None:
    """Refuse a value that is not supported."""
    if value not in supported:
        raise UsageError(f"{name}: expected one of {', '.join(map(repr, supported))}; got {value!r}")


def at_least(name: str, value: object, minimum: int) -> None:
    """Refuse a value that is not a whole number, Python's or NumPy's, or is less than ``minimum``."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < minimum:
        raise UsageError(f"{name}: expected a whole number of at least {minimum}, got {value!r}")


def check_tokenizer(tokenizer: object) -> None:
    """Refuse an object that cannot count tokens."""
    encode = getattr(tokenizer, "encode", None)
    if tokenizer is None or (callable(encode) and not isinstance(tokenizer, (str, type))):
        tokens = encode("") if encode is not None else []
        if isinstance(tokens, Sized):
            return
        raise UsageError(f"tokenizer: expected encode(text) to return tokens with a len(), got {tokens!r:.100}")
    raise UsageError(
        f"tokenizer: expected None or an object with a method encode(text), got {tokenizer!r:.100}; "
        "None counts four characters as a token"
    )


def check_shared(name: str, judge: object, kind: str, method: str) -> None:
    """Refuse an argument that is not a judge or pool to share.

    Args:
        name: the argument's name.
        judge: its value.
        kind: the class that is expected, e.g. ``"JudgePool"``.
        method: the method that the environment calls.
    """
    if judge is None or judge == SHARED:
        return
    if isinstance(judge, type) or not callable(getattr(judge, method, None)) or not hasattr(judge, "isolation"):
        raise UsageError(
            f"{name}: expected None or a {kind}, got {judge!r:.100}; make one with rlef_env.{kind}(), pass 'shared' "
            "for the pool that this process shares, or leave it out"
        )
    one_of(f"{name}.isolation", judge.isolation, ISOLATIONS)


def checked_options(options: object, supported: tuple[str, ...]) -> dict[str, Any]:
    """Return the options of ``reset`` as a new dict; an empty one for None."""
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise UsageError(f"options: expected None or a dict with {' or '.join(supported)}, got {options!r:.100}")
    for name in options:
        one_of("options", name, supported)
    return dict(options)


def checked_mask(mask: object, num_envs: int) -> npt.NDArray[np.bool_]:
    """Return the option ``reset_mask`` of ``reset``; all environments for None."""
    if mask is None:
        return np.ones(num_envs, dtype=np.bool_)
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (num_envs,) or not mask.any():
        raise UsageError(
            f"options['reset_mask']: expected an array of bool of shape ({num_envs},) with a True in it, "
            f"got {mask!r:.100}"
        )
    return mask


def checked_seeds(seed: int | Sequence[int | None] | None, num_envs: int) -> list[int | None]:
    """Return a seed for each environment. A single seed is that of the first; the others have the next numbers."""
    if seed is None:
        return [None] * num_envs
    if isinstance(seed, (int, np.integer)):
        return [int(seed) + env_id for env_id in range(num_envs)]
    seeds = list(seed)
    if len(seeds) != num_envs:
        raise UsageError(f"seed: expected one number or {num_envs}, got {len(seeds)}")
    return seeds


def loaded(dataset: object, split: object) -> Dataset:
    """Return the data set that an argument names; the starter set, with a warning, for None."""
    if not isinstance(split, str):
        raise UsageError(f"split: expected the name of a split, e.g. 'train', got {split!r:.100}")
    if isinstance(dataset, Dataset):
        return dataset
    if dataset is None:
        logger.warn(
            "no data set was named, so this environment uses the small embedded Starter set, which is NOT "
            "CodeContests: do not report its results as such. Pass dataset='problems.jsonl' for real data, or "
            "dataset='starter' if you want the Starter set."
        )
        return load_dataset("starter", split)
    if not isinstance(dataset, (str, os.PathLike)):
        raise UsageError(f"dataset: expected a name, a path or a Dataset, got {type(dataset).__name__}")
    return load_dataset(dataset, split)
