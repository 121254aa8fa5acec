"""Decide whether a program is right: run it on a problem's tests in the sandbox, and check its outputs."""

from rlef_env.judge.job import JudgeJob
from rlef_env.judge.judge import Judge
from rlef_env.judge.judgement import Judgement, TestResult, Verdict
from rlef_env.judge.pool.base import BaseJudgePool
from rlef_env.judge.pool.cached import CachedPool
from rlef_env.judge.pool.local import JudgePool, default_workers
from rlef_env.judge.pool.verdict_cache import VerdictCache

__all__ = [
    "BaseJudgePool",
    "CachedPool",
    "Judge",
    "JudgeJob",
    "JudgePool",
    "Judgement",
    "TestResult",
    "Verdict",
    "VerdictCache",
    "default_workers",
]
