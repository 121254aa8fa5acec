"""A pool with a cache in front passes all tests of pools."""

from __future__ import annotations

import os

import pytest

from rlef_env.errors import UsageError
from rlef_env.judge import CachedPool, JudgeJob, JudgePool, VerdictCache
from rlef_env.judge.checkers.custom import CustomCheckers
from rlef_env.judge.pool.conformance import ECHO, RIGHT, check_judge_pool


def test_a_cached_pool_is_a_pool() -> None:
    def make(workers: int, checkers: CustomCheckers) -> CachedPool:
        return CachedPool(JudgePool(workers, checkers=checkers), VerdictCache())

    check_judge_pool(make, examples=2)  # of the pool behind it, other tests judge more


def test_a_pool_that_judges_otherwise_fails() -> None:
    with pytest.raises(AssertionError):
        check_judge_pool(lambda workers, checkers: JudgePool(workers, time_factor=1e-6, checkers=checkers))


def test_a_forked_child_needs_its_own_pool() -> None:
    """Also for a job whose verdict is cached: a thread of the parent may have held the cache's lock at the fork."""
    with CachedPool(JudgePool(1), VerdictCache()) as pool:
        pool.judge(ECHO, RIGHT)
        if (child := os.fork()) == 0:
            try:
                pool.submit(JudgeJob(ECHO, RIGHT))
            except UsageError:
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
