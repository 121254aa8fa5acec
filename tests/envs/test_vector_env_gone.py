"""Data that disappear before the next episode: ``recv`` raises the error, and the other environments continue."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from rlef_env.envs import CodeVectorEnv
from rlef_env.envs.problem_sampler import Uniform
from rlef_env.judge import JudgePool
from tests.envs.samples import SUM_WRONG, TINY


class Gone(Uniform):
    """Fails to draw a problem while ``absent``."""

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
def test_a_failing_reset_does_not_affect_other_environments(mode: str, pool: JudgePool) -> None:
    sampler = Gone()
    env = CodeVectorEnv(3, dataset=TINY, pool=pool, sampling=sampler, max_turns=1, autoreset_mode=mode)
    env.reset(seed=0)
    if mode == "NextStep":
        env.step([SUM_WRONG] * 3)
    sampler.absent = True
    env.send(range(3), [SUM_WRONG] * 3)
    with pytest.raises(OSError, match="the file is gone"):
        env.recv(min_ready=3, timeout=250)
    assert sorted(env.recv(min_ready=2, timeout=250).env_ids) == [1, 2]
    assert env.num_pending == 0
    env.close()
