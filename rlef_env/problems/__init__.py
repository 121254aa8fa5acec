"""What is asked: problems, their tests, and one module per data format."""

from rlef_env.problems.problem import ROLES, CheckerSpec, Problem, Role, Solution, Test

__all__ = ["ROLES", "CheckerSpec", "Problem", "Role", "Solution", "Test"]
