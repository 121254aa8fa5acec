"""Data that are gone when the next episode begins: whoever waits is told, and the other environments go on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rlef_env.envs import CodeVectorEnv, Uniform
from rlef_env.judge import JudgePool
from tests.envs.samples import SUM_WRONG, TINY


class Gone(Uniform):
    """Has no problem when told so."""

    absent = False

    def draw(self, rng: np.random.Generator) -> int:
        if self.absent:
            self.absent = False
            raise OSError("the file is gone")
        return super().draw(rng)


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(1) as pool:
        yield pool


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_one_reset_that_fails_holds_no_other_up(mode: str, pool: JudgePool) -> None:
    sampler = Gone()
    env = CodeVectorEnv(3, dataset=TINY, pool=pool, sampling=sampler, max_turns=1, autoreset_mode=mode)
    env.reset(seed=0)
    if mode == "NextStep":
        env.step([SUM_WRONG] * 3)
    sampler.absent = True
    env.send(range(3), [SUM_WRONG] * 3)
    with pytest.raises(OSError, match="the file is gone"):
        env.recv(min_ready=3, timeout=60)
    assert sorted(env.recv(min_ready=2, timeout=60).env_ids) == [1, 2]
    assert env.num_pending == 0
    env.close()
