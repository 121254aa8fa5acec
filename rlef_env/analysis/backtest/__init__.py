"""Backtests: judge or play the episodes of a run again, and choose problems and examples from a run."""

from rlef_env.analysis.backtest.judge_flips import JudgeFlips, read_judge_flips
from rlef_env.analysis.backtest.problem_set import (
    SetEntry,
    is_problem_set,
    load_problem_set,
    read_problem_set,
    write_problem_set,
)

__all__ = [
    "JudgeFlips",
    "SetEntry",
    "is_problem_set",
    "load_problem_set",
    "read_judge_flips",
    "read_problem_set",
    "write_problem_set",
]
