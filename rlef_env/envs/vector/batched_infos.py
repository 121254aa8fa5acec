"""Infos of many environments as one dict of arrays, in Gymnasium's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["batched_infos"]


def batched_infos(infos: Iterable[tuple[int, Mapping[str, Any]]], num_envs: int) -> dict[str, Any]:
    """Return what ``VectorEnv._add_info`` makes of these infos when it adds them one by one.

    The batch has an array over all environments for each key, of numbers or objects as its first value is, and under
    ``_key`` a mask of the environments that have it. Where values are dicts, it has a dict of such arrays. Gymnasium's
    own method makes such an array again for each key of each environment: for a thousand of them, that takes as long as
    everything else.

    Args:
        infos: pairs of environment and info, in the order of the environments; those without an info may be left out.
        num_envs: number of environments.
    """
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for env_id, info in infos:
        for key, value in info.items():
            if key not in columns:
                columns[key] = ([], [])
            env_ids, values = columns[key]
            env_ids.append(env_id)
            values.append(value)
    batch: dict[str, Any] = {}
    for key, (env_ids, values) in columns.items():
        if key != "final_obs" and isinstance(values[0], dict):
            batch[key] = batched_infos(zip(env_ids, values, strict=True), num_envs)
        else:
            batch[key] = _array(env_ids, values, num_envs, numbers=key != "final_obs")
        batch[f"_{key}"] = np.zeros(num_envs, dtype=np.bool_)
        batch[f"_{key}"][env_ids] = True
    return batch


def _array(env_ids: list[int], values: list[Any], num_envs: int, numbers: bool) -> npt.NDArray[Any]:
    kind = type(values[0])
    if numbers and (kind in (int, float, bool) or issubclass(kind, np.number)):
        array = np.zeros(num_envs, dtype=kind)
    else:
        array = np.full(num_envs, None, dtype=object)
    for env_id, value in zip(env_ids, values, strict=True):  # one by one: NumPy would take a list for many values
        array[env_id] = value
    return array
