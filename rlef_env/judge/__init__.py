"""Is it right? A problem, a sandbox and a checker make a judgement."""

from rlef_env.judge.checkers import Checker, make_checker
from rlef_env.judge.checkers.custom import NO_CUSTOM_CHECKERS, CustomCheckers
from rlef_env.judge.checkers.program import Checked, CheckerBroke, ProgramChecker
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
from rlef_env.judge.runners.base import start_of

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
    "Checked",
    "Checker",
    "CheckerBroke",
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
    "run_calls",
    "same_value",
    "start_of",
]
