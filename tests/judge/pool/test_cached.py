"""A pool with a cache in front passes all tests of pools."""

from __future__ import annotations

import pytest

from rlef_env.judge import CachedPool, JudgePool, VerdictCache
from rlef_env.judge.pool.conformance import check_judge_pool


def test_a_cached_pool_is_a_pool() -> None:
    check_judge_pool(lambda workers, checkers: CachedPool(JudgePool(workers, checkers=checkers), VerdictCache()))


def test_a_pool_that_judges_otherwise_fails() -> None:
    with pytest.raises(AssertionError):
        check_judge_pool(lambda workers, checkers: JudgePool(workers, time_factor=1e-6, checkers=checkers))
