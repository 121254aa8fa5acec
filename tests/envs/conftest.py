"""Fixtures of the environment's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rlef_env.envs import CodeEnv
from rlef_env.judge import Judge
from tests.envs.samples import TINY


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    """One judge for all tests of the environment."""
    with Judge() as judge:
        yield judge


@pytest.fixture
def make_env(judge: Judge) -> Iterator[Callable[..., CodeEnv]]:
    """Make environments on the tiny data set that share the judge, and close them afterwards."""
    made: list[CodeEnv] = []

    def make(**arguments: Any) -> CodeEnv:
        made.append(CodeEnv(**{"dataset": TINY, "judge": judge, **arguments}))
        return made[-1]

    yield make
    for env in made:
        env.close()
