"""What is asked: problems, their tests, and one module per data format."""

from rlef_env.problems.checker_spec import KattisFlags, parse_kattis_flags
from rlef_env.problems.code_contests import iter_jsonl, problem_from_row, problem_to_row, read_jsonl, write_jsonl
from rlef_env.problems.datasets import Dataset, load_dataset
from rlef_env.problems.meta import read_checkers
from rlef_env.problems.problem import (
    ROLES,
    CheckerSpec,
    FunctionSpec,
    InteractorSpec,
    Problem,
    Role,
    Solution,
    Test,
    TestGroup,
)

__all__ = [
    "ROLES",
    "CheckerSpec",
    "Dataset",
    "FunctionSpec",
    "InteractorSpec",
    "KattisFlags",
    "Problem",
    "Role",
    "Solution",
    "Test",
    "TestGroup",
    "iter_jsonl",
    "load_dataset",
    "parse_kattis_flags",
    "problem_from_row",
    "problem_to_row",
    "read_checkers",
    "read_jsonl",
    "write_jsonl",
]
