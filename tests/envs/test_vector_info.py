"""Batched infos equal those of Gymnasium's own method."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from hypothesis import given
from hypothesis import strategies as st

from rlef_env.envs.vector.batched_infos import batched_infos

# A key has values of one type, as in every info.
values = {
    "count": st.integers(-9, 9),
    "share": st.floats(0, 1),
    "solved": st.booleans(),
    "reward": st.floats(-1, 1).map(np.float64),
    "word": st.none() | st.text(max_size=3),
    "list": st.lists(st.dictionaries(st.just("a"), st.integers(), max_size=1), max_size=3),
    "final_obs": st.text(max_size=3),
}
flat = st.fixed_dictionaries({}, optional=values)
infos = st.fixed_dictionaries({}, optional={**values, "final_info": flat})


def plain(batch: Any) -> Any:
    if isinstance(batch, dict):
        return {key: plain(value) for key, value in batch.items()}
    return batch.dtype, batch.tolist()


@given(given_infos=st.lists(st.none() | infos, min_size=1, max_size=6))
def test_batched_infos_equal_those_of_gymnasium(given_infos: list[dict[str, Any] | None]) -> None:
    env: VectorEnv[Any, Any, Any] = VectorEnv()
    env.num_envs = len(given_infos)
    there = [(number, info) for number, info in enumerate(given_infos) if info is not None]
    expected: dict[str, Any] = {}
    for number, info in there:
        expected = env._add_info(expected, info, number)
    assert plain(batched_infos(there, env.num_envs)) == plain(expected)
