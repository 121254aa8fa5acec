"""Backtests: judge or play the episodes of a run again, and choose problems and examples from a run."""

from rlef_env.analysis.backtest.problem_set import SetEntry, load_problem_set, read_problem_set, write_problem_set

__all__ = ["SetEntry", "load_problem_set", "read_problem_set", "write_problem_set"]
