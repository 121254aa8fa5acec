"""Decide whether a program is right: run it on a problem's tests in the sandbox, and check its outputs."""

from rlef_env.judge.checkers import Checker, make_checker
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.checkers.program import ProgramChecker
from rlef_env.judge.checkers.protocols import CheckerError, CheckerResult
from rlef_env.judge.functions.calls import (
    Call,
    CallResult,
    CallRunner,
    NotReturned,
    Raised,
    Returned,
    Target,
    run_calls,
)
from rlef_env.judge.functions.value_codec import Other, same_value
from rlef_env.judge.job import JudgeJob, as_job, check_job, needed_to_judge, no_verdict
from rlef_env.judge.judge import ATTEMPTS, DEFAULT_MEMORY_BYTES, DEFAULT_TIME_SECONDS, Judge, TimeFactor
from rlef_env.judge.judgement import UNDECIDED, Judgement, Measured, TestResult, Verdict, judgement_of
from rlef_env.judge.points import GroupScore, group_scores
from rlef_env.judge.pool.base import BaseJudgePool
from rlef_env.judge.pool.cached import CachedPool
from rlef_env.judge.pool.fair_queue import FairPriorityQueue
from rlef_env.judge.pool.local import JudgePool, default_workers
from rlef_env.judge.pool.verdict_cache import VerdictCache
from rlef_env.judge.pool.warm_up import PRINTS_ONE
from rlef_env.judge.runners.base import python_start

__all__ = [
    "ATTEMPTS",
    "DEFAULT_MEMORY_BYTES",
    "DEFAULT_TIME_SECONDS",
    "NO_CUSTOM_CHECKERS",
    "PRINTS_ONE",
    "UNDECIDED",
    "BaseJudgePool",
    "CachedPool",
    "Call",
    "CallResult",
    "CallRunner",
    "Checker",
    "CheckerError",
    "CheckerResult",
    "CustomCheckers",
    "FairPriorityQueue",
    "GroupScore",
    "Judge",
    "JudgeJob",
    "JudgePool",
    "Judgement",
    "Measured",
    "NotReturned",
    "Other",
    "ProgramChecker",
    "Raised",
    "Returned",
    "Target",
    "TestResult",
    "TimeFactor",
    "Verdict",
    "VerdictCache",
    "as_job",
    "check_job",
    "default_workers",
    "group_scores",
    "judgement_of",
    "make_checker",
    "needed_to_judge",
    "no_verdict",
    "python_start",
    "run_calls",
    "same_value",
]
