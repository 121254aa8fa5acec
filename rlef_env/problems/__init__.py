"""Problems, their tests and checkers; and readers and writers for every data format."""

from rlef_env.problems.dataset import BUILTINS, Dataset, load_dataset
from rlef_env.problems.hub import is_hub_name
from rlef_env.problems.parsing.literals import parse_call, parse_value
from rlef_env.problems.problem import CheckerSpec, FunctionSpec, InteractorSpec, Problem, Solution, Test, TestGroup
from rlef_env.problems.reading import problem_from_row, read_jsonl
from rlef_env.problems.writing import write_jsonl

__all__ = [
    "BUILTINS",
    "CheckerSpec",
    "Dataset",
    "FunctionSpec",
    "InteractorSpec",
    "Problem",
    "Solution",
    "Test",
    "TestGroup",
    "is_hub_name",
    "load_dataset",
    "parse_call",
    "parse_value",
    "problem_from_row",
    "read_jsonl",
    "write_jsonl",
]
