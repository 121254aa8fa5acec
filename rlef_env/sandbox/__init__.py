"""How it runs: (program, input, limits) -> Execution. Facts only, no opinion."""

from rlef_env.sandbox.execution import Execution, Limits, Program, Status

__all__ = ["Execution", "Limits", "Program", "Status"]
