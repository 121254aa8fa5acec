"""Is it right? A problem, a sandbox and a checker make a judgement."""

from rlef_env.judge.cache import VerdictCache
from rlef_env.judge.calls import Call, CallResult, CallRunner, NotReturned, Raised, Returned, Target, run_calls
from rlef_env.judge.checkers import Checker, make_checker
from rlef_env.judge.encoding import Other, same_value
from rlef_env.judge.groups import judgement_of, scores
from rlef_env.judge.job import JudgeJob, check_job, needed_to_judge, no_verdict
from rlef_env.judge.judge import ATTEMPTS, DEFAULT_MEMORY_BYTES, DEFAULT_TIME_SECONDS, Judge, TimeFactor
from rlef_env.judge.own_checker import NO_CHECKERS, OwnCheckers
from rlef_env.judge.pool import JudgePool, default_workers
from rlef_env.judge.program_checker import Checked, CheckerBroke, ProgramChecker
from rlef_env.judge.runners import start_of
from rlef_env.judge.turns import TurnQueue
from rlef_env.judge.verdict import UNDECIDED, GroupScore, Judgement, Measured, TestResult, Verdict
from rlef_env.judge.warm import PRINTS_ONE

__all__ = [
    "ATTEMPTS",
    "DEFAULT_MEMORY_BYTES",
    "DEFAULT_TIME_SECONDS",
    "NO_CHECKERS",
    "PRINTS_ONE",
    "UNDECIDED",
    "Call",
    "CallResult",
    "CallRunner",
    "Checked",
    "Checker",
    "CheckerBroke",
    "GroupScore",
    "Judge",
    "JudgeJob",
    "JudgePool",
    "Judgement",
    "Measured",
    "NotReturned",
    "Other",
    "OwnCheckers",
    "ProgramChecker",
    "Raised",
    "Returned",
    "Target",
    "TestResult",
    "TimeFactor",
    "TurnQueue",
    "Verdict",
    "VerdictCache",
    "check_job",
    "default_workers",
    "judgement_of",
    "make_checker",
    "needed_to_judge",
    "no_verdict",
    "run_calls",
    "same_value",
    "scores",
    "start_of",
]
